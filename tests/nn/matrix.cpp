#include "compare.hpp"
#include "literal.hpp"
#include <xtape/autodiff/error.hpp>
#include <xtape/nn/matrix.hpp>
#include <xtape/nn/random.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace xtape;
using namespace xtape::nn;

namespace {

Array<double> random_matrix(std::size_t rows, std::size_t cols, Random& random) {
    Array<double> values(Extents{rows, cols});
    for (double& value : values)
        value = random.normal();
    return values;
}

Array<double> product_by_definition(const Array<double>& A, const Array<double>& B) {
    Array<double> C(Extents{A.shape()[0], B.shape()[1]}, 0.0);
    for (std::size_t i = 0; i < A.shape()[0]; ++i)
        for (std::size_t j = 0; j < B.shape()[1]; ++j)
            for (std::size_t k = 0; k < A.shape()[1]; ++k)
                C(i, j) += A(i, k) * B(k, j);
    return C;
}

template <class Call>
std::string complaint(Call call) {
    try {
        call();
    } catch (const ShapeError& error) {
        return error.what();
    }
    return "nothing";
}

} // namespace

// Both sides sum at most 7 products, each sum in error by at most 7 ε of its terms' sizes; 1e-13 allows
// cancellation.
BOOST_AUTO_TEST_CASE(product_of_every_small_shape) {
    Random random(1);
    for (const std::size_t m : {0u, 1u, 2u, 5u})
        for (const std::size_t k : {0u, 1u, 3u, 7u})
            for (const std::size_t n : {0u, 1u, 4u, 6u}) {
                const Array<double> A = random_matrix(m, k, random), B = random_matrix(k, n, random);
                BOOST_TEST(compare::relative_difference(product(A, B), product_by_definition(A, B)) < 1e-13);
            }
}

// xtensor-blas takes a product of a matrix and a transposed view of it for a symmetric one without looking at
// shapes.
BOOST_AUTO_TEST_CASE(product_of_a_matrix_with_itself) {
    Random random(2);
    const Array<double> A = random_matrix(3, 3, random), B = random_matrix(2, 6, random);
    BOOST_TEST(compare::relative_difference(product(A, A), product_by_definition(A, A)) < 1e-13);
    const Array<double> Bt = transposed(B);
    BOOST_TEST(compare::relative_difference(product(B, Bt), product_by_definition(B, Bt)) < 1e-13);
}

BOOST_AUTO_TEST_CASE(transposed_has_its_own_elements) {
    const Array<double> A = literal({{1, 2, 3}, {4, 5, 6}});
    Array<double> T = transposed(A);
    BOOST_TEST(bool(T == literal({{1, 4}, {2, 5}, {3, 6}})));
    T(0, 0) = 7;
    BOOST_TEST(A(0, 0) == 1);
}

BOOST_AUTO_TEST_CASE(shapes_that_do_not_fit) {
    const Array<double> A = literal({{1, 2, 3}}), vector{1, 2};
    BOOST_TEST(complaint([&] { product(A, A); }) == "product(A, B): A is (1 × 3), B is (1 × 3): 3 ≠ 1.");
    BOOST_TEST(complaint([&] { product(A, vector); }).starts_with("product: B is (2), not a matrix"));
    BOOST_TEST(complaint([&] { transposed(vector); }).starts_with("transposed: A is (2), not a matrix"));
    BOOST_TEST(complaint([&] { require_matrix("f", "X", A, 3, 1); }) == "f: X is (1 × 3), not (3 × 1).");
    BOOST_TEST(complaint([&] { require_matrix("f", "X", A, 1, 3); }) == "nothing");
    BOOST_TEST(shape_text(Array<double>(1.0)) == "()");
}
