#pragma once

/// The loops over a block that are compiled for every instruction set, and which of them this machine runs.

#include <cstddef>

namespace xtape::detail {

/// Computes n entries from n entries of each operand, all adjacent in memory; masks are numbers, 0 and 1.
/// `out` may be one of the operands. An entry does not depend on its position, on n or on alignment.
template <class T>
using BlockKernel = void (*)(T* out, const T* const* in, std::size_t n);

/// Of a kernel.
inline constexpr std::size_t most_operands = 3;

/// The elementwise primitives. Comparisons give 0 or 1; `choose` is where(mask, a, b).
enum class Primitive {
    copy,
    add,
    subtract,
    multiply,
    divide,
    negative,
    square,
    reciprocal,
    sqrt,
    abs,
    exp,
    expm1,
    log,
    log1p,
    tanh,
    sigmoid,
    softplus,
    decay,             ///< e^−|x|
    log1p_of_fraction, ///< log(1 + e) of such, or of any e in [0, 1]
    certainty,         ///< σ(|x|) = 1/(1 + e), given e = e^−|x|
    logistic,          ///< σ(x), given x and both of these; within 3.2 units in the last place
    opposite_logistic, ///< σ(−x), given the same
    logistic_slope,    ///< σ(x) σ(−x), given e and c
    tanh_slope,        ///< g (1 − a²)
    one_term,          ///< 0 + a b, which is never −0
    multiply_add,      ///< a b + c
    multiply_subtract, ///< a b − c
    subtract_product,  ///< c − a b, given a, b and c
    silu,
    elu,
    erf,
    erfc,
    gelu,
    exp2,
    log2,
    log10,
    pow,
    sinh,
    cosh,
    sin,
    cos,
    tan,
    relu,
    leaky_relu,
    maximum,
    minimum,
    clip,
    choose,
    less,
    less_equal,
    equal,
    not_equal,
    negation,
    conjunction,
    disjunction,
    count,
};

/// How entries become one.
enum class Fold { sum, maximum, minimum, count };

/// C = scale · A B + D, where there is a D: (rows × inner) times (inner × columns). Strides are from a row, a
/// column or a term of the sums to the next; C's columns are adjacent, and so are A's and B's, or their rows.
/// D is C itself, a matrix, or what each row or column has added; `d_columns` is 0 or 1.
template <class T>
struct MatrixProduct {
    const T *a, *b;
    T* c;
    std::size_t rows, inner, columns;
    std::size_t a_rows, a_inner, b_inner, b_columns, c_rows;
    T scale;
    const T* d = nullptr;
    std::size_t d_rows = 0, d_columns = 0;
};

/// In an order of sums that depends on the terms alone, so pieces of C have the bits of the whole.
template <class T>
using ProductKernel = void (*)(const MatrixProduct<T>&);

template <class T>
struct BlockKernels {
    BlockKernel<T> of[static_cast<std::size_t>(Primitive::count)];
    /// The same where operand k is one entry for all n; null where there is none.
    BlockKernel<T> of_number[static_cast<std::size_t>(Primitive::count)][most_operands];
    /// Folds each of `rows` rows of n adjacent entries, one after the other, times `scale`, into one entry;
    /// these are a stride apart. A row is folded in 256 bytes of partial results whose number and order
    /// depend on n alone. NaN wins.
    void (*fold_each[static_cast<std::size_t>(Fold::count)])(T* to, std::ptrdiff_t stride, const T* in,
                                                             std::size_t rows, std::size_t n, T scale);
    /// Folds each of `rows` rows, one after the other, into the same n entries.
    void (*fold_rows[static_cast<std::size_t>(Fold::count)])(T* to, const T* in, std::size_t rows,
                                                             std::size_t n);
    /// Rows of n entries, adjacent in `to`; in memory they are a stride apart. `number`: each is one entry.
    void (*spread)(T* to, const T* from, std::ptrdiff_t stride, bool number, std::size_t rows, std::size_t n);

    /// That for a product of these extents and strides, and for pieces of its rows or columns.
    ProductKernel<T> (*product_kernel)(const MatrixProduct<T>&);
    double most_multiplications; ///< up to which that is what to take, and not a BLAS

    [[nodiscard]] BlockKernel<T> operator[](Primitive p) const { return of[static_cast<std::size_t>(p)]; }
    /// What does as `kernel` does where operand k is one entry; null where there is none.
    [[nodiscard]] BlockKernel<T> with_number(BlockKernel<T> kernel, std::size_t k) const {
        for (std::size_t p = 0; p < static_cast<std::size_t>(Primitive::count); ++p)
            if (of[p] == kernel) return of_number[p][k];
        return nullptr;
    }
};

/// Those that this machine runs. The first call looks at the processor, and at the environment variable
/// XTAPE_SIMD (`baseline`, `avx2` or `avx512`), which chooses a smaller one; it throws ArgumentError where
/// that names none or what the processor has not.
template <class T>
[[nodiscard]] const BlockKernels<T>& block_kernels();

/// Which these are.
[[nodiscard]] const char* instruction_set();

} // namespace xtape::detail
