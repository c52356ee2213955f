#pragma once

/// Judges what `xtape verify` says of wrong gradients, by numbers: the equation that it says is the person's
/// is evaluated on other data and must give what the wrong line gives there. Wording plays no part where
/// there is an equation.

#include "corpus.hpp"

#include <functional>
#include <optional>
#include <read.hpp>
#include <string>
#include <vector>

namespace judge {

using second_corpus::Matrix;
using second_corpus::Memory;

/// What is said of one array that is wrong by itself.
struct Finding {
    std::string array;
    std::vector<std::string> causes; ///< none: unexplained
    std::string equation;            ///< the person's by the first cause, without the name; empty where none
};

/// What the command says of one file.
struct Answer {
    int status = -1;
    std::string error;              ///< where the file cannot be used
    std::vector<std::string> wrong; ///< the arrays that FAIL
    std::vector<Finding> findings;

    [[nodiscard]] std::string text() const;
};

/// A file that the command is to verify.
struct File {
    std::vector<std::pair<std::string, xtape::AnyArray>> arrays;
    std::string options;
};

/// Saves the files and runs `xtape verify --json` on them, once for each set of options.
[[nodiscard]] std::vector<Answer> verified(const std::vector<File>& files);

/// True where a finding, by its first cause, gives this value on other data; `right` is the right one there.
/// A cause without an equation is one of three: transposed, of another shape, zero.
[[nodiscard]] bool gives(const Finding& finding, const Memory& data, const Matrix& right,
                         const Matrix& value);

} // namespace judge
