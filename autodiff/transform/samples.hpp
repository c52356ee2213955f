#pragma once

/// What checks call call, map and scan with: recorded functions of entries and of matrices, with one result
/// and with two, with Vars from outside and with none.

#include <xtape/autodiff/sample.hpp>

namespace xtape::detail {

[[nodiscard]] std::vector<Sample> call_samples(Draw& draw);
[[nodiscard]] std::vector<Sample> map_samples(Draw& draw);
[[nodiscard]] std::vector<Sample> scan_samples(Draw& draw);

} // namespace xtape::detail
