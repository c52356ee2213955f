#include <xtape/autodiff/ops.hpp>
#include <xtape/autodiff/simplify/product.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace xtape {
namespace {

constexpr std::size_t most_visits = 32;
/// For numbers what is near suffices, and a long product would be taken apart anew at each of its factors.
constexpr std::size_t most_visits_for_numbers = 8;
constexpr int highest_power = 16;

/// A number for the whole array: without axes, or of one entry where the array has more.
bool is_scale(const Expression& base, const Expression& like) {
    return base.is(known().extent) || (base.single() && !like.single());
}

/// c · number^power. By division, so that a number cancels itself exactly.
long double scaled(long double c, long double number, int power) {
    for (int i = 0; i < std::abs(power); ++i)
        c = power > 0 ? c * number : c / number;
    return c;
}

/// x to a positive power.
Var raised(const Var& x, int power) {
    if (power == 1) return x;
    return power == 2 ? square(x) : pow(x, power);
}

/// Multiplies what is there so far, or begins.
void append(std::optional<Var>& product, const Var& factor) {
    product = product ? *product * factor : factor;
}

} // namespace

void Product::times(std::uint32_t base, int power) {
    const auto it = std::ranges::find(factors, base, &Factor::base);
    if (it == factors.end()) {
        factors.push_back({base, power});
        return;
    }
    cancelled |= (it->power > 0) != (power > 0);
    it->power += power;
    if (it->power == 0) factors.erase(it);
}

void Product::times(const Product& other, int power) {
    coefficient = scaled(coefficient, other.coefficient, power);
    cancelled |= other.cancelled;
    for (const Factor& factor : other.factors)
        times(factor.base, power * factor.power);
}

int Product::power_of(std::uint32_t base) const {
    const auto it = std::ranges::find(factors, base, &Factor::base);
    return it == factors.end() ? 0 : it->power;
}

bool Product::same_factors(const Product& other) const {
    return factors.size() == other.factors.size() && std::ranges::all_of(factors, [&](const Factor& factor) {
               return other.power_of(factor.base) == factor.power;
           });
}

Product product_of(const Match& match, Expression root) {
    const Known& k = known();
    Product product;
    product.factors.reserve(4); // most have no more
    const std::size_t most = match.goal() == Goal::stable ? most_visits_for_numbers : most_visits;
    std::array<Factor, most_visits + 1> todo; // each of the visits leaves one more than it takes
    std::size_t left = 0;
    todo[left++] = {root.id(), 1};
    for (std::size_t visits = 0; left > 0; ++visits) {
        const auto [id, power] = todo[--left];
        const Expression e(match.records(), id);
        if (const auto number = e.number(); number && (*number != 0 || power > 0)) {
            product.coefficient = scaled(product.coefficient, *number, power);
            continue;
        }
        const bool enter =
            visits < most && std::abs(power) < highest_power && (e == root || match.open(e)) && e.size() > 0;
        if (enter && e.is(k.multiply)) {
            todo[left++] = {e[1].id(), power};
            todo[left++] = {e[0].id(), power};
        } else if (enter && e.is(k.divide)) {
            todo[left++] = {e[1].id(), -power};
            todo[left++] = {e[0].id(), power};
        } else if (enter && e.is(k.negative)) {
            if (power % 2 != 0) product.coefficient = -product.coefficient;
            todo[left++] = {e[0].id(), power};
        } else if (enter && e.is(k.reciprocal)) {
            todo[left++] = {e[0].id(), -power};
        } else if (enter && e.is(k.square)) {
            todo[left++] = {e[0].id(), 2 * power};
        } else if (enter && e.is(k.broadcast_to)) {
            todo[left++] = {e[0].id(), power};
        } else {
            product.times(e.id(), power);
        }
    }
    if (product.coefficient == 0 && !product.factors.empty()) {
        product.factors.clear();
        product.cancelled = true;
    }
    return product;
}

const Product& Match::product() const {
    if (!product_) product_ = std::make_shared<const Product>(product_of(*this, root_));
    return *product_;
}

bool is_built(const Product& product, const Expression& e) {
    if (!e.is(known().multiply) || product.coefficient != 1 || product.factors.size() != 2) return false;
    for (std::size_t k = 0; k < 2; ++k)
        if (product.factors[k] != Factor{e[k].id(), 1}) return false;
    return is_scale(e[0], e) || !is_scale(e[1], e);
}

Scaled split_scale(const Product& product, const Expression& like) {
    Scaled parts;
    parts.scale.coefficient = product.coefficient;
    for (const Factor& factor : product.factors) {
        const bool scale = is_scale({like.records(), factor.base}, like);
        (scale ? parts.scale : parts.rest).factors.push_back(factor);
    }
    return parts;
}

Var build(const Product& product, const Expression& like) {
    Records& records = like.records();
    std::optional<Var> above, below, scale_above, scale_below;
    for (const Factor& f : product.factors) {
        const bool scale = is_scale({records, f.base}, like);
        append(f.power > 0 ? (scale ? scale_above : above) : (scale ? scale_below : below),
               raised(records.var(f.base), std::abs(f.power)));
    }

    long double coefficient = product.coefficient;
    const auto take_number = [&] {
        const Var number = Operand(coefficient).on(records.shared_from_this());
        coefficient = 1;
        return number;
    };
    std::optional<Var> scale = scale_above;
    if (scale && std::abs(coefficient) != 1) scale = take_number() * *scale;
    if (scale_below) scale = (scale ? *scale : take_number()) / *scale_below;
    if (!scale && (std::abs(coefficient) != 1 || (!above && !below))) scale = take_number();
    std::optional<Var> rest = above;
    if (below) {
        if (!rest && scale) {
            rest = *scale / *below;
            scale.reset();
        } else {
            rest = (rest ? *rest : take_number()) / *below;
        }
    }
    Var result = scale && rest ? *scale * *rest : scale ? *scale : *rest;
    if (coefficient == -1) result = -result;
    return with_shape_of(result, like);
}

} // namespace xtape
