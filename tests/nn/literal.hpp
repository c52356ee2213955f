#pragma once

/// Matrices as literals: xtensor's own braces are ambiguous for a single entry.

#include <xtape/autodiff/array.hpp>

#include <algorithm>
#include <initializer_list>

inline xtape::Array<double> literal(std::initializer_list<std::initializer_list<double>> rows) {
    xtape::Array<double> result(xtape::Extents{rows.size(), rows.begin()->size()});
    auto to = result.storage().begin();
    for (const auto& row : rows)
        to = std::copy(row.begin(), row.end(), to);
    return result;
}
