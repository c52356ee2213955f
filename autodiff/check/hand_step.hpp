#pragma once

/// One step of a derivation by hand: a result as a function of the arrays that the person has nearer to its
/// beginning, on a tape of its own.

#include <xtape/autodiff/evaluate.hpp>
#include <xtape/autodiff/tape.hpp>

#include <string>
#include <utility>
#include <vector>

namespace xtape::detail {

/// A person's array for a result of a tape, from which the next step begins.
struct Given {
    std::string name;
    std::uint32_t id; ///< of the result that it stands for
    AnyArray array;   ///< of the result's shape
    bool deferred;    ///< it is the result times the extents whose division is deferred
};

struct HandStep {
    Tape tape;
    Var right;                     ///< what the step should give
    std::vector<Var> versions;     ///< what other results of the given tape have become
    std::vector<Var> named;        ///< what else has a name, used by the step or not
    std::vector<Var> later;        ///< given arrays made of it, which only updated parameters hold
    std::vector<std::string> uses; ///< the names of the given arrays that the step begins from
    std::vector<std::pair<Var, AnyArray>> bindings; ///< the person's arrays
    std::vector<Dim> extents;  ///< other than one; those by which the cost divides come first
    std::vector<Dim> deferred; ///< the extents by which deferred gradients are not divided
};

/// What a step begins with, the same for all steps of a tape.
struct Beginning {
    Records& records;
    std::uint32_t cost;        ///< what it does not need has no names here either
    std::uint32_t forward_end; ///< results from here on are of the gradient, and have no names here
    std::vector<std::pair<Var, AnyArray>> bindings;
    std::vector<std::uint32_t> deferred; ///< the extents by which deferred gradients are not divided
};

/// How a step is written: as a textbook does, or as the chain rule gives it, with the same factors in the
/// same products.
enum class Form { textbook, chain_rule };

/// The step that gives `root`: repeated from the tape, with the given arrays cut in as inputs.
/// `root_deferred`: times the deferred extents. `versions` of the root are treated like it.
[[nodiscard]] HandStep hand_step(const Beginning& beginning, const Var& root, bool root_deferred,
                                 const std::vector<Given>& given, const std::vector<Var>& versions,
                                 Form form);

/// The right-hand side of an equation, as it is printed.
struct Formula {
    std::string text, latex;
};

/// What a result is made of, everything else by its name.
[[nodiscard]] Formula formula(const Var& result);

/// How a formula calls a result: its name, or what it is made of.
[[nodiscard]] std::string called(const Var& result);

} // namespace xtape::detail
