#include <xtape/autodiff/ops.hpp>
#include <xtape/autodiff/ops/families.hpp>
#include <xtape/autodiff/transform/ops.hpp>

namespace xtape {

std::vector<Family> builtin_families() {
    return {{"Arithmetic", arithmetic_ops()},
            {"Exponentials and logarithms", exponential_ops()},
            {"Trigonometric", trigonometric_ops()},
            {"Hyperbolic", hyperbolic_ops()},
            {"Activations", activation_ops()},
            {"Piecewise, comparisons, masks", piecewise_ops()},
            {"Special functions", special_ops()},
            {"Matrix product", product_ops()},
            {"Products by letters", einsum_ops()},
            {"Reductions", reduction_ops()},
            {"Running sums", cumulative_ops()},
            {"Sorting", sorting_ops()},
            {"Shapes", shaping_ops()},
            {"Slices", slicing_ops()},
            {"Padding", padding_ops()},
            {"Indices", indexing_ops()},
            {"Diagonals and triangles", diagonal_ops()},
            {"Linear systems", linear_system_ops()},
            {"Determinants", determinant_ops()},
            {"Cholesky", cholesky_ops()},
            {"Symmetric eigenvalue problem", eigen_ops()},
            {"Random numbers", random_ops()},
            {"Recorded functions", transform_ops()}};
}

std::vector<Op> builtin_ops() {
    std::vector<Op> all;
    for (const Family& family : builtin_families())
        all.insert(all.end(), family.ops.begin(), family.ops.end());
    return all;
}

} // namespace xtape
