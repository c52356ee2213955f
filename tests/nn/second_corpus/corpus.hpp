#pragma once

/// A second corpus of wrong hand-derived gradients, for judging verify's diagnoses: written by somebody who
/// had not seen the code that makes them, and before it was run on any of this.
///
/// A student's program is its lines in the textbook's notation (formula.hpp), of which a mistake replaces
/// some; everything downstream is then computed from the wrong arrays, as it would be in the student's hands.

#include "formula.hpp"
#include <xtape/autodiff/any_array.hpp>

#include <cstdint>
#include <utility>
#include <vector>

namespace second_corpus {

struct Setting {
    std::string name;
    std::string hidden, output, loss; ///< as `xtape verify` calls them
    std::vector<std::size_t> nodes;   ///< n_0, n_1, …, n_L
    std::size_t n;                    ///< examples
    bool rows = false;                ///< X is (n × n_0), W_l is (n_{l−1} × n_l), b_l is (1 × n_l)
    bool exact = false; ///< dZ is ∂J/∂Z; else the textbook's n ∂J/∂Z, with 1/n in dW and db
    double lambda = 0;  ///< L2, with what it stands for as `xtape verify` calls it
    std::string convention = {};
    double scale = 1; ///< of weights and biases

    [[nodiscard]] std::size_t layers() const { return nodes.size() - 1; }
};

/// The kinds of mistakes that people really make in manual backpropagation.
enum class Item {
    extra_mean,             ///< 1/n where none belongs, or twice
    missing_mean,           ///< no 1/n
    derivative_transposed,  ///< g′(Z)ᵀ
    z_for_derivative,       ///< Z instead of g′(Z)
    z_for_a,                ///< 1 − Z² for 1 − A²; g′ of the wrong one of Z and A
    gradient_for_weights,   ///< dW where W belongs
    elementwise_for_matrix, ///< elementwise product for a matrix product
    matrix_for_elementwise, ///< and the reverse
    missing_sum,            ///< no sum over the examples in db
    wrong_axis,             ///< a sum over the nodes, or over everything
    dimension_lost,         ///< the kept dimension lost
    sign_flipped,           ///< Y − A
    not_transposed,         ///< W for Wᵀ, and the reverse
    wrong_layer,            ///< another layer's activation
    stale,                  ///< a parameter updated before its gradient was used
    accumulated,            ///< gradients of several calls added up
    l2_forgotten,
    l2_extra,              ///< L2 where none belongs, twice, or in another convention
    bias_times_activation, ///< the gradient of a bias multiplied by an activation
    other_activation,      ///< σ′ for tanh′, the reverse, and their like
    softmax_elementwise,   ///< softmax differentiated as if it were elementwise
    forward,               ///< the forward pass is not the network's
    shape,                 ///< right numbers, transposed, flattened or (k,)-shaped
    beyond_list,           ///< none of the above; not counted among the singles that are asked for
};
inline constexpr std::size_t items = static_cast<std::size_t>(Item::beyond_list) + 1;

using Lines = std::vector<std::string>; ///< "dZ1 = dA1 * (1 - A1^2)"

struct Mistake {
    Item item;
    Lines lines;       ///< the wrong lines
    std::string cause; ///< in plain words
    /// Other lines that leave the same saved arrays on any data, or equations that hold between them: a
    /// diagnosis may just as well say one of these. Not listed is what only multiplies out, reorders, or puts
    /// in the numbers that n and lambda are.
    std::vector<Lines> alternatives = {};
};

/// What the student saves beside X, Y, W, b, dW and db.
enum class Saved {
    all,
    textbook,   ///< Z, A and dZ
    deltas,     ///< dZ
    parameters, ///< nothing
};

struct Case {
    std::string id; ///< setting/culprit/item
    Setting setting;
    Saved saved = Saved::all;
    std::vector<Mistake> mistakes = {}; ///< none, one or two
    bool stops = false;                 ///< shapes disagree at some line, and the rest is never computed
    std::uint64_t seed = 1;

    /// The names of the arrays whose lines are wrong.
    [[nodiscard]] std::vector<std::string> culprits() const;

    /// Every array of the student's program, saved or not.
    [[nodiscard]] Memory run() const;

    [[nodiscard]] bool saves(std::string_view name) const;

    /// What is in the student's file: nn::save_npz(path, arrays()).
    [[nodiscard]] std::vector<std::pair<std::string, xtape::AnyArray>> arrays() const;

    /// The equations that are wrong as far as the saved arrays can show: of each saved array whose equation
    /// in terms of saved arrays is not that of the right program, that equation. Where the culprit is saved
    /// this is its wrong line; where it is not, the line stands inside the equations of those made from it.
    [[nodiscard]] Lines wrong_equations() const;

    /// True where other lines in place of one mistake's leave the same saved arrays, or hold between them.
    [[nodiscard]] bool is_explained_by(std::size_t mistake, const Lines& alternative) const;

    /// `--hidden tanh --output sigmoid …` for `xtape verify`.
    [[nodiscard]] std::string options() const;
};

/// X, Y, W and b, and n and lambda.
[[nodiscard]] Memory start(const Setting& setting, std::uint64_t seed);

/// The student's program with these lines in place of the right ones. A line for an array that is no line
/// of the right program (W2, X) is done last, before saving.
[[nodiscard]] Lines program(const Setting& setting, const Lines& wrong = {});

/// Runs a program as far as shapes agree. Returns whether that is all of it.
bool run(Memory& memory, const Lines& program);

/// The cost from the last Z rather than A, so that nothing cancels.
[[nodiscard]] std::string cost(const Setting& setting);

/// dW1 of "dW1 = dZ1 X^T", and the rest.
[[nodiscard]] std::string name_of(const std::string& line);
[[nodiscard]] std::string formula_of(const std::string& line);

[[nodiscard]] std::vector<Setting> settings();
[[nodiscard]] std::vector<Case> singles();
[[nodiscard]] std::vector<Case> pairs();

/// Right gradients over random settings, sizes from 1, weights from 1e-3 to 3.
[[nodiscard]] std::vector<Case> right(std::size_t count = 1000, std::uint64_t seed = 2026);

} // namespace second_corpus
