#include "singles.hpp"

#include <algorithm>
#include <stdexcept>

namespace second_corpus {
namespace {

constexpr const char* bce = "binary-cross-entropy";
constexpr const char* cce = "categorical-cross-entropy";
constexpr const char* squares = "squared-error";
constexpr bool columns = false, rows = true, deferred = false, exact = true;

} // namespace

std::vector<Setting> settings() {
    return {
        {"tanh-bce", "tanh", "sigmoid", bce, {3, 5, 1}, 8, columns, deferred},
        {"sigmoid-bce", "sigmoid", "sigmoid", bce, {4, 6, 2}, 11, columns, deferred},
        {"relu-softmax", "relu", "softmax", cce, {5, 7, 3}, 12, columns, deferred},
        {"softplus-squares", "softplus", "identity", squares, {4, 5, 2}, 9, columns, deferred},
        {"tanh-softmax-rows", "tanh", "softmax", cce, {6, 4, 3}, 10, rows, deferred},
        {"sigmoid-squares-rows-exact", "sigmoid", "identity", squares, {3, 6, 2}, 13, rows, exact},
        {"relu-bce-rows-exact", "relu", "sigmoid", bce, {7, 4, 1}, 15, rows, exact},
        {"softplus-softmax-exact", "softplus", "softmax", cce, {5, 6, 4}, 9, columns, exact},
        {"tanh-bce-l2", "tanh", "sigmoid", bce, {4, 6, 1}, 20, columns, deferred, 0.7, "half-lambda-over-n"},
        {"relu-squares-rows-l2",
         "relu",
         "identity",
         squares,
         {3, 7, 2},
         16,
         rows,
         deferred,
         0.2,
         "half-lambda"},
        {"sigmoid-softmax-exact-l2", "sigmoid", "softmax", cce, {5, 8, 3}, 14, columns, exact, 0.1, "lambda"},
        {"tanh-bce-deep", "tanh", "sigmoid", bce, {6, 5, 4, 1}, 17, columns, deferred},
        {"relu-softmax-deep", "relu", "softmax", cce, {4, 7, 5, 3}, 18, columns, deferred},
        {"softplus-bce-deep-exact", "softplus", "sigmoid", bce, {3, 6, 4, 2}, 10, columns, exact},
        {"sigmoid-squares-deep-rows", "sigmoid", "identity", squares, {5, 4, 6, 2}, 12, rows, deferred},
        {"tanh-softmax-deep-rows",
         "tanh",
         "softmax",
         cce,
         {7, 6, 5, 4},
         40,
         rows,
         exact,
         0.5,
         "half-lambda-over-n"},
        {"tanh-squares-deep-l2",
         "tanh",
         "identity",
         squares,
         {4, 6, 3, 1},
         5,
         columns,
         deferred,
         0.3,
         "lambda"},
        {"relu-bce-deep", "relu", "sigmoid", bce, {6, 8, 5, 1}, 25, columns, deferred},
        // Some mistakes run, or go unseen, only where two sizes are equal; these are.
        {"tanh-bce-n1", "tanh", "sigmoid", bce, {3, 6, 1}, 6, columns, deferred},
        {"softplus-softmax-rows-n1", "softplus", "softmax", cce, {4, 6, 3}, 6, rows, deferred},
        {"sigmoid-bce-deep-n2", "sigmoid", "sigmoid", bce, {3, 4, 7, 1}, 7, columns, deferred},
        {"sigmoid-bce-deep-n1n2", "sigmoid", "sigmoid", bce, {4, 5, 5, 1}, 9, columns, deferred},
        {"tanh-softmax-n1k", "tanh", "softmax", cce, {6, 3, 3}, 11, columns, deferred},
        {"relu-softmax-rows-n1k", "relu", "softmax", cce, {4, 3, 3}, 13, rows, deferred},
        {"sigmoid-squares-n0n1", "sigmoid", "identity", squares, {5, 5, 2}, 8, columns, deferred},
        {"tanh-squares-deep-n1n2", "tanh", "identity", squares, {3, 5, 5, 2}, 5, columns, deferred},
    };
}

std::vector<Case> singles() {
    static constexpr const char* names[] = {"extra_mean",
                                            "missing_mean",
                                            "derivative_transposed",
                                            "z_for_derivative",
                                            "z_for_a",
                                            "gradient_for_weights",
                                            "elementwise_for_matrix",
                                            "matrix_for_elementwise",
                                            "missing_sum",
                                            "wrong_axis",
                                            "dimension_lost",
                                            "sign_flipped",
                                            "not_transposed",
                                            "wrong_layer",
                                            "stale",
                                            "accumulated",
                                            "l2_forgotten",
                                            "l2_extra",
                                            "bias_times_activation",
                                            "other_activation",
                                            "softmax_elementwise",
                                            "forward",
                                            "shape",
                                            "beyond_list"};
    static_assert(std::size(names) == items);
    const std::vector<Setting> all_settings = settings();
    std::vector<Case> result;
    for (const auto& rows_of : {extra_and_missing_means(), derivatives(), products(), biases(), programs(),
                                forwards_and_shapes(), beyond()})
        for (const Row& row : rows_of) {
            const auto setting = std::ranges::find(all_settings, row.setting, &Setting::name);
            if (setting == all_settings.end()) throw std::invalid_argument(row.setting);
            std::string id = setting->name + "/" + name_of(row.mistake.lines[0]) + "/" +
                             names[static_cast<std::size_t>(row.mistake.item)];
            if (std::ranges::find(result, id, &Case::id) != result.end()) id += "/2";
            result.push_back({id, *setting, row.saved, {row.mistake}, row.stops, 1 + result.size()});
        }
    return result;
}

} // namespace second_corpus
