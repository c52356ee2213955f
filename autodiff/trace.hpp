#pragma once

/// How a function of Vars becomes a Graph, and a Graph becomes records again.

#include <xtape/autodiff/records.hpp>

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace xtape::detail {

/// What a body is called with.
struct Argument {
    Shape shape;
    Kind kind;
    std::string name; ///< how messages call it
};

using Body = std::function<std::vector<Var>(std::span<const Var>)>;

/// A Graph whose inputs are the arguments and then `captured`: the Vars of the outer tape that the body used.
struct Traced {
    Graph graph;
    std::vector<Var> captured;
};

/// Calls the body with placeholders on this tape, takes what it recorded, and leaves the tape as it was, but
/// for the guards of decisions that the body made.
/// `what` is how messages call whoever calls it. Throws VarError where the body returns something that is on
/// another tape, or needs an input or a variable that it recorded itself.
[[nodiscard]] Traced trace(const std::string& what, Records& records, const std::vector<Argument>& arguments,
                           const Body& body);

/// Records what a Graph does to `inputs`, and returns its outputs.
[[nodiscard]] std::vector<Var> unfold(const Graph& graph, std::span<const Var> inputs);

} // namespace xtape::detail
