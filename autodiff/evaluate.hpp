#pragma once

#include <xtape/autodiff/op.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace xtape {

class Cell;
struct Record;

/// Where a NaN or an infinity first arose; see `Evaluation::first_nonfinite`.
struct NonFinite {
    Var var;             ///< the result in which it arose
    std::size_t count;   ///< how many of its entries are not finite
    Extents position;    ///< the first of them
    std::string message; ///< what, where, and why, in a sentence
};

/// The reference: one operation at a time, row by row, in plain loops over row-major arrays, in float, double
/// or long double. It holds bindings and remembered values outside the tape, so several may use one tape at
/// once (from several threads too, while none records). A bound array that is a named row-major container of
/// T is not copied and must outlive the evaluation or its next binding; everything else is copied once when
/// it is bound. An array that is changed in place after it was bound is seen after `forget()` or the next
/// `bind`.
template <std::floating_point T>
class Evaluation {
public:
    Evaluation() = default;
    Evaluation(std::initializer_list<Binding> bindings);

    /// Gives an input its array, or a variable one that this evaluation takes in place of the variable's own;
    /// remembered values are forgotten. An unsized dimension takes its extent from it. Throws BindingError
    /// where `leaf` is neither, or the array's rank, extents or element type do not fit.
    Evaluation& bind(const Var& leaf, AnyArray array);

    /// What a Var holds, computed from the inputs and variables that it needs and remembered. Masks and
    /// indices come as numbers. Throws BindingError, naming it, where an input has no array.
    [[nodiscard]] Array<T> value(const Var& var);

    /// The same without a copy: owned by the evaluation, and valid until the next `bind`, `forget` or change
    /// of a variable (or the next evaluation, while bound arrays differ in an unsized dimension).
    [[nodiscard]] const AnyArray& array(const Var& var);

    /// The one entry of a Var that has one.
    [[nodiscard]] T item(const Var& var);

    /// Where a NaN or an infinity first arose among what `var` needs: an entry that is not finite though all
    /// that it was computed from is; else a leaf that holds one; empty where all is finite. An infinity that
    /// a program put there on purpose is thus not blamed for another one.
    [[nodiscard]] std::optional<NonFinite> first_nonfinite(const Var& var);

    /// Forgets remembered values, to free their memory; bindings stay.
    void forget();

    /// From now on every entry that an operation reads is multiplied by 1 + unit · u, with u uniform in [−1,
    /// 1] from this seed: Monte Carlo arithmetic (Parker 1997), which shows how far rounding moves a result.
    /// 0 turns it off.
    void perturb(T unit, std::uint64_t seed);

private:
    struct Held {
        std::uint64_t serial;
        AnyArray array;
    };
    struct Needed {
        std::vector<std::uint32_t> records; ///< ascending
        std::vector<std::uint32_t> inputs;  ///< ids of the inputs among them
    };

    const AnyArray& evaluate(const Var& var);
    [[nodiscard]] Needed needed(const Records& records, std::uint32_t id) const;
    [[nodiscard]] Environment environment(const Records& records, const Needed& needed) const;
    void compute(const Records& records, std::uint32_t index, const Environment& environment);
    [[nodiscard]] AnyArray leaf(const Records& records, std::uint32_t id);
    [[nodiscard]] AnyArray perturbed(const AnyArray& array);
    void use(const std::shared_ptr<Records>& records);
    [[nodiscard]] std::string bound_names(const Records& records) const;
    [[nodiscard]] bool differ() const;

    std::shared_ptr<Records> records_;
    std::unordered_map<std::uint32_t, Held> bindings_;
    std::unordered_map<std::uint32_t, Held> values_;
    /// By the id of their leaf: the cells that remembered values were computed from, and their versions.
    std::unordered_map<std::uint32_t, std::pair<std::shared_ptr<Cell>, std::uint64_t>> cells_;
    bool ambiguous_ = false; ///< bound arrays give one unsized dimension different extents
    T unit_ = 0;
    Draw draw_{0};
};

extern template class Evaluation<float>;
extern template class Evaluation<double>;
extern template class Evaluation<long double>;

} // namespace xtape
