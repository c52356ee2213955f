#pragma once

/// Training a recorded network: its gradient is recorded and compiled once, then run batch after batch.

#include <xtape/autodiff/error.hpp>
#include <xtape/nn/dataset.hpp>
#include <xtape/nn/network.hpp>
#include <xtape/nn/optimisers.hpp>

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

namespace xtape::nn {

/// Training that cannot go on: a cost, a gradient or a parameter is NaN or infinite.
struct TrainingError : Error {
    using Error::Error;
};

/// What is known after one pass through the training examples. Costs are the network's J over the whole set,
/// L2 included; accuracies are fractions. All are those of the parameters at the end of the epoch.
struct Epoch {
    std::size_t epoch = 0; ///< 1, 2, …
    double cost = 0;
    std::optional<double> accuracy, validation_cost, validation_accuracy; ///< where they were asked for
    double seconds = 0; ///< wall time of the epoch, its evaluation included
};

struct TrainingOptions {
    Optimiser optimiser = GradientDescent(0.1); ///< copied: each training begins with its state here
    std::size_t epochs = 100;                   ///< at most
    std::size_t batch_size = 0;                 ///< 0: all examples in one batch, in their order
    std::uint64_t seed = 1;                     ///< of the shuffle before each epoch, where there are batches
    bool accuracy = true;                       ///< to be reported; false where Y is not classes
    const Dataset* validation = nullptr;        ///< examples that are only looked at

    /// Stop after so many epochs in a row whose validation cost is not below the lowest before them by more
    /// than min_delta; the parameters become those of the epoch with the lowest validation cost, whether it
    /// stopped early or not. 0: never.
    std::size_t patience = 0;
    double min_delta = 0;

    /// Called after each epoch; training ends where it returns false. What it records on the network's tape
    /// is taken back when training ends, and what it assigns to a parameter that is not frozen is lost in the
    /// next step.
    std::function<bool(const Epoch&)> callback = {};
};

struct History {
    std::vector<Epoch> epochs;
    std::size_t kept = 0; ///< the epoch whose parameters were kept; 0 for those before training

    /// One row for each epoch; columns for what was asked for: epoch, cost, accuracy, validation_cost,
    /// validation_accuracy, seconds. Throws DataError where the file cannot be written.
    void write_csv(const std::filesystem::path& path) const;
};

/// Trains `parameters`, with which `network` was recorded. Forward and backward are a Program of T (the
/// reference for long double), so that a cost whose naive form saturates is trained through its stable one;
/// the parameters and the optimiser's state stay double. The tape is as it was afterwards. The same seed
/// gives the same parameters.
///
/// Parameters that are frozen (`parameters.freeze({"W1", "b1"})`) keep their values to the bit: no gradient
/// is computed for them, and the optimiser does not see them. They count in the cost's L2 as before. To
/// freeze others later, train again; a callback must not.
///
/// Throws ArgumentError for no examples, patience without validation, a negative min_delta, a network that
/// was recorded with other parameters, parameters that are all frozen, or labels that are not classes where
/// accuracy is asked for; ShapeError or BindingError where the data are no matrices or do not fit the
/// network; TrainingError, which names the operation in which it arose, where something is NaN or infinite:
/// the parameters are then the last whose cost was finite.
template <std::floating_point T = double>
History train(const Network& network, Parameters& parameters, const Dataset& training,
              const TrainingOptions& options = {});

extern template History train<float>(const Network&, Parameters&, const Dataset&, const TrainingOptions&);
extern template History train<double>(const Network&, Parameters&, const Dataset&, const TrainingOptions&);
extern template History train<long double>(const Network&, Parameters&, const Dataset&,
                                           const TrainingOptions&);

} // namespace xtape::nn
