#pragma once

/// The rows of the list of single mistakes, by where they are made.

#include "corpus.hpp"

namespace second_corpus {

using enum Item;
using enum Saved;

struct Row {
    const char* setting;
    Saved saved;
    Mistake mistake;
    bool stops = false;
};

// singles_backward.cpp: one step of the derivation is wrong.
[[nodiscard]] std::vector<Row> extra_and_missing_means();
[[nodiscard]] std::vector<Row> derivatives();
[[nodiscard]] std::vector<Row> products();
[[nodiscard]] std::vector<Row> biases();

// singles_elsewhere.cpp: all else is wrong.
[[nodiscard]] std::vector<Row> programs();
[[nodiscard]] std::vector<Row> forwards_and_shapes();
/// Not in the list of real mistakes: what does the doctor say of what it may not know?
[[nodiscard]] std::vector<Row> beyond();

} // namespace second_corpus
