#include <xtape/autodiff/compile/compound.hpp>
#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops.hpp>
#include <xtape/autodiff/records.hpp>

#include <map>
#include <optional>
#include <set>
#include <utility>

namespace xtape::detail {
namespace {

bool is(const Records& records, std::uint32_t id, std::string_view name) {
    return records.op(records.record_of(id)).name() == name;
}
std::uint32_t operand(const Records& records, std::uint32_t id, std::size_t k) {
    return records.operands(records.record_of(id))[k];
}

bool is_logistic(const Records& records, std::uint32_t id) {
    return is(records, id, "xtape::sigmoid") || is(records, id, "xtape::softplus");
}

/// z of z and −z.
std::uint32_t unsigned_of(const Records& records, std::uint32_t id) {
    return is(records, id, "xtape::negative") ? operand(records, id, 0) : id;
}

std::optional<long double> number(const Records& records, std::uint32_t id) {
    const Leaf* leaf = records.leaf(id);
    const auto* value = leaf ? std::get_if<long double>(leaf) : nullptr;
    return value ? std::optional(*value) : std::nullopt;
}

/// a of 1 − a².
std::optional<std::uint32_t> tanh_of_slope(const Records& records, std::uint32_t id) {
    if (!is(records, id, "xtape::subtract") || number(records, operand(records, id, 0)) != 1) return {};
    const std::uint32_t square = operand(records, id, 1);
    if (!is(records, square, "xtape::square")) return {};
    return operand(records, square, 0);
}

/// a and b of −a − b.
std::optional<std::pair<std::uint32_t, std::uint32_t>> terms_of_negative(const Records& records,
                                                                         std::uint32_t id) {
    if (!is(records, id, "xtape::subtract")) return {};
    const std::uint32_t left = operand(records, id, 0);
    if (!is(records, left, "xtape::negative")) return {};
    return std::pair(operand(records, left, 0), operand(records, id, 1));
}

/// c and x of c x and x c, where c is a number.
std::optional<std::pair<long double, std::uint32_t>> scaled(const Records& records, std::uint32_t id) {
    if (!is(records, id, "xtape::multiply")) return {};
    for (const std::size_t k : {0U, 1U})
        if (const auto c = number(records, operand(records, id, k)))
            return std::pair(*c, operand(records, id, 1 - k));
    return {};
}

/// Whether one is σ(z) and the other σ(−z), as they are made here of the same z.
bool are_opposite(const Records& records, std::uint32_t a, std::uint32_t b) {
    if (is(records, a, "xtape::opposite_logistic")) std::swap(a, b);
    return is(records, a, "xtape::logistic") && is(records, b, "xtape::opposite_logistic") &&
           operand(records, a, 0) == operand(records, b, 0);
}

/// σ(z) times σ(−z) or times x σ(−z), by the derivative of σ; empty for another factor.
Var times_slope(Records& records, std::uint32_t sigma, std::uint32_t factor) {
    const auto slope = [&] {
        return xtape::record(logistic_slope_op(), {records.var(operand(records, sigma, 1)),
                                                   records.var(operand(records, sigma, 2))});
    };
    if (are_opposite(records, sigma, factor)) return slope();
    if (is(records, factor, "xtape::multiply"))
        for (const std::size_t k : {0U, 1U})
            if (are_opposite(records, sigma, operand(records, factor, k)))
                return records.var(operand(records, factor, 1 - k)) * slope();
    return {};
}

} // namespace

const Op& decay_op() {
    static const Op op =
        elementwise("xtape::decay").forward([](auto x) { return exp(-abs(x)); }).without_gradient();
    return op;
}
const Op& log1p_of_fraction_op() {
    static const Op op =
        elementwise("xtape::log1p_of_fraction").forward([](auto e) { return log1p(e); }).without_gradient();
    return op;
}
const Op& certainty_op() {
    static const Op op =
        elementwise("xtape::certainty").forward([](auto e) { return 1 / (1 + e); }).without_gradient();
    return op;
}
const Op& logistic_op() {
    static const Op op = elementwise("xtape::logistic")
                             .forward([](auto x, auto e, auto c) { return where(x < 0, e * c, c); })
                             .without_gradient();
    return op;
}
const Op& opposite_logistic_op() {
    static const Op op = elementwise("xtape::opposite_logistic")
                             .forward([](auto x, auto e, auto c) { return where(x > 0, e * c, c); })
                             .without_gradient();
    return op;
}
const Op& logistic_slope_op() {
    static const Op op = elementwise("xtape::logistic_slope")
                             .forward([](auto e, auto c) { return e * c * c; })
                             .without_gradient();
    return op;
}
const Op& tanh_slope_op() {
    static const Op op = elementwise("xtape::tanh_slope")
                             .forward([](auto g, auto a) { return g * (1 - a * a); })
                             .without_gradient();
    return op;
}

Parts of_recorded_opposites(const Records& records) {
    std::set<std::pair<std::uint32_t, std::uint32_t>> sums;
    std::set<std::pair<long double, std::uint32_t>> products;
    for (std::uint32_t r = 0; r < records.record_count(); ++r) {
        const std::uint32_t id = records.record(r).first_result;
        if (is(records, id, "xtape::add")) sums.emplace(operand(records, id, 0), operand(records, id, 1));
        if (const auto product = scaled(records, id)) products.insert(*product);
    }
    const auto of_sum_or_product = [sums, products](const Records& from, const Record& record,
                                                    const std::vector<Var>& operands) -> Var {
        if (!is_logistic(from, record.first_result)) return {};
        const std::uint32_t id = operand(from, record.first_result, 0);
        Records& to = *operands[0].records();
        const auto of_opposite = [&](const Var& x) { return xtape::record(from.op(record), {-x}); };
        if (const auto product = scaled(from, id);
            product && product->first < 0 && products.contains({-product->first, product->second})) {
            const auto made = *scaled(to, operands[0].id()); // copied as it was
            return of_opposite(-made.first * to.var(made.second));
        }
        const auto terms = terms_of_negative(from, id);
        if (!terms) return {};
        const auto [a, b] = *terms;
        const auto made = *terms_of_negative(to, operands[0].id());
        const Var left = to.var(made.first), right = to.var(made.second);
        if (sums.contains({a, b})) return of_opposite(left + right);
        if (sums.contains({b, a})) return of_opposite(right + left);
        return {};
    };
    return of_sum_or_product;
}

Expanded compounded(const Expanded& program) {
    const Records& records = *program.outputs.front().records();
    std::map<std::uint32_t, int> uses; // of a number and its negative, by σ and softplus
    for (std::uint32_t r = 0; r < records.record_count(); ++r)
        if (const std::uint32_t id = records.record(r).first_result; is_logistic(records, id))
            ++uses[unsigned_of(records, operand(records, id, 0))];
    const auto parts = [&](const Records& from, const Record& record,
                           const std::vector<Var>& operands) -> Var {
        const std::uint32_t id = record.first_result;
        if (is_logistic(from, id) && uses.at(unsigned_of(from, operand(from, id, 0))) > 1) {
            Records& to = *operands[0].records();
            const bool opposite = is(from, operand(from, id, 0), "xtape::negative");
            const Var x = to.var(unsigned_of(to, operands[0].id())), e = xtape::record(decay_op(), {x});
            if (is(from, id, "xtape::softplus")) {
                const Var log = xtape::record(log1p_of_fraction_op(), {e});
                return opposite ? log - minimum(x, 0) : relu(x) + log;
            }
            return xtape::record(opposite ? opposite_logistic_op() : logistic_op(),
                                 {x, e, xtape::record(certainty_op(), {e})});
        }
        if (is(from, id, "xtape::multiply"))
            for (const std::size_t k : {0U, 1U}) {
                Records& to = *operands[k].records();
                if (const Var made = times_slope(to, operands[k].id(), operands[1 - k].id()); !made.empty())
                    return made;
                if (const auto a = tanh_of_slope(to, operands[k].id()))
                    return xtape::record(tanh_slope_op(), {operands[1 - k], to.var(*a)});
            }
        return {};
    };
    return rewritten(program.inputs, program.outputs, parts);
}

} // namespace xtape::detail
