/// Products of the instruction set that XTAPE_SIMD names.

#include <xtape/autodiff/compile/kernels.hpp>

#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace {

using namespace xtape;
using detail::block_kernels;

using Types = boost::mpl::list<float, double>;

/// A matrix of small whole numbers in a larger array, the rest of which is NaN.
template <class T>
struct Strided {
    std::vector<T> entries;
    std::size_t height, width, rows, columns; ///< extents, strides

    Strided(std::size_t height, std::size_t width, bool transposed, std::mt19937_64& random,
            std::size_t gap = 3)
        : height(height), width(width), rows(transposed ? 1 : width + gap),
          columns(transposed ? height + gap : 1) {
        entries.assign((transposed ? width : height) * std::max(rows, columns) + height + width + 9,
                       std::numeric_limits<T>::quiet_NaN());
        for (std::size_t i = 0; i < height; ++i)
            for (std::size_t j = 0; j < width; ++j)
                entries[i * rows + j * columns] = static_cast<T>(random() % 9) - 4;
    }
    T operator()(std::size_t i, std::size_t j) const { return entries[i * rows + j * columns]; }
};

/// 2 A B
template <class T>
detail::MatrixProduct<T> product_of(const Strided<T>& a, const Strided<T>& b, Strided<T>& c,
                                    std::size_t inner) {
    return {a.entries.data(), b.entries.data(), c.entries.data(), c.height,  inner,  c.width,
            a.rows,           a.columns,        b.rows,           b.columns, c.rows, T{2}};
}

/// What is added to a product.
enum class Added { nothing, itself, number_for_each_row, number_for_each_column, matrix };

/// The same and what is added: that of D which these strides show.
template <class T>
detail::MatrixProduct<T> and_added(detail::MatrixProduct<T> product, Added added, const Strided<T>& d) {
    if (added == Added::nothing) return product;
    product.d = added == Added::itself ? product.c : d.entries.data();
    product.d_rows = added == Added::itself                   ? product.c_rows
                     : added == Added::number_for_each_column ? 0
                                                              : d.rows;
    product.d_columns = added == Added::number_for_each_row ? 0 : 1;
    return product;
}

template <class T>
void compute(const detail::MatrixProduct<T>& product) {
    block_kernels<T>().product_kernel(product)(product);
}

/// How many entries are wrong, or written beside: NaN around the matrices shows what is read there.
template <class T>
std::size_t wrong_entries(std::size_t rows, std::size_t inner, std::size_t columns, int how,
                          std::mt19937_64& random, std::size_t gap = 3) {
    const Strided<T> a(rows, inner, how % 2 == 1, random), b(inner, columns, how / 2 == 1, random, gap),
        before(rows, columns, false, random);
    const auto added = static_cast<Added>(random() % 5);
    const Strided<T> d(rows, columns, false, random, 6);
    Strided<T> c = before;
    compute(and_added(product_of(a, b, c, inner), added, d));
    const auto expected = [&](std::size_t i, std::size_t j) {
        return added == Added::nothing                  ? T{0}
               : added == Added::itself                 ? before(i, j)
               : added == Added::number_for_each_row    ? d(i, 0)
               : added == Added::number_for_each_column ? d(0, j)
                                                        : d(i, j);
    };
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < columns; ++j) {
            T sum = 0;
            for (std::size_t k = 0; k < inner; ++k)
                sum += a(i, k) * b(k, j);
            wrong += !(c(i, j) == 2 * sum + expected(i, j));
        }
        wrong += !std::isnan(c(i, columns));
    }
    return wrong;
}

// Sums of whole numbers are exact in every order.
BOOST_AUTO_TEST_CASE_TEMPLATE(products_are_exact_where_numbers_are_whole, T, Types) {
    std::mt19937_64 random(1);
    std::size_t wrong = 0, compared = 0;
    for (const int how : {0, 1, 2, 3}) {
        for (const std::size_t rows : {0U, 1U, 3U, 4U, 5U, 34U, 65U})
            for (const std::size_t inner : {0U, 1U, 2U, 15U, 16U, 17U, 257U, 600U})
                for (const std::size_t columns : {0U, 1U, 2U, 7U, 12U, 17U, 40U, 64U, 67U, 130U}) {
                    wrong += wrong_entries<T>(rows, inner, columns, how, random);
                    compared += rows * columns;
                }
        for (const std::size_t terms : {5U, 48U, 49U, 260U}) // of a matrix whose rows are pages apart
            wrong += wrong_entries<T>(17, terms, 71, how, random, 20'000);
        wrong += wrong_entries<T>(130, 3, 2111, how, random); // more than the second-level cache holds
    }
    BOOST_TEST(wrong == 0u);
    BOOST_TEST(compared > 900'000u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_column_without_gaps_is_exact, T, Types) {
    std::mt19937_64 random(2);
    std::size_t wrong = 0;
    for (const std::size_t rows : {2U, 5U, 34U, 200U})
        for (const std::size_t inner : {1U, 4U, 17U, 600U})
            for (const int how : {0, 1, 2, 3}) {
                const Strided<T> a(rows, inner, how % 2 == 1, random), b(inner, 1, how / 2 == 1, random),
                    before(rows, 1, false, random, 0);
                Strided<T> c = before;
                compute(and_added(product_of(a, b, c, inner), Added::itself, c));
                for (std::size_t i = 0; i < rows; ++i) {
                    T sum = 0;
                    for (std::size_t k = 0; k < inner; ++k)
                        sum += a(i, k) * b(k, 0);
                    wrong += !(c(i, 0) == 2 * sum + before(i, 0));
                }
                wrong += !std::isnan(c(rows, 0));
            }
    BOOST_TEST(wrong == 0u);
}

// As threads divide them.
BOOST_AUTO_TEST_CASE_TEMPLATE(pieces_of_a_product_have_its_bits, T, Types) {
    std::mt19937_64 random(3);
    std::size_t wrong = 0;
    struct Extents {
        std::size_t rows, inner, columns;
    };
    for (const auto [rows, inner, columns] :
         {Extents{130, 300, 70}, Extents{2, 600, 200}, Extents{200, 2500, 5}, Extents{150, 300, 1},
          Extents{70, 20, 400}, Extents{300, 3, 901}})
        for (const int how : {0, 1, 2, 3}) {
            Strided<T> a(rows, inner, how % 2 == 1, random), b(inner, columns, how / 2 == 1, random),
                c(rows, columns, false, random, 0);
            for (T& x : a.entries)
                x /= 3;
            Strided<T> pieces = c;
            detail::MatrixProduct<T> whole = and_added(product_of(a, b, c, inner), Added::itself, c);
            whole.scale = T{1} / 3;
            const auto kernel = block_kernels<T>().product_kernel(whole);
            kernel(whole);
            const bool by_rows = columns < rows;
            const std::size_t extent = std::max(rows, columns);
            for (std::size_t begin = 0; begin < extent; begin += 64) {
                detail::MatrixProduct<T> piece = whole;
                piece.c = pieces.entries.data() + begin * (by_rows ? piece.c_rows : 1);
                piece.d = piece.c;
                (by_rows ? piece.a : piece.b) += begin * (by_rows ? piece.a_rows : piece.b_columns);
                (by_rows ? piece.rows : piece.columns) = std::min<std::size_t>(64, extent - begin);
                kernel(piece);
            }
            for (std::size_t i = 0; i < rows; ++i)
                for (std::size_t j = 0; j < columns; ++j)
                    wrong += !(c(i, j) == pieces(i, j));
        }
    BOOST_TEST(wrong == 0u);
}

} // namespace
