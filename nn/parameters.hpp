#pragma once

/// What a network learns, outside any tape.

#include <xtape/autodiff/tape.hpp>

#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace xtape::nn {

/// A named set of arrays of double that tapes share: every tape on which one is recorded, and every
/// evaluation of those, sees what is assigned here. It keeps the order in which they were added.
///
/// Those that are frozen are no part of the flat vector, so that neither `train`, nor `step`, nor an
/// optimiser of your own moves them, whatever it remembers or decays.
///
/// A copy has arrays of its own, which no tape shares yet, and the same ones are frozen.
class Parameters {
public:
    Parameters() = default;
    Parameters(const Parameters& other);
    Parameters& operator=(const Parameters& other);
    Parameters(Parameters&&) noexcept = default;
    Parameters& operator=(Parameters&&) noexcept = default;
    ~Parameters() = default;

    /// Adds a copy of an array of numbers. Throws NameError where the name is empty or taken.
    void add(const std::string& name, const AnyArray& array);

    /// In the order in which they were added.
    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
    [[nodiscard]] bool contains(const std::string& name) const { return cells_.contains(name); }

    /// A copy of the array. Throws NameError, suggesting the nearest name.
    [[nodiscard]] Array<double> operator[](const std::string& name) const;

    /// The array itself, as tapes share it. Throws NameError.
    [[nodiscard]] const std::shared_ptr<xtape::Cell>& cell(const std::string& name) const;

    /// Replaces an array. Throws NameError; ShapeError where the shape is another.
    void assign(const std::string& name, const AnyArray& array);

    /// From now on these keep their values, but for what `assign` gives them: `parameters.freeze({"W1",
    /// "b1"})`. Throws NameError, suggesting the nearest name; none of them is frozen then.
    void freeze(const std::vector<std::string>& names);

    /// Takes that back. Throws NameError as freeze does.
    void unfreeze(const std::vector<std::string>& names);

    /// Throws NameError, suggesting the nearest name.
    [[nodiscard]] bool frozen(const std::string& name) const;

    /// How many numbers there are in all arrays together that are not frozen.
    [[nodiscard]] std::size_t count() const;

    /// All numbers that are not frozen as one vector (count()), for an optimiser of your own: array after
    /// array in the order of names(), each row by row.
    [[nodiscard]] Array<double> flat() const;

    /// The same of a gradient for each array, of its shape, in the order of names(); those of frozen ones are
    /// left out. Throws ShapeError where one is missing or has another shape.
    [[nodiscard]] Array<double> flat(const std::vector<Array<double>>& gradients) const;

    /// Replaces all arrays that are not frozen by what flat() gave. Throws ShapeError unless there are
    /// count() numbers; nothing is replaced then.
    void assign_flat(std::span<const double> values);
    template <XtensorExpression E>
    void assign_flat(const E& values) {
        const Array<double> numbers = AnyArray(values).to<double>();
        assign_flat(std::span(numbers.data(), numbers.size()));
    }

    /// Every array as a Var of its shape, cut out of a flat Var as flat() lays it out; a frozen one is a
    /// constant of the values that it has now. So a function of all parameters is one of a vector, and has
    /// the derivatives of such:
    ///
    ///     const auto cost = [&](const Var& theta) {
    ///         auto p = parameters.unflatten(theta);
    ///         return mean(square(p["W2"] * tanh(matmul(p["W1"], X) + p["b1"]) - Y));
    ///     };
    ///     auto [J, dJ] = value_and_grad(cost)(parameters.flat()); // dJ: (count())
    ///
    /// Throws ShapeError unless the Var is (count()).
    [[nodiscard]] std::map<std::string, Var> unflatten(const Var& flat) const;

    /// The array as a variable of its name on a tape, its dimensions named: `{"n1", "n0"}`. Throws NameError,
    /// and as Tape::variable does.
    Var record(Tape& tape, const std::string& name, const std::vector<std::string>& dims = {}) const;

private:
    [[nodiscard]] bool moves(const std::string& name) const { return !frozen_.contains(name); }

    std::vector<std::string> names_;
    std::map<std::string, std::shared_ptr<xtape::Cell>> cells_;
    std::set<std::string> frozen_;
};

} // namespace xtape::nn
