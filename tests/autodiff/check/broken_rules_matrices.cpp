#include "broken_rules.hpp"

#include <algorithm>
#include <cmath>

namespace broken {

using namespace xtape;

namespace {

/// Square matrices only: a transposed cotangent has the shape of the right one.
std::vector<Sample> square_pair(Draw& draw) {
    return {{{draw.reals({3, 3}), draw.reals({3, 3})}, {}}, {{draw.reals({2, 2}), draw.reals({2, 2})}, {}}};
}
std::vector<Sample> one_square(Draw& draw) {
    return {{{draw.reals({3, 3})}, {}}, {{draw.reals({1, 1})}, {}}, {{draw.reals({4, 4})}, {}}};
}

/// A matrix that is far from singular, and from symmetric.
Array<double> regular(Draw& draw, std::size_t n) {
    Array<double> matrix = draw.reals({n, n}, -1, 1);
    for (std::size_t i = 0; i < n; ++i)
        matrix(i, i) += static_cast<double>(n + i);
    return matrix;
}

Var identity(const Var& like) {
    const std::size_t n = like.shape()[0].extent();
    return Operand(Array<double>(xt::eye<double>(n))).on(like.records());
}

Op product_op() {
    return operation("right::product")
        .operands({Kind::real, Kind::real})
        .shape([](const Signature& s) {
            return Shape{s.shape(0)[0], s.shape(1)[1]};
        })
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            const auto &a = call.operand(0), &b = call.operand(1);
            const std::size_t rows = a.extents()[0], inner = a.extents()[1], columns = b.extents()[1];
            T* to = call.allocate();
            for (std::size_t i = 0; i < rows; ++i)
                for (std::size_t j = 0; j < columns; ++j)
                    for (std::size_t k = 0; k < inner; ++k)
                        to[i * columns + j] +=
                            a.template data<T>()[i * inner + k] * b.template data<T>()[k * columns + j];
        })
        .vjp([](const Pullback& p) { return matmul(g(p), transpose(p.input(1))); },
             [](const Pullback& p) { return matmul(transpose(p.input(0)), g(p)); })
        .notation("{0} {1}", "{0} {1}", 20)
        .samples(square_pair);
}

Op transpose_op() {
    return operation("right::transpose")
        .operands({Kind::real})
        .shape([](const Signature& s) {
            return Shape{s.shape()[1], s.shape()[0]};
        })
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            const Extents& from = call.operand(0).extents();
            T* to = call.allocate();
            for (std::size_t i = 0; i < from[0]; ++i)
                for (std::size_t j = 0; j < from[1]; ++j)
                    to[j * from[0] + i] = call.operand(0).template data<T>()[i * from[1] + j];
        })
        .vjp([](const Pullback& p) { return transpose(g(p)); })
        .notation("{0}ᵀ", "{0}^{\\top}", 30)
        .samples(one_square);
}

/// The solution y of K y = b for a matrix b, by Gauss's elimination with partial pivoting.
Var solved(const Var& matrix, const Var& right_side);

const Op solve_op =
    operation("right::solve")
        .operands({Kind::real, Kind::real})
        .shape([](const Signature& s) { return s.shape(1); })
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            const std::size_t n = call.extents()[0], columns = call.extents()[1];
            std::vector<T> a(call.operand(0).template data<T>(), call.operand(0).template data<T>() + n * n);
            T* y = call.allocate();
            std::copy_n(call.operand(1).template data<T>(), n * columns, y);
            for (std::size_t k = 0; k < n; ++k) {
                std::size_t pivot = k;
                for (std::size_t i = k + 1; i < n; ++i)
                    if (std::abs(a[i * n + k]) > std::abs(a[pivot * n + k])) pivot = i;
                for (std::size_t j = 0; j < n; ++j)
                    std::swap(a[k * n + j], a[pivot * n + j]);
                for (std::size_t j = 0; j < columns; ++j)
                    std::swap(y[k * columns + j], y[pivot * columns + j]);
                for (std::size_t i = 0; i < n; ++i) {
                    if (i == k) continue;
                    const T factor = a[i * n + k] / a[k * n + k];
                    for (std::size_t j = 0; j < n; ++j)
                        a[i * n + j] -= factor * a[k * n + j];
                    for (std::size_t j = 0; j < columns; ++j)
                        y[i * columns + j] -= factor * y[k * columns + j];
                }
            }
            for (std::size_t i = 0; i < n; ++i)
                for (std::size_t j = 0; j < columns; ++j)
                    y[i * columns + j] /= a[i * n + i];
        })
        .vjp(
            [](const Pullback& p) {
                return -matmul(solved(transpose(p.input(0)), g(p)), transpose(p.output()));
            },
            [](const Pullback& p) { return solved(transpose(p.input(0)), g(p)); })
        .notation("solve({0}, {1})", R"({0}^{-1} {1})")
        .samples([](Draw& draw) {
            return std::vector<Sample>{{{regular(draw, 3), draw.reals({3, 3})}, {}},
                                       {{regular(draw, 2), draw.reals({2, 2})}, {}}};
        });

Var solved(const Var& matrix, const Var& right_side) { return record(solve_op, {matrix, right_side}); }
Var inverse_of(const Var& matrix) { return solved(matrix, identity(matrix)); }

Op inverse_op() {
    return operation("right::inverse")
        .operands({Kind::real})
        .shape([](const Signature& s) { return s.shape(); })
        .forward([](auto& call) { // Gauss and Jordan, without pivoting: the samples dominate on the diagonal
            using T = value_of<decltype(call)>;
            const std::size_t n = call.extents()[0];
            std::vector<T> a(call.operand(0).template data<T>(), call.operand(0).template data<T>() + n * n);
            T* to = call.allocate();
            for (std::size_t i = 0; i < n; ++i)
                to[i * n + i] = 1;
            for (std::size_t k = 0; k < n; ++k) {
                const T pivot = a[k * n + k];
                for (std::size_t j = 0; j < n; ++j) {
                    a[k * n + j] /= pivot;
                    to[k * n + j] /= pivot;
                }
                for (std::size_t i = 0; i < n; ++i) {
                    if (i == k) continue;
                    const T factor = a[i * n + k];
                    for (std::size_t j = 0; j < n; ++j) {
                        a[i * n + j] -= factor * a[k * n + j];
                        to[i * n + j] -= factor * to[k * n + j];
                    }
                }
            }
        })
        .vjp([](const Pullback& p) {
            const Var turned = transpose(p.output());
            return -matmul(turned, matmul(g(p), turned));
        })
        .notation("{0}⁻¹", "{0}^{-1}", 30)
        .samples([](Draw& draw) {
            return std::vector<Sample>{{{regular(draw, 3)}, {}}, {{regular(draw, 2)}, {}}};
        });
}

/// An operation of a family of the library, whose rule is broken in the place of one written here.
Op built_in(std::span<const Op> family, const std::string& name) {
    return *std::ranges::find(family, name, &Op::name);
}

/// The determinant of a 2 × 2 matrix.
Op determinant_op() {
    return operation("right::determinant")
        .operands({Kind::real})
        .shape([](const Signature&) { return Shape{}; })
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            const T* a = call.operand(0).template data<T>();
            *call.allocate() = a[0] * a[3] - a[1] * a[2];
        })
        .vjp([](const Pullback& p) { return g(p) * (p.output() * transpose(inverse_of(p.input()))); })
        .notation("det({0})", R"(\det({0}))")
        .samples([](Draw& draw) {
            return std::vector<Sample>{{{regular(draw, 2)}, {}}, {{regular(draw, 2)}, {}}};
        });
}

Op trace_op() {
    return operation("right::trace")
        .operands({Kind::real})
        .shape([](const Signature&) { return Shape{}; })
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            const std::size_t n = call.operand(0).extents()[0];
            T* to = call.allocate();
            for (std::size_t i = 0; i < n; ++i)
                *to += call.operand(0).template data<T>()[i * n + i];
        })
        .vjp([](const Pullback& p) { return g(p) * identity(p.input()); })
        .notation("tr({0})", R"(\operatorname{tr}({0}))")
        .samples(one_square);
}

/// The entries on and below the diagonal.
Var lower_mask(const Var& like, bool strict) {
    const std::size_t n = like.shape()[0].extent();
    Array<double> ones = xt::zeros<double>({n, n});
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < (strict ? i : i + 1); ++j)
            ones(i, j) = 1;
    return Operand(ones).on(like.records());
}

Op lower_op() {
    return operation("right::lower")
        .operands({Kind::real})
        .shape([](const Signature& s) { return s.shape(); })
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            const std::size_t n = call.extents()[0];
            T* to = call.allocate();
            for (std::size_t i = 0; i < n; ++i)
                std::copy_n(call.operand(0).template data<T>() + i * n, i + 1, to + i * n);
        })
        .vjp([](const Pullback& p) { return g(p) * lower_mask(p.input(), false); })
        .notation("lower({0})", R"(\operatorname{lower}({0}))")
        .samples(one_square);
}

/// xᵀ A z of three operands: einsum's "i,ij,j->".
Op bilinear_op() {
    return operation("right::bilinear")
        .operands({Kind::real, Kind::real, Kind::real})
        .shape([](const Signature&) { return Shape{}; })
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            const std::size_t n = call.operand(0).size(), m = call.operand(2).size();
            T* to = call.allocate();
            for (std::size_t i = 0; i < n; ++i)
                for (std::size_t j = 0; j < m; ++j)
                    *to += call.operand(0).template data<T>()[i] *
                           call.operand(1).template data<T>()[i * m + j] *
                           call.operand(2).template data<T>()[j];
        })
        .vjp([](const Pullback& p) { return g(p) * matmul(p.input(1), p.input(2)); },
             [](const Pullback& p) { return g(p) * outer(p.input(0), p.input(2)); },
             [](const Pullback& p) { return g(p) * matmul(p.input(0), p.input(1)); })
        .notation("{0}ᵀ {1} {2}", "{0}^{\\top} {1} {2}", 20)
        .samples([](Draw& draw) {
            return std::vector<Sample>{{{draw.reals({3}), draw.reals({3, 3}), draw.reals({3})}, {}}};
        });
}

/// xᵀ A x.
Op quadratic_op() {
    return operation("right::quadratic")
        .operands({Kind::real, Kind::real})
        .shape([](const Signature&) { return Shape{}; })
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            const std::size_t n = call.operand(0).size();
            const T* x = call.operand(0).template data<T>();
            T* to = call.allocate();
            for (std::size_t i = 0; i < n; ++i)
                for (std::size_t j = 0; j < n; ++j)
                    *to += x[i] * call.operand(1).template data<T>()[i * n + j] * x[j];
        })
        .vjp([](const Pullback& p) { return g(p) * matmul(p.input(1) + transpose(p.input(1)), p.input(0)); },
             [](const Pullback& p) { return g(p) * outer(p.input(0), p.input(0)); })
        .notation("{0}ᵀ {1} {0}", "{0}^{\\top} {1} {0}", 20)
        .samples([](Draw& draw) {
            return std::vector<Sample>{{{draw.reals({3}), draw.reals({3, 3})}, {}}};
        });
}

/// X Xᵀ.
Op gram_op() {
    return operation("right::gram")
        .operands({Kind::real})
        .shape([](const Signature& s) {
            return Shape{s.shape()[0], s.shape()[0]};
        })
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            const std::size_t n = call.operand(0).extents()[0], m = call.operand(0).extents()[1];
            const T* x = call.operand(0).template data<T>();
            T* to = call.allocate();
            for (std::size_t i = 0; i < n; ++i)
                for (std::size_t j = 0; j < n; ++j)
                    for (std::size_t k = 0; k < m; ++k)
                        to[i * n + j] += x[i * m + k] * x[j * m + k];
        })
        .vjp([](const Pullback& p) { return matmul(g(p) + transpose(g(p)), p.input()); })
        .notation("{0} {0}ᵀ", "{0} {0}^{\\top}", 20)
        .samples([](Draw& draw) {
            return std::vector<Sample>{{{draw.reals({3, 2})}, {}}, {{draw.reals({2, 0})}, {}}};
        });
}

/// tanh(W X + b), a layer in one operation.
Op layer_op() {
    const auto before = [](const Pullback& p) { return g(p) * (1 - square(p.output())); };
    return operation("right::layer")
        .operands({Kind::real, Kind::real, Kind::real})
        .shape([](const Signature& s) {
            return Shape{s.shape(0)[0], s.shape(1)[1]};
        })
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            const std::size_t k = call.extents()[0], n = call.extents()[1], m = call.operand(1).extents()[0];
            T* to = call.allocate();
            for (std::size_t i = 0; i < k; ++i)
                for (std::size_t j = 0; j < n; ++j) {
                    T z = call.operand(2).template data<T>()[i];
                    for (std::size_t l = 0; l < m; ++l)
                        z += call.operand(0).template data<T>()[i * m + l] *
                             call.operand(1).template data<T>()[l * n + j];
                    to[i * n + j] = std::tanh(z);
                }
        })
        .vjp([before](const Pullback& p) { return matmul(before(p), transpose(p.input(1))); },
             [before](const Pullback& p) { return matmul(transpose(p.input(0)), before(p)); },
             [before](const Pullback& p) { return sum(before(p), {1}, Keep::dims); })
        .notation("tanh({0} {1} + {2})", R"(\tanh({0} {1} + {2}))")
        .samples([](Draw& draw) {
            return std::vector<Sample>{
                {{draw.reals({3, 3}, -1, 1), draw.reals({3, 3}, -1, 1), draw.reals({3, 1}, -1, 1)}, {}},
                {{draw.reals({2, 3}, -1, 1), draw.reals({3, 4}, -1, 1), draw.reals({2, 1}, -1, 1)}, {}}};
        });
}

} // namespace

std::vector<BrokenRule> of_matrices() {
    const std::string first = "derivative";
    const auto before = [](const Pullback& p) { return g(p) * (1 - square(p.output())); };
    return {
        {"factor_not_transposed", "g B for g Bᵀ; the matrices are square.", product_op(),
         rule([](const Pullback& p) { return matmul(g(p), p.input(1)); }), first},
        {"factors_in_the_other_order", "g Aᵀ for Aᵀ g.", product_op(),
         rule([](const Pullback& p) { return matmul(g(p), transpose(p.input(0))); }, 1), first},
        {"result_transposed", "(g Bᵀ)ᵀ for g Bᵀ.", product_op(),
         altered([](const Pullback&, const Var& right) { return transpose(right); }), first},
        {"elementwise_for_matrix_product", "g ∘ Bᵀ for g Bᵀ.", product_op(),
         rule([](const Pullback& p) { return g(p) * transpose(p.input(1)); }), first},
        {"transpose_forgotten", "A square matrix hides that the cotangent was not turned.", transpose_op(),
         rule([](const Pullback& p) { return g(p); }), first},
        {"solve_without_transpose", "K⁻¹ g for K⁻ᵀ g.", solve_op,
         rule([](const Pullback& p) { return solved(p.input(0), g(p)); }, 1), first},
        {"solve_without_minus", "K⁻ᵀ g yᵀ for −K⁻ᵀ g yᵀ.", solve_op,
         altered([](const Pullback&, const Var& right) { return -right; }), first},
        {"solve_outer_product_turned", "−y (K⁻ᵀ g)ᵀ for its transpose.", solve_op,
         altered([](const Pullback&, const Var& right) { return transpose(right); }), first},
        {"inverse_not_transposed", "−X g X for −Xᵀ g Xᵀ.", inverse_op(),
         rule([](const Pullback& p) { return -matmul(p.output(), matmul(g(p), p.output())); }), first},
        {"inverse_like_a_number", "−g / x² entry by entry.", inverse_op(),
         rule([](const Pullback& p) { return -g(p) * square(p.output()); }), first},
        {"determinant_not_transposed", "det(A) A⁻¹ for det(A) A⁻ᵀ.", determinant_op(),
         altered([](const Pullback&, const Var& right) { return transpose(right); }), first},
        {"determinant_of_the_logarithm", "A⁻ᵀ, which is log det's.", determinant_op(),
         rule([](const Pullback& p) { return g(p) * transpose(inverse_of(p.input())); }), first},
        {"cotangent_beside_the_triangle", "A cotangent in the other triangle, which is never read.",
         built_in(linear_system_ops(), "xtape::triangular_solve"),
         altered([](const Pullback& p, const Var& right) {
             return right - 1e-3 * triu(matmul(g(p), matrix_transpose(p.output())), 1);
         }),
         first},
        {"logdet_not_transposed", "A⁻¹ for A⁻ᵀ: right for a covariance matrix.",
         built_in(determinant_ops(), "xtape::logdet"),
         altered([](const Pullback&, const Var& right) { return matrix_transpose(right); }), first},
        {"cofactors_of_a_constant_determinant", "det(A) of the determinant's rule is not differentiated.",
         built_in(determinant_ops(), "xtape::determinant"), rule([](const Pullback& p) {
             return expand_dims(g(p), {-2, -1}) * stop_gradient(cofactors(p.input()));
         }),
         "second derivative"},
        {"trace_spread_over_all", "Ones for the identity matrix.", trace_op(),
         rule([](const Pullback& p) { return g(p) * ones_like(p.input()); }), first},
        {"upper_for_lower", "The other triangle's cotangent.", lower_op(),
         rule([](const Pullback& p) { return g(p) * transpose(lower_mask(p.input(), false)); }), first},
        {"strictly_lower", "The diagonal is left out.", lower_op(),
         rule([](const Pullback& p) { return g(p) * lower_mask(p.input(), true); }), first},
        {"einsum_letters_swapped", "\"i,j->ji\" for \"i,j->ij\".", bilinear_op(),
         altered([](const Pullback&, const Var& right) { return transpose(right); }, 1), first},
        {"einsum_wrong_letter_summed", "\"ij,i->j\" for \"ij,j->i\".", bilinear_op(),
         rule([](const Pullback& p) { return g(p) * matmul(p.input(2), p.input(1)); }), first},
        {"quadratic_as_if_symmetric", "2 A x for (A + Aᵀ) x.", quadratic_op(),
         rule([](const Pullback& p) { return g(p) * (2 * matmul(p.input(1), p.input(0))); }), first},
        {"gram_as_if_symmetric", "2 g X for (g + gᵀ) X: right where the cotangent is symmetric.", gram_op(),
         rule([](const Pullback& p) { return 2 * matmul(g(p), p.input()); }), first},
        {"weights_of_the_wrong_activation", "dZ Aᵀ for dZ Xᵀ: a layer's output for its input.", layer_op(),
         rule([before](const Pullback& p) {
             const Var& a = p.output();
             const Var& x = p.input(1);
             return matmul(before(p), transpose(same_extents(a.shape(), x.shape()) ? a : x));
         }),
         first},
        {"activation_ignored", "Wᵀ g for Wᵀ dZ.", layer_op(),
         rule([](const Pullback& p) { return matmul(transpose(p.input(0)), g(p)); }, 1), first},
        {"bias_averaged", "The mean over the examples for their sum.", layer_op(),
         rule([before](const Pullback& p) { return mean(before(p), {1}, Keep::dims); }, 2), first},
        {"bias_times_activation", "The bias gradient is multiplied by the activation.", layer_op(),
         rule([before](const Pullback& p) { return sum(before(p) * p.output(), {1}, Keep::dims); }, 2),
         first},
        {"bias_summed_over_the_wrong_axis", "Over the nodes for over the examples; the layer is square.",
         layer_op(),
         rule(
             [before](const Pullback& p) {
                 const Var dz = before(p);
                 const bool is_square = same_extent(dz.shape()[0], dz.shape()[1]);
                 return is_square ? transpose(sum(dz, {0}, Keep::dims)) : sum(dz, {1}, Keep::dims);
             },
             2),
         first},
        {"weight_decay_left_in", "λW is added to the weights' gradient.", layer_op(),
         altered([](const Pullback& p, const Var& right) { return right + 1e-3 * p.input(0); }), first},
    };
}

} // namespace broken
