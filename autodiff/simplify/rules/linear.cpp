#include <xtape/autodiff/gradient.hpp>
#include <xtape/autodiff/simplify/product.hpp>
#include <xtape/autodiff/simplify/rules/examples.hpp>

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace xtape {
namespace {

using detail::leaf;

/// Takes the number out of operand k of a linear operation, which `apply` records again.
template <class Apply>
Var take_out(const Match& m, std::size_t k, Apply apply) {
    const Expression operand = m[k];
    if (!m.free(operand)) return {};
    const Scaled parts = split_scale(product_of(m, operand), operand);
    if (parts.rest.factors.empty() || (parts.scale.factors.empty() && parts.scale.coefficient == 1))
        return {};
    for (const Factor& factor : parts.scale.factors) // one entry of more axes would raise the rank
        if (Expression(m.records(), factor.base).shape().rank() > m.root().shape().rank()) return {};
    Product result = parts.scale;
    result.times(apply(build(parts.rest, operand)).id(), 1);
    return build(result, m.root());
}

Var out_of_matmul(const Match& m) {
    const Var left = take_out(m, 0, [&](const Var& x) { return matmul(x, m[1].var()); });
    return left.empty() ? take_out(m, 1, [&](const Var& x) { return matmul(m[0].var(), x); }) : left;
}

/// For operations on one array, by their attributes.
Var out_of_array(const Match& m) {
    const Op op = m.root().op();
    const Attributes attributes = m.root().attributes();
    return take_out(m, 0, [&](const Var& x) { return record(op, {x}, attributes); });
}

Var out_of_branch(const Match& m) {
    if (m[2].number() == 0.0L && !m[1].number())
        return take_out(m, 1, [&](const Var& x) { return where(m[0].var(), x, 0); });
    if (m[1].number() == 0.0L && !m[2].number())
        return take_out(m, 2, [&](const Var& x) { return where(m[0].var(), 0, x); });
    return {};
}

/// What an operand is a product of; itself where a textbook keeps it as it is.
Product factors_of(const Match& m, const Expression& operand) {
    if (m.open(operand)) return product_of(m, operand);
    Product product;
    product.times(operand.id(), 1);
    return product;
}

Var out_of_both_branches(const Match& m) {
    Product one = factors_of(m, m[1]), other = factors_of(m, m[2]), common;
    if (one.cancelled || other.cancelled) return {};
    const std::vector<Factor> factors = one.factors;
    for (const Factor& factor : factors)
        if (other.power_of(factor.base) == factor.power) {
            common.times(factor.base, factor.power);
            one.times(factor.base, -factor.power);
            other.times(factor.base, -factor.power);
        }
    if (common.factors.empty()) return {};
    const auto rest = [&](const Product& product, const Expression& like) {
        return product.factors.empty() ? Operand(product.coefficient).on(m.records().shared_from_this())
                                       : build(product, like);
    };
    const Var left = rest(one, m[1]), right = rest(other, m[2]);
    common.times(where(m[0].var(), left, right).id(), 1);
    return build(common, m.root());
}

/// where(a < b, x, where(b ≤ a, y, NaN)): for numbers one of the two holds.
Var number_or_not(const Match& m) {
    const Expression inner = m[2];
    if (!inner.is(known().where) || !m.open(inner)) return {};
    const auto last = inner[2].number();
    const bool complements = m[0].is(known().less) && inner[0].is(known().less_equal) &&
                             m[0][0] == inner[0][1] && m[0][1] == inner[0][0];
    if (!last || !std::isnan(*last) || !complements) return {};
    return with_shape_of(where(m[0].var(), m[1].var(), inner[1].var()), m.root());
}

/// Along the axis that it adds, a one-hot array has a one in each place.
Var sum_of_one_hot(const Match& m) {
    const Expression& hot = m[0];
    if (!hot.is(known().one_hot) ||
        m.root().attributes().axes("axes") != Axes{hot.attributes().integer("axis")})
        return {};
    return with_shape_of(Operand(1).on(m.records().shared_from_this()), m.root());
}

} // namespace

std::vector<Rule> linear_rules() {
    const Known& k = known();
    return {
        {"factor out of a matrix product",
         Agreement::rounding,
         Goal::both,
         {k.matmul},
         "(c A) B = A (c B) = c (A B) for a number c. A textbook's equation leaves it in what has a name.",
         out_of_matmul,
         {[](Tape& t, Draw& d) {
              return matmul(0.5 * leaf(t, d, "A", {2, 3}), leaf(t, d, "B", {3, 4}));
          },
          [](Tape& t, Draw& d) {
              return matmul(leaf(t, d, "A", {2, 3}), leaf(t, d, "B", {3, 1}) / leaf(t, d, "n", {}, 1, 2));
          },
          [](Tape& t, Draw& d) {
              return matmul(-leaf(t, d, "A", {2, 0}), leaf(t, d, "B", {0, 4}));
          }},
         {[](Tape& t, Draw& d) {
              return matmul(leaf(t, d, "c", {2, 1}) * leaf(t, d, "A", {2, 3}), leaf(t, d, "B", {3, 4}));
          },
          [](Tape& t, Draw& d) {
              return matmul(named("C", 0.5 * leaf(t, d, "A", {2, 3})), leaf(t, d, "B", {3, 4}));
          }}},
        {"factor out of a sum",
         Agreement::rounding,
         Goal::both,
         {k.sum, k.transpose},
         "Σ c x = c Σ x and (c A)ᵀ = c Aᵀ for a number c.",
         out_of_array,
         {[](Tape& t, Draw& d) {
              return sum(3 * leaf(t, d, "x", {2, 3}), {1}, Keep::dims);
          },
          [](Tape& t, Draw& d) {
              return sum(-leaf(t, d, "x", {2, 3}));
          },
          [](Tape& t, Draw& d) {
              return transpose(leaf(t, d, "x", {2, 3}) / leaf(t, d, "n", {}, 1, 2));
          },
          [](Tape& t, Draw& d) {
              return sum(leaf(t, d, "c", {1, 1}) * leaf(t, d, "x", {2, 0}), {1}, Keep::dims);
          }},
         {[](Tape& t, Draw& d) {
              return sum(leaf(t, d, "c", {1, 1}) * leaf(t, d, "x", {2, 3}));
          },
          [](Tape& t, Draw& d) {
              return sum(leaf(t, d, "c", {2, 1}) * leaf(t, d, "x", {2, 3}));
          }}},
        {"one of two branches",
         Agreement::real,
         Goal::textbook,
         {k.where},
         "where(a < b, x, where(b ≤ a, y, NaN)) = where(a < b, x, y): for real a and b one of the two holds.",
         number_or_not,
         {[](Tape& t, Draw& d) {
              constexpr double nan = std::numeric_limits<double>::quiet_NaN();
              const Var x = leaf(t, d, "x", {2, 3}), zero = t.constant(0);
              return where(x > zero, leaf(t, d, "y", {2, 3}), where(x <= zero, leaf(t, d, "z", {3}), nan));
          },
          [](Tape& t, Draw& d) {
              const Var x = leaf(t, d, "x", {2, 3});
              return gradient(sum(relu(x)), x);
          }},
         {[](Tape& t, Draw& d) {
             constexpr double nan = std::numeric_limits<double>::quiet_NaN();
             const Var x = leaf(t, d, "x", {2, 3}), zero = t.constant(0);
             return where(x > zero, leaf(t, d, "y", {2, 3}), where(x < zero, leaf(t, d, "z", {3}), nan));
         }},
         true},
        {"sum of one-hot",
         Agreement::exact,
         Goal::both,
         {k.sum},
         "A one-hot array has one 1 in each place, and 0 else, so it sums to 1 along the axis that it adds.",
         sum_of_one_hot,
         {[](Tape& t, Draw&) {
              return sum(one_hot(t.constant(xt::xarray<std::int64_t>{0, 2, -1, 1}), Dim(3)), {1});
          },
          [](Tape& t, Draw&) {
              return sum(one_hot(t.constant(xt::xarray<std::int64_t>{0, 2, 1, 1}), Dim(3), 0), {0},
                         Keep::dims);
          },
          [](Tape& t, Draw&) {
              return sum(one_hot(t.constant(xt::xarray<std::int64_t>::from_shape({0})), Dim(3)), {1});
          }},
         {[](Tape& t, Draw&) {
              return sum(one_hot(t.constant(xt::xarray<std::int64_t>{0, 2, 1, 1}), Dim(3)), {0});
          },
          [](Tape& t, Draw&) {
              return sum(one_hot(t.constant(xt::xarray<std::int64_t>{0, 2, 1, 1}), Dim(3)));
          }}},
        {"factor out of a branch",
         Agreement::real,
         Goal::both,
         {k.where},
         "where(m, c x, 0) = c where(m, x, 0) for a number c. Real, since c · 0 is NaN for an infinite c.",
         out_of_branch,
         {[](Tape& t, Draw& d) {
              const Var x = leaf(t, d, "x", {2, 3});
              return where(x > 0, 0.5 * leaf(t, d, "y", {2, 3}), 0);
          },
          [](Tape& t, Draw& d) {
              const Var x = leaf(t, d, "x", {0});
              return where(x > 0, 0, -leaf(t, d, "y", {0}));
          }},
         {[](Tape& t, Draw& d) {
             const Var x = leaf(t, d, "x", {2, 3});
             return where(x > 0, 0.5 * leaf(t, d, "y", {2, 3}), 1);
         }}},
        {"factor out of both branches",
         Agreement::rounding,
         Goal::textbook,
         {k.where},
         "where(m, c x, c y) = c where(m, x, y), entry by entry.",
         out_of_both_branches,
         {[](Tape& t, Draw& d) {
              const Var x = leaf(t, d, "x", {2, 3}), y = leaf(t, d, "y", {2, 3});
              return where(x > 0, y, 0.01 * y);
          },
          [](Tape& t, Draw& d) {
              const Var x = leaf(t, d, "x", {2, 3}), y = leaf(t, d, "y", {1, 3});
              return where(x > 0, y * x, y * exp(x) / 3);
          },
          [](Tape& t, Draw& d) {
              const Var x = leaf(t, d, "x", {0}), y = leaf(t, d, "y", {0});
              return where(x > 0, x / y, -(1 / y));
          }},
         {[](Tape& t, Draw& d) {
              const Var x = leaf(t, d, "x", {2, 3});
              return where(x > 0, 0.5 * leaf(t, d, "y", {2, 3}), 0.5 * leaf(t, d, "z", {2, 3}));
          },
          [](Tape& t, Draw& d) {
              const Var x = leaf(t, d, "x", {2, 3}), y = leaf(t, d, "y", {2, 3});
              return where(x > 0, y, square(y));
          }}},
    };
}

Rule sums_to_one(const Var& Y, std::int64_t axis) {
    const std::string name = Y.name();
    if (name.empty() || !Y.records()->leaf(Y.id()))
        throw VarError(
            fmt::format("sums_to_one({0}): {0} is not an input or a variable. What can be given is a "
                        "property of arrays that are bound later.",
                        Y.to_string()));
    const auto counted = normalised({axis}, Y.rank(), fmt::format("sums_to_one({})", name));
    const Shape shape = Y.shape();
    const Example probabilities = [shape](Tape& t, Draw& d) {
        Extents extents;
        for (const Dim& dim : shape.dims())
            extents.push_back(dim.sized() ? dim.extent() : 3);
        return leaf(t, d, "x", extents, 0.1, 1);
    };
    return {fmt::format("given: {} sums to 1", name),
            Agreement::real,
            Goal::both,
            {known().sum},
            fmt::format("Declared: the entries of {} along axis {} sum to 1.", name, counted[0]),
            [name, counted](const Match& m) -> Var {
                const bool leaf = m.records().leaf(m[0].id()) != nullptr;
                if (!leaf || m[0].var().name() != name || m.root().attributes().axes("axes") != counted)
                    return {};
                return with_shape_of(Operand(1).on(m.records().shared_from_this()), m.root());
            },
            {[name, counted, probabilities](Tape& t, Draw& d) {
                Tape drawn;
                const Var x = probabilities(drawn, d);
                const Var y = t.variable(name, (x / sum(x, counted, Keep::dims)).value<long double>());
                return sum(y, counted, Keep::dims);
            }},
            {[name](Tape& t, Draw& d) {
                return sum(leaf(t, d, (name + "x").c_str(), {3, 2}), {0});
            }}};
}

} // namespace xtape
