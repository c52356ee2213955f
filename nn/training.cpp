#include <xtape/autodiff/evaluate.hpp>
#include <xtape/autodiff/gradient.hpp>
#include <xtape/autodiff/records.hpp>
#include <xtape/nn/matrix.hpp>
#include <xtape/nn/metrics.hpp>
#include <xtape/nn/network_runner.hpp>
#include <xtape/nn/training.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <utility>

namespace xtape::nn {

namespace {

bool holds(const Var& variable, const std::shared_ptr<xtape::Cell>& cell) {
    const Leaf* leaf = variable.records()->leaf(variable.id());
    const auto* held = leaf ? std::get_if<std::shared_ptr<xtape::Cell>>(leaf) : nullptr;
    return held && *held == cell;
}

/// What is trained: a parameter that is not frozen, and the network's variable for it; empty where it has
/// none.
struct Moving {
    std::string name;
    Var variable, gradient;
};

/// In the order of the parameters.
std::vector<Moving> moving(const Network& network, const Parameters& parameters) {
    const std::vector<Var> all = network.parameters();
    std::vector<Moving> result;
    std::size_t found = 0;
    for (const std::string& name : parameters.names()) {
        const auto it = std::ranges::find_if(
            all, [&](const Var& variable) { return holds(variable, parameters.cell(name)); });
        found += it != all.end();
        if (!parameters.frozen(name)) result.push_back({name, it == all.end() ? Var() : *it, Var()});
    }
    if (found != all.size())
        throw ArgumentError("train: the network was recorded with other parameters than these. Train those, "
                            "or record it with these: network(tape, parameters).");
    if (std::ranges::all_of(result, [](const Moving& m) { return m.variable.empty(); }))
        throw ArgumentError("train: all parameters of the network are frozen. Unfreeze what is to learn: "
                            "parameters.unfreeze({\"W1\"}).");
    return result;
}

void require(const TrainingOptions& options, const Dataset& training) {
    for (const Dataset* set : {&training, options.validation}) {
        if (!set) continue;
        require_matrix("train", "X", set->X);
        require_matrix("train", "Y", set->Y);
    }
    if (training.size() == 0) throw ArgumentError("train: there are no examples.");
    if (!options.optimiser) throw ArgumentError("train: there is no optimiser; give one, as Adam().");
    if (options.validation && options.validation->size() == 0)
        throw ArgumentError("train: the validation set has no examples.");
    if (options.patience > 0 && !options.validation)
        throw ArgumentError("train: early stopping watches the validation cost; set .validation.");
    if (!(options.min_delta >= 0))
        throw ArgumentError(fmt::format("train: min_delta = {} must be 0 or more.", options.min_delta));
}

/// One training: what it computes, and where it stands.
template <std::floating_point T>
class Training {
public:
    Training(const Network& network, Parameters& parameters, const Dataset& training,
             const TrainingOptions& options)
        : network_(network), parameters_(parameters), training_(training), options_(options),
          optimiser_(options.optimiser), random_(options.seed), moving_(moving(network, parameters)) {
        require(options, training);
        whole_ = examples(training_);
        if (options_.validation) validation_ = examples(*options_.validation);
        std::vector<Var> outputs{network.cost, network.prediction()}, variables;
        for (const Moving& m : moving_)
            if (!m.variable.empty()) {
                variables.push_back(m.variable);
                values_.push_back(parameters.cell(m.name)->array().to<T>());
            }
        report_.emplace(network, outputs, variables, values_);
        for (const Var& g : record_gradient(variables))
            outputs.push_back(g);
        step_.emplace(network, outputs, variables, values_);
        flat_ = last_finite_ = parameters_.flat();
        gradient_.resize(flat_.size());
    }

    /// One pass through the examples, the batches in an order of its own.
    Epoch epoch(std::size_t number) {
        const auto start = std::chrono::steady_clock::now();
        Epoch epoch;
        epoch.epoch = epoch_ = number;
        if (options_.batch_size == 0) {
            // What a step leaves is computed together with the gradient that the next one follows.
            if (!here_) (void)cost(whole_, *(here_ = &step_->run(whole_.X, whole_.Y)));
            follow_gradient(whole_, *here_);
            here_ = &step_->run(whole_.X, whole_.Y);
            see(epoch.cost, epoch.accuracy, whole_, *here_);
        } else {
            for (const auto& indices : batches(training_.size(), options_.batch_size, random_)) {
                const Dataset part = take(training_, indices);
                const Examples batch = examples(part);
                const Results& results = step_->run(batch.X, batch.Y);
                (void)cost(batch, results);
                follow_gradient(batch, results);
            }
            see(epoch.cost, epoch.accuracy, whole_, report_->run(whole_.X, whole_.Y));
        }
        if (options_.validation)
            see(epoch.validation_cost.emplace(), epoch.validation_accuracy, validation_,
                report_->run(validation_.X, validation_.Y));
        epoch.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        return epoch;
    }

private:
    /// A data set in T.
    struct Examples {
        const Dataset* set = nullptr;
        AnyArray X = Array<T>(), Y = Array<T>();
    };
    /// J, A_L, and in a step the gradients of what moves.
    using Results = std::vector<Array<T>>;

    Examples examples(const Dataset& set) const {
        Examples result{&set};
        const auto in_T = [](const Array<double>& array) {
            if constexpr (std::same_as<T, double>)
                return AnyArray(array);
            else
                return AnyArray(Array<T>(xt::cast<T>(array)));
        };
        result.X = in_T(set.X);
        result.Y = in_T(set.Y);
        (void)reference(result); // says where an array does not fit
        return result;
    }

    Evaluation<T> reference(const Examples& examples) const {
        return {{network_.X, examples.X}, {network_.Y, examples.Y}};
    }

    std::vector<Var> record_gradient(const std::vector<Var>& variables) {
        const std::vector<Var> gradients = gradient(network_.cost, variables);
        std::size_t next = 0;
        for (Moving& m : moving_)
            if (!m.variable.empty()) m.gradient = gradients[next++];
        return gradients;
    }

    /// Moves the parameters, whose cost is finite, one step; or throws and leaves them the last of which that
    /// is so.
    void follow_gradient(const Examples& examples, const Results& results) {
        double* to = gradient_.data();
        std::size_t next = 2;
        for (const Moving& m : moving_) {
            if (m.gradient.empty()) {
                to = std::fill_n(to, parameters_.cell(m.name)->array().size(), 0.0);
                continue;
            }
            const Array<T>& array = results[next++];
            if (!AnyArray(array).all_finite()) fail(examples, m.gradient);
            to = std::copy_n(array.data(), array.size(), to);
        }
        moved_ = flat_;
        optimiser_({moved_.data(), moved_.size()}, gradient_);
        if (!AnyArray(moved_).all_finite())
            throw TrainingError(fmt::format("train: in epoch {} the optimiser's step is NaN or infinite. {}",
                                            epoch_, remedy));
        assign(moved_);
        last_finite_.storage().swap(flat_.storage());
        flat_.storage().swap(moved_.storage());
        cost_is_finite_ = false; // not known to be
    }

    /// To the parameters, and in T to what the programs read.
    void assign(const Array<double>& flat) {
        parameters_.assign_flat(std::span<const double>(flat.data(), flat.size()));
        const double* from = flat.data();
        auto value = values_.begin();
        for (const Moving& m : moving_)
            if (m.variable.empty())
                from += parameters_.cell(m.name)->array().size();
            else
                for (T& to : value++->storage())
                    to = static_cast<T>(*from++);
    }

    /// J of these examples for the parameters as they are.
    double cost(const Examples& examples, const Results& results) {
        const auto value = static_cast<double>(results[0]());
        if (!std::isfinite(value)) fail(examples, network_.cost);
        cost_is_finite_ = true;
        return value;
    }

    void see(double& to, std::optional<double>& accuracy, const Examples& examples, const Results& results) {
        to = cost(examples, results);
        if (!options_.accuracy) return;
        try {
            accuracy = nn::accuracy(AnyArray(results[1]).template to<double>(), examples.set->Y);
        } catch (const ArgumentError& error) {
            throw ArgumentError(fmt::format("train: accuracy needs classes; set .accuracy = false where Y is "
                                            "not classes. {}",
                                            error.what()));
        }
    }

    [[noreturn]] void fail(const Examples& examples, const Var& var) {
        const std::optional<NonFinite> where = reference(examples).first_nonfinite(var);
        const bool data = where && (where->var.same_as(network_.X) || where->var.same_as(network_.Y));
        if (!cost_is_finite_) parameters_.assign_flat(last_finite_);
        throw TrainingError(fmt::format("train: in epoch {} {} is NaN or infinite: {} {}", epoch_,
                                        var.to_string(), where ? where->message : "",
                                        data ? "Mend the data; the parameters are as they were." : remedy));
    }

    static constexpr const char* remedy = "The parameters are the last whose cost was finite. Try a smaller "
                                          "rate, standardised inputs, or a loss from logits.";

    const Network& network_;
    Parameters& parameters_;
    const Dataset& training_;
    const TrainingOptions& options_;
    Optimiser optimiser_;
    Random random_;
    std::vector<Moving> moving_;
    std::vector<Array<T>> values_; ///< of the variables among these
    Examples whole_, validation_;
    std::optional<NetworkRunner<T>> report_, step_;
    const Results* here_ = nullptr;            ///< those of the whole set for the parameters as they are
    Array<double> flat_, last_finite_, moved_; ///< parameters as they are, as they were, and as they will be
    bool cost_is_finite_ = false;              ///< for the parameters as they are
    std::vector<double> gradient_;
    std::size_t epoch_ = 0;
};

/// Early stopping: the lowest validation cost, and how long ago it fell.
class Watch {
public:
    explicit Watch(const TrainingOptions& options)
        : patience_(options.patience), min_delta_(options.min_delta) {}

    /// Whether to go on; remembers the parameters where the cost is the lowest so far.
    bool see(const Epoch& epoch, const Parameters& parameters) {
        const double cost = *epoch.validation_cost;
        if (cost < lowest_) {
            lowest_ = cost;
            best_epoch_ = epoch.epoch;
            best_ = parameters.flat();
        }
        if (cost < reference_ - min_delta_) {
            reference_ = cost;
            waited_ = 0;
        } else {
            ++waited_;
        }
        return waited_ < patience_;
    }
    [[nodiscard]] std::size_t best_epoch() const { return best_epoch_; }
    [[nodiscard]] const Array<double>& best() const { return best_; }

private:
    std::size_t patience_;
    double min_delta_;
    double lowest_ = std::numeric_limits<double>::infinity(), reference_ = lowest_;
    std::size_t waited_ = 0, best_epoch_ = 0;
    Array<double> best_;
};

} // namespace

template <std::floating_point T>
History train(const Network& network, Parameters& parameters, const Dataset& training,
              const TrainingOptions& options) {
    const Transaction taken_back(*network.cost.records()); // the gradient, which training alone needs
    Training<T> run(network, parameters, training, options);
    Watch watch(options);
    History history;
    while (history.epochs.size() < options.epochs) {
        const Epoch& epoch = history.epochs.emplace_back(run.epoch(history.epochs.size() + 1));
        history.kept = epoch.epoch;
        const bool wanted = !options.callback || options.callback(epoch);
        const bool better_soon = options.patience == 0 || watch.see(epoch, parameters);
        if (!wanted || !better_soon) break;
    }
    if (watch.best_epoch() > 0) {
        parameters.assign_flat(watch.best());
        history.kept = watch.best_epoch();
    }
    return history;
}

template History train<float>(const Network&, Parameters&, const Dataset&, const TrainingOptions&);
template History train<double>(const Network&, Parameters&, const Dataset&, const TrainingOptions&);
template History train<long double>(const Network&, Parameters&, const Dataset&, const TrainingOptions&);

void History::write_csv(const std::filesystem::path& path) const {
    struct Column {
        const char* name;
        std::optional<double> (*of)(const Epoch&);
    };
    std::vector<Column> columns{{"cost", [](const Epoch& e) { return std::optional(e.cost); }},
                                {"accuracy", [](const Epoch& e) { return e.accuracy; }},
                                {"validation_cost", [](const Epoch& e) { return e.validation_cost; }},
                                {"validation_accuracy", [](const Epoch& e) { return e.validation_accuracy; }},
                                {"seconds", [](const Epoch& e) { return std::optional(e.seconds); }}};
    std::erase_if(columns, [&](const Column& column) {
        return std::ranges::none_of(epochs, [&](const Epoch& epoch) { return column.of(epoch).has_value(); });
    });
    std::string text = "epoch";
    for (const Column& column : columns)
        text += fmt::format(",{}", column.name);
    for (const Epoch& epoch : epochs) {
        text += fmt::format("\n{}", epoch.epoch);
        for (const Column& column : columns)
            text += fmt::format(",{}", column.of(epoch).value());
    }
    std::ofstream file(path, std::ios::binary);
    file << text << '\n' << std::flush;
    if (!file) throw DataError(fmt::format("{}: cannot be written. Check its directory.", path.string()));
}

} // namespace xtape::nn
