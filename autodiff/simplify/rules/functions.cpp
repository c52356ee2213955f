#include <xtape/autodiff/simplify/product.hpp>
#include <xtape/autodiff/simplify/rules/examples.hpp>

#include <algorithm>

namespace xtape {
namespace {

using detail::leaf;
using detail::saturating;

/// −x, without a sign twice.
Var negated(const Expression& x) { return x.is(known().negative) ? x[0].var() : -x.var(); }

bool is_number(const Expression& e, long double value) { return e.number() == value; }

/// The x of 1 + exp(x).
std::optional<Expression> one_plus_exp(const Expression& e) {
    if (!e.is(known().add)) return {};
    for (std::size_t k = 0; k < 2; ++k)
        if (is_number(e[k], 1) && e[1 - k].is(known().exp)) return e[1 - k];
    return {};
}

/// 1/(1 + exp(x)) = σ(−x), exp(x)/(1 + exp(x)) = σ(x): at the first denominator of this form.
Var logistic(const Match& m) {
    for (const auto& [base, power] : m.product().factors) {
        const auto exponential = power < 0 ? one_plus_exp({m.records(), base}) : std::nullopt;
        if (!exponential) continue;
        const Expression x = (*exponential)[0];
        Product product = m.product();
        const int below = -power, above = std::clamp(product.power_of(exponential->id()), 0, below);
        product.times(base, below);
        if (above > 0) {
            product.times(exponential->id(), -above);
            product.times(sigmoid(x.var()).id(), above);
        }
        if (below > above) product.times(sigmoid(negated(x)).id(), below - above);
        return build(product, m.root());
    }
    return {};
}

/// exp(x) σ(−x) = σ(x).
Var exp_of_logistic(const Match& m) {
    for (const auto& [base, power] : m.product().factors) {
        const Expression exponential(m.records(), base);
        if (power <= 0 || !exponential.is(known().exp)) continue;
        const Expression x = exponential[0];
        const auto minus = x.is(known().negative) ? std::optional(x[0]) : m.find(known().negative, x);
        const auto other = minus ? m.find(known().sigmoid, *minus) : std::nullopt;
        if (!other || m.product().power_of(other->id()) <= 0) continue;
        Product product = m.product();
        product.times(base, -1);
        product.times(other->id(), -1);
        product.times(sigmoid(x.var()).id(), 1);
        return build(product, m.root());
    }
    return {};
}

/// exp(z) / Σ exp(z), where the sum is over one axis that stays, or over all.
Var softmax_written_out(const Match& m) {
    for (const auto& [base, power] : m.product().factors) {
        const Expression total(m.records(), base);
        if (power >= 0 || !total.is(known().sum) || !total[0].is(known().exp)) continue;
        const Expression exponential = total[0], z = exponential[0];
        if (m.product().power_of(exponential.id()) <= 0) continue;
        const Axes axes = total.attributes().axes("axes");
        const bool all = axes.size() == z.shape().rank();
        if (total.attributes().integer("keep") == 0 && !all) continue;
        const Var share = axes.size() == 1 ? softmax(z.var(), axes[0])
                                           : exp(z.var() - logsumexp(z.var(), axes, Keep::dims));
        Product product = m.product();
        product.times(base, 1);
        product.times(exponential.id(), -1);
        product.times(share.id(), 1);
        return build(product, m.root());
    }
    return {};
}

/// log of what has a logarithm of its own that does not saturate.
Var stable_log(const Match& m) {
    const Expression x = m[0];
    if (x.is(known().sigmoid)) return -softplus(negated(x[0]));
    if (x.is(known().softmax)) return log_softmax(x[0].var(), x.attributes().axes("axes")[0]);
    if (const auto exponential = one_plus_exp(x)) return softplus((*exponential)[0].var());
    if (x.is(known().sum) && x[0].is(known().exp)) {
        const Keep keep = x.attributes().integer("keep") != 0 ? Keep::dims : Keep::none;
        return logsumexp(x[0][0].var(), x.attributes().axes("axes"), keep);
    }
    return {};
}

Var stable_log1p(const Match& m) {
    const Expression x = m[0];
    if (x.is(known().exp)) return softplus(x[0].var());
    return x.is(known().negative) && x[0].is(known().sigmoid) ? -softplus(x[0][0].var()) : Var();
}

Var one_minus_sigmoid(const Match& m) {
    return is_number(m[0], 1) && m[1].is(known().sigmoid) ? with_shape_of(sigmoid(negated(m[1][0])), m.root())
                                                          : Var();
}

Var sigmoid_of_minus(const Match& m) {
    return m[0].is(known().negative) ? 1 - sigmoid(m[0][0].var()) : Var();
}

Var exp_of_log_softmax(const Match& m) {
    return m[0].is(known().log_softmax) ? softmax(m[0][0].var(), m[0].attributes().axes("axes")[0]) : Var();
}

} // namespace

std::vector<Rule> function_rules() {
    const Known& k = known();
    return {
        {"logistic function",
         Agreement::real,
         Goal::both,
         {k.multiply, k.divide, k.reciprocal},
         "1/(1 + exp(x)) = σ(−x) and exp(x)/(1 + exp(x)) = σ(x), for every real x; written out, it is 0 or "
         "NaN "
         "where exp(x) overflows.",
         logistic,
         {[](Tape& t, Draw& d) {
              return 1 / (1 + exp(-leaf(t, d, "z", {2, 3}, -8, 8)));
          },
          [](Tape& t, Draw& d) {
              const Var e = exp(-leaf(t, d, "z", {2, 3}, -8, 8));
              return e / square(1 + e);
          },
          [](Tape& t, Draw&) { return 1 / (1 + exp(-saturating(t, "z"))); },
          [](Tape& t, Draw&) {
              const Var e = exp(saturating(t, "z"));
              return e / (e + 1);
          },
          [](Tape& t, Draw& d) { return reciprocal(1 + exp(leaf(t, d, "z", {0}))); }},
         {[](Tape& t, Draw& d) { return 1 / (2 + exp(leaf(t, d, "z", {2}))); },
          [](Tape& t, Draw& d) { return 1 / (1 - exp(leaf(t, d, "z", {2}, 1, 2))); }}},
        {"exponential of a logistic function",
         Agreement::real,
         Goal::both,
         {k.multiply, k.divide},
         "exp(x) σ(−x) = σ(x) for every real x; written out, it is NaN where exp(x) overflows.",
         exp_of_logistic,
         {[](Tape& t, Draw& d) {
              const Var z = leaf(t, d, "z", {2, 3}, -8, 8);
              return sigmoid(z) * leaf(t, d, "y", {3}) * exp(-z);
          },
          [](Tape& t, Draw&) {
              const Var z = saturating(t, "z");
              const Var minus = -z;
              return exp(z) * sigmoid(minus);
          }},
         {[](Tape& t, Draw& d) {
             const Var z = leaf(t, d, "z", {2});
             return exp(z) * sigmoid(z);
         }}},
        {"softmax",
         Agreement::real,
         Goal::both,
         {k.multiply, k.divide},
         "exp(z) / Σ exp(z) is the softmax, for a sum over one axis that stays, or over all; written out, it "
         "is "
         "NaN where exp(z) overflows.",
         softmax_written_out,
         {[](Tape& t, Draw& d) {
              const Var e = exp(leaf(t, d, "z", {3, 2}, -8, 8));
              return e / sum(e, {0}, Keep::dims);
          },
          [](Tape& t, Draw& d) {
              const Var e = exp(leaf(t, d, "z", {3, 2}));
              return leaf(t, d, "c", {3, 2}) / sum(e) * e;
          },
          [](Tape& t, Draw&) {
              const Var e = exp(saturating(t, "z"));
              return e / sum(e, {1}, Keep::dims);
          }},
         {[](Tape& t, Draw& d) {
             const Var e = exp(leaf(t, d, "z", {3, 3}));
             return e / sum(e, {1}); // the sums of rows, laid along the columns
         }}},
        {"logarithm that does not saturate",
         Agreement::real,
         Goal::stable,
         {k.log},
         "log σ(z) = −softplus(−z), log(1 + exp(z)) = softplus(z), log softmax(z) and log Σ exp(z) by "
         "operations of their own, for every real z.",
         stable_log,
         {[](Tape& t, Draw& d) {
              return log(sigmoid(leaf(t, d, "z", {2, 3}, -8, 8)));
          },
          [](Tape& t, Draw&) { return log(sigmoid(-saturating(t, "z"))); },
          [](Tape& t, Draw&) { return log(1 + exp(saturating(t, "z"))); },
          [](Tape& t, Draw&) { return log(softmax(saturating(t, "z"), 1)); },
          [](Tape& t, Draw&) { return log(sum(exp(saturating(t, "z")))); },
          [](Tape& t, Draw& d) {
              return log(sum(exp(leaf(t, d, "z", {3, 2})), {0}, Keep::dims));
          }},
         {[](Tape& t, Draw& d) {
              return log(sum(leaf(t, d, "z", {3, 2}, 1, 2)));
          },
          [](Tape& t, Draw& d) {
              return log(2 + exp(leaf(t, d, "z", {3, 2})));
          }}},
        {"log1p that does not saturate",
         Agreement::real,
         Goal::stable,
         {k.log1p},
         "log1p(exp(z)) = softplus(z), log1p(−σ(z)) = −softplus(z), for every real z.",
         stable_log1p,
         {[](Tape& t, Draw&) { return log1p(exp(saturating(t, "z"))); },
          [](Tape& t, Draw&) { return log1p(-sigmoid(saturating(t, "z"))); }},
         {[](Tape& t, Draw& d) { return log1p(leaf(t, d, "z", {3}, 0, 1)); }}},
        {"complement as logistic function",
         Agreement::real,
         Goal::stable,
         {k.subtract},
         "1 − σ(z) = σ(−z) for every real z; the difference is 0 from z = 38 on.",
         one_minus_sigmoid,
         {[](Tape& t, Draw&) { return 1 - sigmoid(saturating(t, "z")); },
          [](Tape& t, Draw& d) {
              return 1 - sigmoid(-leaf(t, d, "z", {2, 3}));
          }},
         {[](Tape& t, Draw& d) {
             return 2 - sigmoid(leaf(t, d, "z", {2, 3}));
         }}},
        {"logistic function as complement",
         Agreement::real,
         Goal::textbook,
         {k.sigmoid},
         "σ(−z) = 1 − σ(z) for every real z.",
         sigmoid_of_minus,
         {[](Tape& t, Draw& d) {
             return sigmoid(-leaf(t, d, "z", {2, 3}, -8, 8));
         }},
         {[](Tape& t, Draw& d) {
             return sigmoid(leaf(t, d, "z", {2, 3}));
         }}},
        {"exp of log softmax",
         Agreement::rounding,
         Goal::both,
         {k.exp},
         "exp(log softmax(z)) = softmax(z).",
         exp_of_log_softmax,
         {[](Tape& t, Draw& d) {
             return exp(log_softmax(leaf(t, d, "z", {3, 2}), 0));
         }}},
        {"log of exp",
         Agreement::real,
         Goal::both,
         {k.log},
         "log(exp(x)) = x for every real x; in numbers exp(x) overflows or is 0.",
         [](const Match& m) { return m[0].is(known().exp) && m.open(m[0]) ? m[0][0].var() : Var(); },
         {[](Tape& t, Draw&) { return log(exp(saturating(t, "z"))); }},
         {[](Tape& t, Draw& d) { return log(leaf(t, d, "x", {2}, 1, 2)); }}},
    };
}

const std::vector<Rule>& standard_rules() {
    static const std::vector<Rule> rules = [] {
        std::vector<Rule> all;
        for (auto family : {shape_rules(), function_rules(), arithmetic_rules(), linear_rules()})
            all.insert(all.end(), family.begin(), family.end());
        return all;
    }();
    return rules;
}

} // namespace xtape
