#include "corpus.hpp"

#include <algorithm>
#include <stdexcept>

namespace second_corpus {
namespace {

/// The second mistake is made in the setting of the first.
struct Pair {
    const char *first, *second;
    Saved saved;
};

using enum Saved;

constexpr Pair table[] = {
    {"tanh-bce/dZ1/extra_mean", "tanh-bce/dW2/missing_mean", all},
    {"tanh-bce/dZ2/sign_flipped", "tanh-bce/db1/bias_times_activation", all},
    {"tanh-bce/dA1/gradient_for_weights", "tanh-bce/db2/missing_sum", all},
    {"tanh-bce/dW2/missing_mean", "tanh-bce/dZ1/other_activation", textbook},
    {"tanh-bce/Z1/forward", "tanh-bce/dZ1/z_for_a", all},
    {"tanh-bce/dA1/stale", "tanh-bce/dW1/l2_extra", all},
    {"tanh-bce/db2/bias_times_activation", "tanh-bce/dW1/shape", deltas},
    {"tanh-bce/dZ2/sign_flipped", "tanh-bce/dZ1/z_for_a", parameters},
    {"tanh-bce/dW2/elementwise_for_matrix", "tanh-bce/db1/dimension_lost", textbook},
    {"tanh-bce/A2/forward", "tanh-bce/db2/missing_sum", all},
    {"tanh-bce/dZ1/other_activation", "tanh-bce/dW1/l2_extra", textbook},
    {"sigmoid-bce/db2/bias_times_activation", "sigmoid-bce/dZ1/z_for_derivative", all},
    {"sigmoid-bce/A1/forward", "sigmoid-bce/db2/bias_times_activation", textbook},
    {"sigmoid-bce/Z1/forward", "sigmoid-bce/dZ1/other_activation", all},
    {"sigmoid-bce/dZ1/other_activation", "tanh-bce/dW2/missing_mean", parameters},
    {"relu-softmax/dZ2/softmax_elementwise", "relu-softmax/db1/wrong_axis", all},
    {"relu-softmax/A1/forward", "relu-softmax/db2/missing_mean", textbook},
    {"relu-softmax/dW2/shape", "relu-softmax/db1/missing_sum", all},
    {"relu-softmax/dZ2/softmax_elementwise", "tanh-bce/dW2/missing_mean", deltas},
    {"softplus-squares/dZ2/sign_flipped", "softplus-squares/dZ1/other_activation", textbook},
    {"softplus-squares/Z2/forward", "softplus-squares/dZ1/z_for_derivative", all},
    {"softplus-squares/W2/stale", "tanh-bce/db1/bias_times_activation", all},
    {"tanh-softmax-rows/dZ2/softmax_elementwise", "tanh-softmax-rows/db1/shape", all},
    {"tanh-softmax-rows/dA1/stale", "tanh-softmax-rows/db1/extra_mean", all},
    {"tanh-softmax-rows/dZ2/sign_flipped", "tanh-softmax-rows/dW2/l2_extra", parameters},
    {"tanh-softmax-rows/A2/forward", "tanh-softmax-rows/dZ1/z_for_derivative", textbook},
    {"sigmoid-squares-rows-exact/db1/wrong_axis", "sigmoid-squares-rows-exact/dW1/accumulated", all},
    {"sigmoid-squares-rows-exact/dZ2/missing_mean", "sigmoid-squares-rows-exact/db1/wrong_axis", all},
    {"sigmoid-squares-rows-exact/dW1/extra_mean", "sigmoid-squares-rows-exact/dW2/shape", textbook},
    {"relu-bce-rows-exact/dW2/elementwise_for_matrix", "relu-bce-rows-exact/dZ1/wrong_layer", all},
    {"softplus-softmax-exact/dZ2/softmax_elementwise", "softplus-softmax-exact/dZ1/z_for_a", all},
    {"softplus-softmax-exact/db2/extra_mean", "softplus-softmax-exact/dZ1/z_for_a", parameters},
    {"tanh-bce-l2/dW1/l2_forgotten", "tanh-bce-l2/dZ1/z_for_a", all},
    {"tanh-bce-l2/dW2/l2_extra", "tanh-bce/db1/bias_times_activation", textbook},
    {"tanh-bce-l2/dW1/l2_forgotten", "tanh-bce/dZ2/sign_flipped", parameters},
    {"sigmoid-softmax-exact-l2/dZ2/sign_flipped", "sigmoid-softmax-exact-l2/dW2/l2_forgotten", all},
    {"sigmoid-softmax-exact-l2/dZ1/other_activation", "sigmoid-softmax-exact-l2/dW2/l2_forgotten",
     parameters},
    {"relu-squares-rows-l2/dW2/missing_mean", "relu-squares-rows-l2/dW1/l2_extra", all},
    {"tanh-bce-deep/dZ2/wrong_layer", "tanh-bce-deep/db2/wrong_axis", all},
    {"tanh-bce-deep/dZ2/extra_mean", "tanh-bce-deep/dZ1/other_activation", all},
    {"tanh-bce-deep/db3/bias_times_activation", "tanh-bce-deep/dW1/missing_mean", textbook},
    {"tanh-bce-deep/dZ1/z_for_a", "tanh-bce-deep/db3/dimension_lost", parameters},
    {"relu-softmax-deep/dZ3/softmax_elementwise", "relu-softmax-deep/dZ1/other_activation", parameters},
    {"relu-softmax-deep/dA2/gradient_for_weights", "relu-softmax-deep/db3/l2_extra", all},
    {"relu-softmax-deep/dZ2/z_for_derivative", "relu-softmax-deep/db3/dimension_lost", textbook},
    {"relu-softmax-deep/Z3/forward", "relu-softmax-deep/dA2/stale", all},
    {"softplus-bce-deep-exact/dZ2/other_activation", "softplus-bce-deep-exact/db2/bias_times_activation",
     all},
    {"softplus-bce-deep-exact/db3/missing_sum", "softplus-bce-deep-exact/dW1/shape", textbook},
    {"sigmoid-squares-deep-rows/dW3/wrong_layer", "sigmoid-squares-deep-rows/dZ2/other_activation", all},
    {"sigmoid-squares-deep-rows/dA1/gradient_for_weights",
     "sigmoid-squares-deep-rows/db1/bias_times_activation", deltas},
    {"relu-bce-deep/dA1/extra_mean", "relu-bce-deep/db3/dimension_lost", all},
    {"relu-bce-deep/dZ1/z_for_derivative", "relu-bce-deep/db1/wrong_axis", textbook},
    {"tanh-squares-deep-l2/db3/missing_mean", "tanh-squares-deep-l2/dW3/l2_forgotten", all},
    {"tanh-softmax-deep-rows/dZ2/z_for_a", "tanh-softmax-deep-rows/dW3/l2_forgotten", all},
    {"sigmoid-bce-deep-n1n2/dA1/not_transposed", "sigmoid-bce-deep-n1n2/dZ2/wrong_layer", all},
    {"tanh-softmax-n1k/dA1/not_transposed", "tanh-bce/dW1/l2_extra", textbook},
};

} // namespace

std::vector<Case> pairs() {
    const std::vector<Case> alone = singles();
    const auto find = [&](const char* id) -> const Case& {
        const auto it = std::ranges::find(alone, id, &Case::id);
        if (it == alone.end()) throw std::invalid_argument(id);
        return *it;
    };
    std::vector<Case> result;
    for (const Pair& pair : table) {
        const Case &first = find(pair.first), &second = find(pair.second);
        Case both{first.id + " + " + second.id,
                  first.setting,
                  pair.saved,
                  {first.mistakes[0], second.mistakes[0]},
                  false,
                  1001 + result.size()};
        // An alternative may rest on what is saved, or be at odds with the other mistake.
        for (std::size_t i = 0; i < 2; ++i)
            std::erase_if(both.mistakes[i].alternatives,
                          [&](const Lines& lines) { return !both.is_explained_by(i, lines); });
        result.push_back(std::move(both));
    }
    return result;
}

} // namespace second_corpus
