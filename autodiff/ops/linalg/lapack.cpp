#include <xtape/autodiff/error.hpp>
#include <xtape/autodiff/ops/linalg/lapack.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <vector>

// Fortran's own interface: everything by address, and the lengths of strings after all other arguments.
extern "C" {
using Length = std::size_t;
void sgetrf_(const int* m, const int* n, float* a, const int* lda, int* pivots, int* info);
void dgetrf_(const int* m, const int* n, double* a, const int* lda, int* pivots, int* info);
void sgetrs_(const char* trans, const int* n, const int* nrhs, const float* a, const int* lda,
             const int* pivots, float* b, const int* ldb, int* info, Length);
void dgetrs_(const char* trans, const int* n, const int* nrhs, const double* a, const int* lda,
             const int* pivots, double* b, const int* ldb, int* info, Length);
void sgecon_(const char* norm, const int* n, const float* a, const int* lda, const float* anorm, float* rcond,
             float* work, int* iwork, int* info, Length);
void dgecon_(const char* norm, const int* n, const double* a, const int* lda, const double* anorm,
             double* rcond, double* work, int* iwork, int* info, Length);
void spotrf_(const char* uplo, const int* n, float* a, const int* lda, int* info, Length);
void dpotrf_(const char* uplo, const int* n, double* a, const int* lda, int* info, Length);
void strsm_(const char* side, const char* uplo, const char* trans, const char* diag, const int* m,
            const int* n, const float* alpha, const float* a, const int* lda, float* b, const int* ldb,
            Length, Length, Length, Length);
void dtrsm_(const char* side, const char* uplo, const char* trans, const char* diag, const int* m,
            const int* n, const double* alpha, const double* a, const int* lda, double* b, const int* ldb,
            Length, Length, Length, Length);
void ssyevd_(const char* jobz, const char* uplo, const int* n, float* a, const int* lda, float* w,
             float* work, const int* lwork, int* iwork, const int* liwork, int* info, Length, Length);
void dsyevd_(const char* jobz, const char* uplo, const int* n, double* a, const int* lda, double* w,
             double* work, const int* lwork, int* iwork, const int* liwork, int* info, Length, Length);
}

namespace xtape::detail::lapack {
namespace {

template <class T>
struct Routines;

template <>
struct Routines<float> {
    static constexpr auto getrf = sgetrf_;
    static constexpr auto getrs = sgetrs_;
    static constexpr auto gecon = sgecon_;
    static constexpr auto potrf = spotrf_;
    static constexpr auto trsm = strsm_;
    static constexpr auto syevd = ssyevd_;
};

template <>
struct Routines<double> {
    static constexpr auto getrf = dgetrf_;
    static constexpr auto getrs = dgetrs_;
    static constexpr auto gecon = dgecon_;
    static constexpr auto potrf = dpotrf_;
    static constexpr auto trsm = dtrsm_;
    static constexpr auto syevd = dsyevd_;
};

/// An extent as LAPACK counts.
int count(std::size_t extent) {
    if (extent > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        throw ShapeError(fmt::format("linear algebra in LAPACK: {} rows or columns are more than {}. Use "
                                     "smaller matrices.",
                                     extent, std::numeric_limits<int>::max()));
    return static_cast<int>(extent);
}

/// The distance of columns, which LAPACK wants positive even where there is nothing.
int leading(std::size_t extent) { return std::max(1, count(extent)); }

} // namespace

template <class T>
void factorise(T* a, std::size_t n, int* columns) {
    const int rows = count(n), lead = leading(n);
    int info = 0;
    Routines<T>::getrf(&rows, &rows, a, &lead, columns, &info);
}

template <class T>
void solve(const T* factors, std::size_t n, const int* columns, T* x, std::size_t m) {
    const int rows = count(n), lead = leading(n), right_sides = count(m);
    int info = 0;
    Routines<T>::getrs("T", &rows, &right_sides, factors, &lead, columns, x, &lead, &info, 1);
}

template <class T>
T rcond(const T* factors, std::size_t n, T norm) {
    const int rows = count(n), lead = leading(n);
    std::vector<T> work(4 * n);
    std::vector<int> more(n);
    T result = 1;
    int info = 0;
    // What LAPACK sees is the transpose, whose ∞-norm this is.
    Routines<T>::gecon("I", &rows, factors, &lead, &norm, &result, work.data(), more.data(), &info, 1);
    return result;
}

template <class T>
std::size_t cholesky(T* a, std::size_t n) {
    const int rows = count(n), lead = leading(n);
    int info = 0;
    Routines<T>::potrf("U", &rows, a, &lead, &info, 1);
    return info > 0 ? static_cast<std::size_t>(info) - 1 : n;
}

template <class T>
void triangular_solve(const T* a, bool lower, bool unit_diagonal, std::size_t n, T* x, std::size_t m) {
    const int rows = count(n), lead = leading(n), columns = count(m), lead_of_x = leading(m);
    const T one = 1;
    // xᵀ, the solution, times the transposed triangle.
    Routines<T>::trsm("R", lower ? "U" : "L", "N", unit_diagonal ? "U" : "N", &columns, &rows, &one, a, &lead,
                      x, &lead_of_x, 1, 1, 1, 1);
}

template <class T>
bool eigensystem(T* a, T* values, bool with_vectors, std::size_t n) {
    // The least that vectors need, which is also the best size beyond n = 30.
    std::vector<T> work(1 + 6 * n + 2 * n * n);
    std::vector<int> more(3 + 5 * n);
    const int rows = count(n), lead = leading(n), size = count(work.size()), more_size = count(more.size());
    int info = 0;
    Routines<T>::syevd(with_vectors ? "V" : "N", "U", &rows, a, &lead, values, work.data(), &size,
                       more.data(), &more_size, &info, 1, 1);
    return info == 0;
}

template void factorise(float*, std::size_t, int*);
template void factorise(double*, std::size_t, int*);
template void solve(const float*, std::size_t, const int*, float*, std::size_t);
template void solve(const double*, std::size_t, const int*, double*, std::size_t);
template float rcond(const float*, std::size_t, float);
template double rcond(const double*, std::size_t, double);
template std::size_t cholesky(float*, std::size_t);
template std::size_t cholesky(double*, std::size_t);
template void triangular_solve(const float*, bool, bool, std::size_t, float*, std::size_t);
template void triangular_solve(const double*, bool, bool, std::size_t, double*, std::size_t);
template bool eigensystem(float*, float*, bool, std::size_t);
template bool eigensystem(double*, double*, bool, std::size_t);

} // namespace xtape::detail::lapack
