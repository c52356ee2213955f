/// Ours.

#include "contestant.hpp"
#include <xtape/autodiff.hpp>
#include <xtape/nn/network.hpp>

#include <algorithm>

namespace contest {
namespace {

using namespace xtape;

const Op own_tanh = elementwise("contest::tanh")
                        .forward([](auto x) { return 1 - 2 / (exp(2 * x) + 1); })
                        .notation("tanh({0})", R"(\tanh({0}))");
const Op own_loss = elementwise("contest::cross_entropy")
                        .forward([](auto z, auto y) { return softplus(z) - y * z; })
                        .notation("L({0}, {1})", R"(L({0}, {1}))");

template <class T>
Array<T> array(const std::vector<T>& values, const Extents& extents) {
    Array<T> a = Array<T>::from_shape(extents);
    std::copy(values.begin(), values.end(), a.begin());
    return a;
}

/// A Program with its arrays: parameters are inputs, so that they are in T.
template <class T>
class Ours {
public:
    Ours(const Data<T>& data, const nn::NetworkOptions& options, std::size_t threads)
        : program_(record(data, options, threads)) {
        const Case& c = data.of;
        arrays_.push_back(array(data.X, {c.layers.front(), c.n}));
        arrays_.push_back(array(data.Y, {c.layers.back(), c.n}));
        for (std::size_t l = 0; l < c.depth(); ++l) {
            arrays_.push_back(array(data.W[l], {c.layers[l + 1], c.layers[l]}));
            arrays_.push_back(array(data.b[l], {c.layers[l + 1], 1}));
        }
        inputs_.assign(arrays_.begin(), arrays_.end());
        results_ = program_(inputs_);
        outputs_.assign(results_.begin(), results_.end());
    }

    void step() { program_.run(inputs_, outputs_); }

    [[nodiscard]] Result<T> result() const {
        Result<T> result{results_[0](), {}};
        for (std::size_t i = 1; i < results_.size(); ++i)
            result.gradients.emplace_back(results_[i].begin(), results_[i].end());
        return result;
    }

    [[nodiscard]] std::size_t bytes() const {
        std::vector<Extents> extents;
        for (const auto& a : arrays_)
            extents.emplace_back(a.shape().begin(), a.shape().end());
        return program_.plan(extents).peak_bytes();
    }

private:
    static Program<T> record(const Data<T>& data, const nn::NetworkOptions& options, std::size_t threads) {
        nn::Random random(1);
        const nn::Parameters parameters = nn::initialise(data.of.layers, random);
        Tape tape;
        const nn::Network net = nn::network(tape, parameters, options);
        std::vector<Var> inputs{net.X, net.Y}, outputs{net.cost};
        for (const Var& p : net.parameters())
            inputs.push_back(p);
        for (const Var& d : gradient(net.cost, net.parameters()))
            outputs.push_back(d);
        return compile<T>(inputs, outputs, {.threads = threads});
    }

    Program<T> program_;
    std::vector<Array<T>> arrays_, results_;
    std::vector<AnyArray> inputs_;
    std::vector<OutputArray<T>> outputs_;
};

template <class T>
Contestant<T> contestant(const std::string& name, const Data<T>& data, const nn::NetworkOptions& options,
                         std::size_t threads) {
    const auto ours = std::make_shared<Ours<T>>(data, options, threads);
    return {name, [ours] { ours->step(); }, [ours] { return ours->result(); }, {}, ours->bytes()};
}

} // namespace

template <class T>
Contestant<T> program(const Data<T>& data, std::size_t threads) {
    if (data.of.layers.back() == 1) return contestant("program", data, {}, threads);
    return contestant("program", data, {.output = "softmax", .loss = "categorical_cross_entropy"}, threads);
}

template <class T>
Contestant<T> program_of_own_operations(const Data<T>& data, std::size_t threads) {
    const auto hidden = [](const Var& z) { return xtape::record(own_tanh, {z}); };
    const auto loss = [](const Var& z, const Var& y) { return xtape::record(own_loss, {z, y}); };
    return contestant("own operations", data, {.hidden = hidden, .loss = loss, .from_logits = true}, threads);
}

template Contestant<float> program(const Data<float>&, std::size_t);
template Contestant<double> program(const Data<double>&, std::size_t);
template Contestant<float> program_of_own_operations(const Data<float>&, std::size_t);
template Contestant<double> program_of_own_operations(const Data<double>&, std::size_t);

} // namespace contest
