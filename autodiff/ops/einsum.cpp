#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops/einsum.hpp>
#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/ops/strided.hpp>
#include <xtape/autodiff/ops/subscripts.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

namespace xtape {
namespace {

using detail::Strides;
using detail::Subscripts;

/// What the operation is recorded with: its subscripts, and the dimension of each of their letters.
Subscripts subscripts_of(const Attributes& attributes) {
    return Subscripts::from_string(attributes.get<std::string>("subscripts"));
}

Var record_einsum(const Subscripts& subscripts, const std::string& letters, const std::vector<Dim>& dims,
                  std::span<const Var> operands);

/// How far apart neighbours along each letter are in an array whose axes bear the letters of `term`.
Strides strides_along(const std::string& letters, const std::string& term, const Extents& extents) {
    const Strides own = detail::row_major_strides(extents);
    Strides strides(letters.size(), 0);
    for (std::size_t axis = 0; axis < term.size(); ++axis)
        strides[letters.find(term[axis])] += own[axis];
    return strides;
}

/// Adds to every entry of the result the products of the operands' entries that have its letters: one loop
/// per letter, the summed ones innermost.
template <class T>
void contract(Call<T>& call) {
    const Subscripts subscripts = subscripts_of(call.attributes());
    const std::string letters = subscripts.letters();
    Extents extents;
    for (const Dim& dim : call.attributes().shape("dims").dims())
        extents.push_back(call.extent(dim));
    const Strides result = strides_along(letters, subscripts.result, call.extents());
    std::vector<Strides> strides;
    std::vector<const T*> from;
    for (std::size_t k = 0; k < call.size(); ++k) {
        strides.push_back(strides_along(letters, subscripts.terms[k], call.operand(k).extents()));
        from.push_back(call.operand(k).template data<T>());
    }
    T* to = call.allocate();
    std::vector<std::size_t> position(letters.size(), 0);
    for (std::size_t left = size_of(extents); left > 0; --left) {
        T product = 1;
        for (const T* entry : from)
            product *= *entry;
        *to += product;
        for (std::size_t i = letters.size(); i-- > 0;) {
            const bool next = ++position[i] < extents[i];
            const auto steps = next ? 1 : 1 - static_cast<std::ptrdiff_t>(extents[i]);
            to += steps * result[i];
            for (std::size_t k = 0; k < from.size(); ++k)
                from[k] += steps * strides[k][i];
            if (next) break;
            position[i] = 0;
        }
    }
}

/// Attributes for a sample: subscripts in their full form, and the extents of their letters.
Attributes of(const std::string& subscripts, const Extents& extents) {
    return {{"subscripts", subscripts}, {"dims", Shape(extents)}};
}

const Op einsum_op =
    operation("xtape::einsum")
        .any_number_of(Kind::real)
        .shape([](const Signature& s) {
            const Subscripts subscripts = subscripts_of(s.attributes());
            const std::string letters = subscripts.letters();
            std::vector<Dim> dims;
            for (const char letter : subscripts.result)
                dims.push_back(s.attributes().shape("dims")[letters.find(letter)]);
            return Shape(std::move(dims));
        })
        .forward([](auto& call) { contract(call); })
        // The operand gives way to the cotangent: its letters are the result, those of the result a term.
        .vjp_each([](const Pullback& p, std::size_t k) {
            Subscripts subscripts = subscripts_of(p.attributes());
            const std::string before = subscripts.letters();
            std::swap(subscripts.result, subscripts.terms[k]);
            const std::string letters = subscripts.letters();
            std::vector<Dim> dims;
            for (const char letter : letters)
                dims.push_back(p.attributes().shape("dims")[before.find(letter)]);
            std::vector<Var> operands = p.inputs();
            operands[k] = p.cotangent();
            return record_einsum(subscripts, letters, dims, operands);
        })
        .notation(R"(einsum("{subscripts}", {…}))", R"(\operatorname{einsum}_{\text{{subscripts}}}({…}))")
        .samples([](Draw& draw) {
            return std::vector<Sample>{
                {{draw.reals({2, 3}), draw.reals({3, 4})}, of("ij,jk->ik", {2, 4, 3})},
                {{draw.reals({2, 3, 1}), draw.reals({2, 1, 2})}, of("bij,bjk->bik", {2, 3, 2, 1})},
                {{draw.reals({3}), draw.reals({3, 2}), draw.reals({2})}, of("i,ij,j->", {3, 2})},
                {{draw.reals({3, 3})}, of("ii->i", {3})},
                {{draw.reals({2, 2, 3})}, of("iij->j", {3, 2})},
                {{draw.reals({3})}, of("i->ii", {3})},
                {{draw.reals({3})}, of("i->ji", {2, 3})},
                {{draw.reals({}), draw.reals({1})}, of(",i->i", {1})},
                {{draw.reals({2, 0}), draw.reals({0, 3})}, of("ij,jk->ik", {2, 3, 0})},
                {{draw.reals({0, 2})}, of("ij->ji", {2, 0})}};
        });

const Op einsum_list[] = {einsum_op};

Var record_einsum(const Subscripts& subscripts, const std::string& letters, const std::vector<Dim>& dims,
                  std::span<const Var> operands) {
    std::vector<Dim> own;
    for (const char letter : subscripts.letters())
        own.push_back(dims[letters.find(letter)]);
    return record_all(einsum_op, operands,
                      {{"subscripts", subscripts.to_string()}, {"dims", Shape(std::move(own))}})[0];
}

/// The operands on the one tape of the Vars among them.
std::vector<Var> on_one_tape(const std::vector<Operand>& operands, const std::shared_ptr<Records>& records) {
    std::vector<Var> vars;
    for (const Operand& operand : operands) {
        vars.push_back(operand.on(records, Kind::real));
        if (vars.back().records() != records)
            throw VarError(
                fmt::format("einsum: {} is on another tape than the first operand. Record both on one.",
                            vars.back().to_string()));
    }
    return vars;
}

/// An operand without those axes of extent one that the ellipsis broadcasts; its term loses their letters.
Var without_ones(const Var& x, std::string& term, const std::string& ellipsis, const std::string& letters,
                 const std::vector<Dim>& dims) {
    Axes ones;
    std::string kept;
    for (std::size_t axis = 0; axis < term.size(); ++axis) {
        const bool broadcasts = ellipsis.find(term[axis]) != std::string::npos && x.shape()[axis].is_one() &&
                                !dims[letters.find(term[axis])].is_one();
        if (broadcasts)
            ones.push_back(static_cast<std::int64_t>(axis));
        else
            kept += term[axis];
    }
    term = kept;
    return ones.empty() ? x : squeeze(x, ones);
}

} // namespace

Var einsum(const std::string& subscripts, const std::vector<Operand>& operands) {
    const auto first = std::ranges::find_if(operands, [](const Operand& x) { return x.var() != nullptr; });
    if (first == operands.end())
        throw VarError("einsum: none of its operands is on a tape. Make one with tape.constant(value).");
    const std::shared_ptr<Records>& records = first->var()->records();
    Transaction transaction(*records);
    std::vector<Var> vars = on_one_tape(operands, records);
    auto [parsed, ellipsis, dims] = detail::parse_subscripts(subscripts, vars);
    const std::string letters = parsed.letters();
    for (std::size_t k = 0; k < vars.size(); ++k)
        vars[k] = without_ones(vars[k], parsed.terms[k], ellipsis, letters, dims);
    while (vars.size() > 2) {
        Subscripts pair{{parsed.terms[0], parsed.terms[1]}, ""}, rest = parsed;
        rest.terms.erase(rest.terms.begin(), rest.terms.begin() + 2);
        for (const char letter : pair.letters()) // what comes later needs it
            if (rest.letters().find(letter) != std::string::npos) pair.result += letter;
        const Var product = record_einsum(pair, letters, dims, std::span(vars).first(2));
        parsed.terms.erase(parsed.terms.begin());
        parsed.terms[0] = pair.result;
        vars.erase(vars.begin());
        vars[0] = product;
    }
    Var result = record_einsum(parsed, letters, dims, vars);
    transaction.done();
    return result;
}

std::span<const Op> einsum_ops() { return einsum_list; }

} // namespace xtape
