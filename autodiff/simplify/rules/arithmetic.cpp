#include <xtape/autodiff/simplify/rules/examples.hpp>
#include <xtape/autodiff/simplify/sum.hpp>

#include <algorithm>
#include <cmath>

namespace xtape {
namespace {

using detail::leaf;
using detail::row;

/// The replacement, unless it is what was there or costs more operations on the same bases.
Var unless_same(const Match& m, const Var& result, const std::vector<std::uint32_t>& bases) {
    const Expression e(result);
    return same_structure(e, m.root()) || cost(e, bases) > cost(m.root(), bases) ? Var() : result;
}

/// −(x − y) is y − x: a difference among the factors takes the sign of the product.
void turn_difference(const Match& m, Product& product) {
    for (Factor& factor : product.factors) {
        const Expression base(m.records(), factor.base);
        if (product.coefficient >= 0 || factor.power != 1 || !base.is(known().subtract) || !m.open(base))
            continue;
        const Var turned = base[1].var() - base[0].var();
        if (!same_extents(turned.shape(), base.shape())) continue;
        factor.base = turned.id();
        product.coefficient = -product.coefficient;
    }
}

Var collect_factors(const Match& m, bool cancels) {
    const Product& given = m.product();
    if (given.cancelled != cancels || !std::isfinite(given.coefficient) || is_built(given, m.root()))
        return {};
    Product product = given;
    if (m.goal() == Goal::textbook) turn_difference(m, product);
    return unless_same(m, build(product, m.root()), bases_of({given, product}));
}

/// A variable or input times a number.
bool is_scaled_leaf(const Match& m, const Product& term) {
    const Scaled parts = split_scale(term, m.root());
    return parts.rest.factors.size() == 1 && parts.rest.factors[0].power == 1 &&
           m.records().leaf(parts.rest.factors[0].base) &&
           !(std::abs(term.coefficient) == 1 && parts.scale.factors.empty());
}

Var collect_terms(const Match& m, bool cancels) {
    if (m.root().is(known().negative) && !m[0].is(known().add) && !m[0].is(known().subtract)) return {};
    std::vector<Product> terms = m.terms();
    const std::vector<std::uint32_t> bases = bases_of(terms);
    if (collect(terms) != cancels) return {};
    for (const Product& term : terms)
        if (term.cancelled || !std::isfinite(term.coefficient)) return {};
    // A gradient ends with what a penalty adds: λ W comes after dZ Aᵀ.
    if (m.in_gradient() && m.goal() == Goal::textbook)
        std::stable_partition(terms.begin(), terms.end(),
                              [&](const Product& term) { return !is_scaled_leaf(m, term); });
    return unless_same(m, build(terms, m.root()), bases);
}

/// An elementwise function of numbers is a number.
Var fold_numbers(const Match& m) {
    const Expression& e = m.root();
    if (!e.op().definition().elementwise || e.shape().rank() != 0 || e.kind() != Kind::real) return {};
    for (std::size_t k = 0; k < e.size(); ++k)
        if (!e[k].number()) return {};
    const auto value = e.var().item<long double>();
    return std::isfinite(value) ? Operand(value).on(m.records().shared_from_this()) : Var();
}

Var whole_power(const Match& m) {
    const auto exponent = m[1].number();
    const Var x = m[0].var();
    if (!exponent || !is_broadcast_of(m[0].shape(), m[1].shape())) return {};
    if (*exponent == 1) return x;
    if (*exponent == 2) return square(x);
    if (*exponent == -1) return reciprocal(x);
    return {};
}

const Example number_times_number = [](Tape& t, Draw& d) { return 2 * (3 * leaf(t, d, "x", {2, 3})); };

} // namespace

std::vector<Rule> arithmetic_rules() {
    const Known& k = known();
    return {
        {"fold numbers",
         Agreement::rounding,
         Goal::both,
         {},
         "An elementwise function of numbers is a number, unless that is not finite.",
         fold_numbers,
         {[](Tape& t, Draw& d) { return tanh(t.constant(d.uniform(-1, 1))); },
          [](Tape& t, Draw&) { return log(t.constant(2)); }},
         {[](Tape& t, Draw&) { return log(t.constant(0)); },
          [](Tape& t, Draw& d) { return tanh(leaf(t, d, "x", {})); }}},
        {"whole power",
         Agreement::rounding,
         Goal::both,
         {k.pow},
         "x¹, x² and x⁻¹ for exponents that are these numbers.",
         whole_power,
         {[](Tape& t, Draw& d) {
              return pow(leaf(t, d, "x", {2, 3}), 2);
          },
          [](Tape& t, Draw& d) {
              return pow(leaf(t, d, "x", {2, 3}), -1);
          },
          [](Tape& t, Draw& d) { return pow(leaf(t, d, "x", {0}), 1); }},
         {[](Tape& t, Draw& d) {
             return pow(leaf(t, d, "x", {2, 3}, 0.5), 3);
         }}},
        {"cancel",
         Agreement::real,
         Goal::both,
         {k.multiply, k.divide, k.negative, k.reciprocal, k.square},
         "x / x = 1 and 0 · x = 0: over the reals where x is not 0, or finite.",
         [](const Match& m) { return collect_factors(m, true); },
         {[](Tape& t, Draw& d) {
              const Var a = leaf(t, d, "a", {2, 3}, 0.1, 0.9);
              return leaf(t, d, "y", {2, 3}) / a * (a * (1 - a));
          },
          [](Tape& t, Draw& d) {
              return 0 * leaf(t, d, "x", {2, 3});
          },
          [](Tape& t, Draw&) {
              const Var x = row(t, "x", {-1e300, 1e-300, 0, 3});
              return square(x) / x;
          },
          [](Tape& t, Draw& d) {
              const Var x = leaf(t, d, "x", {0});
              return x / x;
          }},
         {number_times_number}},
        {"expand, collect, factor",
         Agreement::real,
         Goal::both,
         {k.add, k.subtract, k.negative, k.multiply, k.divide},
         "Terms are brought over what they have in common, multiplied out, collected and factored, if that "
         "is "
         "fewer operations. Over the reals where no denominator is 0; a denominator that cancels may have "
         "been 0.",
         expand_collect_factor,
         {[](Tape& t, Draw& d) { // binary cross-entropy with respect to the prediction
              const Var a = leaf(t, d, "a", {2, 3}, 0.1, 0.9), y = leaf(t, d, "y", {2, 3}, 0, 1);
              return -(y / a) + (1 - y) / (1 - a);
          },
          [](Tape& t, Draw& d) { // softmax
              const Var a = leaf(t, d, "a", {3, 2}, 0.1, 0.9), y = leaf(t, d, "y", {3, 2}, 0, 1);
              return a * (leaf(t, d, "s", {1, 2}) - y / a);
          },
          [](Tape& t, Draw& d) {
              const Var x = leaf(t, d, "x", {3}), n = extent(x, 0);
              return leaf(t, d, "y", {3}) / n - x / n;
          },
          [](Tape& t, Draw& d) {
              const Var x = leaf(t, d, "x", {0});
              return leaf(t, d, "y", {0}) * x + leaf(t, d, "z", {0}) * x;
          }},
         {[](Tape& t, Draw& d) { return leaf(t, d, "x", {2}) + leaf(t, d, "y", {2}); },
          [](Tape& t, Draw& d) {
              const Var x = leaf(t, d, "x", {2}), y = leaf(t, d, "y", {2});
              return (x - y) * (x * (1 - x));
          }}},
        {"collect factors",
         Agreement::rounding,
         Goal::both,
         {k.multiply, k.divide, k.negative, k.reciprocal, k.square},
         "A product is written with its number first, then what has one entry, then the other factors over "
         "their denominators; x · x = x².",
         [](const Match& m) { return collect_factors(m, false); },
         {number_times_number,
          [](Tape& t, Draw& d) {
              return -(leaf(t, d, "x", {3}) * -leaf(t, d, "y", {2, 3}));
          },
          [](Tape& t, Draw& d) {
              const Var x = leaf(t, d, "x", {2, 3}, 1, 2);
              return x / leaf(t, d, "n", {}, 1, 2) / 4 * x;
          },
          [](Tape& t, Draw& d) { return leaf(t, d, "x", {0}) * -1; }},
         {[](Tape& t, Draw& d) { return leaf(t, d, "x", {2}) * leaf(t, d, "y", {2}); },
          [](Tape& t, Draw& d) { return square(leaf(t, d, "x", {2}) * leaf(t, d, "y", {2})); }}},
        {"cancel terms",
         Agreement::real,
         Goal::both,
         {k.add, k.subtract, k.negative},
         "x − x = 0, over the reals where x is finite.",
         [](const Match& m) { return collect_terms(m, true); },
         {[](Tape& t, Draw& d) {
              const Var x = leaf(t, d, "x", {2, 3});
              return (leaf(t, d, "y", {2, 3}) + x) - x;
          },
          [](Tape& t, Draw& d) {
              const Var x = leaf(t, d, "x", {0, 2});
              return x - x;
          }},
         {[](Tape& t, Draw& d) { return leaf(t, d, "x", {2}) - leaf(t, d, "y", {2}); }}},
        {"collect terms",
         Agreement::rounding,
         Goal::both,
         {k.add, k.subtract, k.negative},
         "Equal terms are counted, zeros left out; what is subtracted comes last.",
         [](const Match& m) { return collect_terms(m, false); },
         {[](Tape& t, Draw& d) {
              const Var x = leaf(t, d, "x", {2, 3});
              return x + (leaf(t, d, "y", {3}) + x);
          },
          [](Tape& t, Draw& d) {
              return -leaf(t, d, "x", {2, 1}) + leaf(t, d, "y", {2, 3});
          },
          [](Tape& t, Draw& d) { return -(leaf(t, d, "x", {2}) - leaf(t, d, "y", {2})); },
          [](Tape& t, Draw& d) { return leaf(t, d, "x", {0}) + 0; }},
         {[](Tape& t, Draw& d) { return 1 - leaf(t, d, "x", {2}); },
          [](Tape& t, Draw& d) { return leaf(t, d, "x", {2}) + leaf(t, d, "y", {2}); }}},
    };
}

} // namespace xtape
