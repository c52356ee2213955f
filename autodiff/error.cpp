#include <xtape/autodiff/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <numeric>

namespace xtape {

namespace {

/// The candidate that a person who wrote `name` may have meant; empty where none is near.
std::string nearest(const std::string& name, const std::vector<std::string>& candidates) {
    std::string best;
    std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
    for (const std::string& candidate : candidates) {
        // Levenshtein's distance with one row, letters compared without their case.
        std::vector<std::size_t> row(candidate.size() + 1);
        std::iota(row.begin(), row.end(), std::size_t{0});
        for (std::size_t i = 1; i <= name.size(); ++i) {
            std::size_t diagonal = row[0]++;
            for (std::size_t j = 1; j <= candidate.size(); ++j) {
                const bool equal = std::tolower(static_cast<unsigned char>(name[i - 1])) ==
                                   std::tolower(static_cast<unsigned char>(candidate[j - 1]));
                const std::size_t above = row[j];
                row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (equal ? 0 : 1)});
                diagonal = above;
            }
        }
        if (row.back() < best_distance) {
            best_distance = row.back();
            best = candidate;
        }
    }
    return best;
}

} // namespace

void throw_unknown(const std::string& nobody, const std::string& name,
                   const std::vector<std::string>& candidates) {
    const std::string near = nearest(name, candidates);
    throw NameError(
        fmt::format("{} is called {}. There is: {}.{}", nobody, name,
                    candidates.empty() ? "nothing" : fmt::format("{}", fmt::join(candidates, ", ")),
                    near.empty() ? "" : fmt::format(" Did you mean {}?", near)));
}

} // namespace xtape
