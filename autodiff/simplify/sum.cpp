#include <xtape/autodiff/ops.hpp>
#include <xtape/autodiff/simplify/sum.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_set>

namespace xtape {
namespace {

constexpr std::size_t most_terms = 12, most_terms_for_numbers = 4;

bool is_sum(const Expression& e) { return e.is(known().add) || e.is(known().subtract); }

bool is_coefficient_leaf(const Expression& e) { return e.is(known().extent) || e.number(); }

/// True for what is one number for a whole array by what it is made of: numbers, extents, 0.5/n.
bool is_coefficient(const Expression& e) {
    const bool quotient = e.is(known().divide) || e.is(known().multiply);
    return quotient ? is_coefficient_leaf(e[0]) && is_coefficient_leaf(e[1]) : is_coefficient_leaf(e);
}

/// What is counted: operations of arithmetic, not the coefficients and repetitions among them.
bool is_counted(const Expression& e) {
    const Known& k = known();
    for (const Op* op :
         {&k.add, &k.subtract, &k.multiply, &k.divide, &k.negative, &k.reciprocal, &k.square, &k.pow})
        if (e.is(*op)) return !is_coefficient(e);
    return false;
}

/// What is repeated, where it is repeated: a sum or product of it repeats it by itself.
Var unrepeated(const Var& value) {
    const Expression e(value);
    return e.is(known().broadcast_to) ? e[0].var() : value;
}

/// Which powers all terms have in common. `denominators`: a denominator of any term counts as one of all.
Product common_factor(const std::vector<Product>& terms, bool denominators) {
    std::vector<std::uint32_t> bases;
    for (const Product& term : terms)
        for (const Factor& factor : term.factors)
            if (std::ranges::find(bases, factor.base) == bases.end()) bases.push_back(factor.base);
    std::ranges::sort(bases);
    Product common;
    for (const std::uint32_t base : bases) {
        int low = terms[0].power_of(base), high = low;
        for (const Product& term : terms) {
            low = std::min(low, term.power_of(base));
            high = std::max(high, term.power_of(base));
        }
        const int power = low > 0 || denominators ? low : std::min(high, 0);
        if (power != 0) common.factors.push_back({base, power});
    }
    const long double first = std::abs(terms[0].coefficient);
    if (std::ranges::all_of(terms, [&](const Product& t) { return std::abs(t.coefficient) == first; }))
        common.coefficient = first;
    return common;
}

Var factored(const std::vector<Product>& terms, const Product& common, const Expression& like) {
    std::vector<Product> rest;
    for (const Product& term : terms) {
        rest.push_back(term);
        rest.back().times(common, -1);
    }
    Product whole = common;
    whole.factors.push_back({unrepeated(build(rest, like)).id(), 1});
    return build(whole, like);
}

/// The terms with every sum that is a factor multiplied out; empty where there is none, or they would be too
/// many.
std::vector<Product> expanded(const Match& match, std::vector<Product> todo) {
    const auto is_open_sum = [&](const Factor& f) {
        const Expression base(match.records(), f.base);
        return f.power > 0 && is_sum(base) && match.open(base);
    };
    if (std::ranges::none_of(
            todo, [&](const Product& term) { return std::ranges::any_of(term.factors, is_open_sum); }))
        return {};
    std::vector<Product> done;
    for (std::size_t steps = 0; !todo.empty(); ++steps) {
        if (steps > 4 * most_terms || todo.size() + done.size() > most_terms) return {};
        const Product term = todo.front();
        todo.erase(todo.begin());
        const auto sum = std::ranges::find_if(term.factors, is_open_sum);
        if (sum == term.factors.end()) {
            done.push_back(term);
            continue;
        }
        std::vector<Product> parts = terms_of(match, {match.records(), sum->base});
        for (Product& part : parts) {
            Product product = term;
            product.times(sum->base, -1);
            product.times(part);
            part = std::move(product);
        }
        todo.insert(todo.begin(), parts.begin(), parts.end());
    }
    return done;
}

/// A product with a factor that is a sum, multiplied out where that rids some term of a denominator; empty
/// otherwise.
std::vector<Product> distributed(const Match& match) {
    const Product& product = match.product();
    for (const Factor& factor : product.factors) {
        const Expression base(match.records(), factor.base);
        if (factor.power != 1 || !match.open(base) || !is_sum(base)) continue;
        Product others = product;
        others.times(factor.base, -1);
        std::vector<Product> terms = terms_of(match, base);
        bool cancels = false;
        for (Product& term : terms) {
            Product whole = others;
            whole.cancelled = false;
            whole.times(term);
            cancels |= whole.cancelled;
            term = std::move(whole);
        }
        if (cancels) return terms;
    }
    return {};
}

/// True where terms have something to share, so that the search is worth its while.
bool have_common(const std::vector<Product>& terms) {
    std::unordered_set<std::uint32_t> seen;
    for (const Product& term : terms)
        for (const Factor& factor : term.factors)
            if (factor.power < 0 || !seen.insert(factor.base).second) return true;
    const long double first = std::abs(terms[0].coefficient);
    return first != 1 &&
           std::ranges::all_of(terms, [&](const Product& t) { return std::abs(t.coefficient) == first; });
}

} // namespace

std::vector<std::uint32_t> bases_of(const std::vector<Product>& terms) {
    std::vector<std::uint32_t> bases;
    for (const Product& term : terms)
        for (const Factor& factor : term.factors)
            bases.push_back(factor.base);
    std::ranges::sort(bases);
    bases.erase(std::unique(bases.begin(), bases.end()), bases.end());
    return bases;
}

std::size_t cost(const Expression& root, const std::vector<std::uint32_t>& bases) {
    std::vector<std::uint32_t> seen, todo{root.id()};
    std::size_t count = 0;
    while (!todo.empty()) {
        const Expression e(root.records(), todo.back());
        todo.pop_back();
        const bool passes = e.is(known().broadcast_to) || e.is(known().reshape);
        if (!(passes || is_counted(e)) || std::ranges::binary_search(bases, e.id()) ||
            std::ranges::find(seen, e.id()) != seen.end())
            continue;
        seen.push_back(e.id());
        count += passes ? 0 : 1;
        for (std::size_t k = 0; k < e.size(); ++k)
            todo.push_back(e[k].id());
    }
    return count;
}

std::vector<Product> terms_of(const Match& match, Expression root) {
    const Known& k = known();
    std::vector<Product> terms;
    terms.reserve(2); // most have no more
    const std::size_t most = match.goal() == Goal::stable ? most_terms_for_numbers : most_terms;
    std::array<Factor, most_terms> todo; // with the sign as the power
    std::size_t left = 0;
    todo[left++] = {root.id(), 1};
    while (left > 0) {
        const auto [id, sign] = todo[--left];
        const Expression e(match.records(), id);
        const bool enter = (e == root || match.open(e)) && terms.size() + left + 2 <= most;
        if (enter && is_sum(e)) {
            todo[left++] = {e[1].id(), e.is(k.add) ? sign : -sign};
            todo[left++] = {e[0].id(), sign};
        } else if (enter && e.is(k.negative)) {
            todo[left++] = {e[0].id(), -sign};
        } else if (enter && e.is(k.broadcast_to) && !e.number()) {
            todo[left++] = {e[0].id(), sign};
        } else {
            terms.push_back(product_of(match, e));
            terms.back().coefficient *= sign;
        }
    }
    return terms;
}

const std::vector<Product>& Match::terms() const {
    if (!terms_) terms_ = std::make_shared<const std::vector<Product>>(terms_of(*this, root_));
    return *terms_;
}

bool collect(std::vector<Product>& terms) {
    std::vector<Product> collected;
    bool vanished = false;
    for (Product& term : terms) {
        const auto same =
            std::ranges::find_if(collected, [&](const Product& other) { return other.same_factors(term); });
        if (same == collected.end())
            collected.push_back(std::move(term));
        else
            same->coefficient += term.coefficient;
    }
    std::erase_if(collected, [&](const Product& term) {
        vanished |= term.coefficient == 0 && !term.factors.empty();
        return term.coefficient == 0;
    });
    terms = std::move(collected);
    return vanished;
}

Var build(const std::vector<Product>& given, const Expression& like) {
    if (given.empty()) return with_shape_of(Operand(0).on(like.records().shared_from_this()), like);
    if (given.size() == 1) return build(given[0], like);
    // A sign costs an operation in front of the first term, unless a number takes it.
    const auto costs_sign = [&](const Product& term) {
        return term.coefficient == -1 && split_scale(term, like).scale.factors.empty();
    };
    std::vector<Product> terms = given;
    const auto first = std::ranges::find_if_not(terms, costs_sign);
    const bool none_added = first == terms.end();
    if (!none_added) std::rotate(terms.begin(), first, first + 1);
    std::optional<Var> sum;
    for (Product& term : terms) {
        const bool subtracted = sum && !none_added && term.coefficient < 0;
        if (none_added || subtracted) term.coefficient = -term.coefficient;
        // Terms take the shape of their own operands; the sum is repeated, where it has to be, as a whole.
        const Var value = unrepeated(build(term, like));
        sum = !sum ? value : subtracted ? *sum - value : *sum + value;
    }
    return with_shape_of(none_added ? -*sum : *sum, like);
}

Var expand_collect_factor(const Match& match) {
    const Expression& root = match.root();
    const bool sum = is_sum(root) || root.is(known().negative);
    std::vector<Product> terms = sum ? match.terms() : distributed(match);
    if (terms.empty()) return {};
    for (const Product& term : terms)
        if (!std::isfinite(term.coefficient)) return {};
    std::vector<std::uint32_t> bases = bases_of(terms);
    collect(terms);
    if (terms.size() < 2 ? sum : !have_common(terms) && sum) return {};

    std::vector<Var> forms;
    if (terms.size() < 2) {
        forms.push_back(build(terms, root));
    } else {
        const Product shared = common_factor(terms, false);
        forms.push_back(factored(terms, shared, root));
        if (match.goal() != Goal::stable) {
            const Product common = common_factor(terms, true);
            if (common.factors != shared.factors) forms.push_back(factored(terms, common, root));
            std::vector<Product> rest = terms;
            for (Product& term : rest)
                term.times(common, -1);
            rest = expanded(match, rest);
            if (!rest.empty()) {
                std::vector<Product> all = rest; // a sum that was multiplied out is no base
                all.push_back(common);
                bases = bases_of(all);
                collect(rest);
                for (Product& term : rest)
                    term.times(common);
                forms.push_back(rest.size() < 2 ? build(rest, root)
                                                : factored(rest, common_factor(rest, true), root));
            }
        }
    }
    Var best;
    std::size_t least = cost(root, bases);
    for (const Var& form : forms)
        if (const std::size_t c = cost(Expression(form), bases); c < least) {
            best = form;
            least = c;
        }
    return best;
}

} // namespace xtape
