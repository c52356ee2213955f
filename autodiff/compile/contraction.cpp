#include <xtape/autodiff/compile/contraction.hpp>
#include <xtape/autodiff/ops.hpp>
#include <xtape/autodiff/ops/subscripts.hpp>

#include <algorithm>

namespace xtape::detail {
namespace {

bool has(const std::string& letters, char letter) { return letters.find(letter) != std::string::npos; }

bool repeats(const std::string& letters) {
    return std::ranges::any_of(letters, [&](char letter) { return std::ranges::count(letters, letter) > 1; });
}

/// The letters that f picks.
template <class F>
std::string picked(const std::string& letters, F f) {
    std::string result;
    std::ranges::copy_if(letters, std::back_inserter(result), f);
    return result;
}

/// An array whose axes bear letters.
struct Lettered {
    Var array;
    std::string letters;

    [[nodiscard]] Dim dim(char letter) const { return array.shape()[letters.find(letter)]; }

    /// Without the letters that no other term and not the result has.
    [[nodiscard]] Lettered summed(const std::string& wanted) const {
        Axes axes;
        for (std::size_t axis = 0; axis < letters.size(); ++axis)
            if (!has(wanted, letters[axis])) axes.push_back(static_cast<std::int64_t>(axis));
        return axes.empty()
                   ? *this
                   : Lettered{sum(array, axes), picked(letters, [&](char c) { return has(wanted, c); })};
    }

    [[nodiscard]] Var in_order(const std::string& order) const {
        Axes axes;
        for (const char letter : order)
            axes.push_back(static_cast<std::int64_t>(letters.find(letter)));
        return order == letters ? array : transpose(array, axes);
    }
};

/// The one axis that stands for several; none where that is of an extent that nobody knows yet.
std::optional<Dim> merged(const Lettered& term, const std::string& letters) {
    if (letters.size() == 1) return term.dim(letters[0]);
    std::size_t extent = 1;
    for (const char letter : letters) {
        if (!term.dim(letter).sized()) return {};
        extent *= term.dim(letter).extent();
    }
    return Dim(extent);
}

} // namespace

Var contraction(const Records& records, const Record& record, const std::vector<Var>& operands) {
    if (operands.size() != 2) return {};
    const auto subscripts =
        Subscripts::from_string(records.attributes(record).get<std::string>("subscripts"));
    const std::string& result = subscripts.result;
    if (repeats(result) || repeats(subscripts.terms[0]) || repeats(subscripts.terms[1])) return {};
    if (!picked(result, [&](char c) {
             return !has(subscripts.terms[0], c) && !has(subscripts.terms[1], c);
         }).empty())
        return {};
    Lettered a = Lettered{operands[0], subscripts.terms[0]}.summed(subscripts.terms[1] + result),
             b = Lettered{operands[1], subscripts.terms[1]}.summed(subscripts.terms[0] + result);
    // What is adjacent in the result is a row of the product.
    if (!result.empty() && !has(b.letters, result.back())) std::swap(a, b);
    const std::string both = picked(result, [&](char c) { return has(a.letters, c) && has(b.letters, c); }),
                      left = picked(result, [&](char c) { return !has(b.letters, c); }),
                      right = picked(result, [&](char c) { return !has(a.letters, c); }),
                      inner = picked(a.letters, [&](char c) { return !has(result, c); });
    if (left.empty() && right.empty()) // one product for each entry of the result: a sum within a loop
        return Lettered{a.in_order(both + inner) * b.in_order(both + inner), both + inner}
            .summed(result)
            .in_order(result);
    const auto rows = merged(a, left), columns = merged(b, right), between = merged(a, inner);
    if (!rows || !columns || !between) return {};
    std::vector<Dim> leading;
    for (const char letter : both)
        leading.push_back(a.dim(letter));
    const auto with = [&](std::initializer_list<Dim> dims) {
        std::vector<Dim> all = leading;
        all.insert(all.end(), dims);
        return Shape(std::move(all));
    };
    const Var product = matmul(reshape(a.in_order(both + left + inner), with({*rows, *between})),
                               reshape(b.in_order(both + inner + right), with({*between, *columns})));
    std::vector<Dim> dims = leading;
    for (const char letter : left)
        dims.push_back(a.dim(letter));
    for (const char letter : right)
        dims.push_back(b.dim(letter));
    return Lettered{reshape(product, Shape(std::move(dims))), both + left + right}.in_order(result);
}

} // namespace xtape::detail
