/// The same network in libtorch. torch's headers clash with nothing here as long as they are alone.

#include "contestant.hpp"

#include <torch/torch.h>

namespace contest {
namespace {

template <class T>
class Torch {
public:
    explicit Torch(const Data<T>& data)
        : X_(tensor(data.X, data.of.layers.front(), data.of.n)),
          Y_(tensor(data.Y, data.of.layers.back(), data.of.n)) {
        for (std::size_t l = 0; l < data.of.depth(); ++l) {
            W_.push_back(tensor(data.W[l], data.of.layers[l + 1], data.of.layers[l]).set_requires_grad(true));
            b_.push_back(tensor(data.b[l], data.of.layers[l + 1], 1).set_requires_grad(true));
        }
        for (std::size_t l = 0; l < W_.size(); ++l) {
            parameters_.push_back(W_[l]);
            parameters_.push_back(b_[l]);
        }
    }

    void step() {
        torch::Tensor A = X_;
        for (std::size_t l = 0; l + 1 < W_.size(); ++l)
            A = torch::tanh(torch::matmul(W_[l], A) + b_[l]);
        const torch::Tensor Z = torch::matmul(W_.back(), A) + b_.back();
        J_ = Z.size(0) == 1 ? torch::binary_cross_entropy_with_logits(Z, Y_)
                            : -(Y_ * torch::log_softmax(Z, 0)).sum() / Z.size(1);
        gradients_ = torch::autograd::grad({J_}, parameters_);
    }

    [[nodiscard]] Result<T> result() const {
        Result<T> result{J_.template item<T>(), {}};
        for (const auto& g : gradients_) {
            const auto c = g.contiguous();
            result.gradients.emplace_back(c.template data_ptr<T>(), c.template data_ptr<T>() + c.numel());
        }
        return result;
    }

private:
    static torch::Tensor tensor(const std::vector<T>& values, std::size_t rows, std::size_t cols) {
        auto t = torch::empty({static_cast<std::int64_t>(rows), static_cast<std::int64_t>(cols)},
                              torch::TensorOptions().dtype(c10::CppTypeToScalarType<T>::value));
        std::copy(values.begin(), values.end(), t.template data_ptr<T>());
        return t;
    }

    torch::Tensor X_, Y_, J_;
    std::vector<torch::Tensor> W_, b_, parameters_, gradients_;
};

} // namespace

template <class T>
Contestant<T> libtorch(const Data<T>& data) {
    const auto t = std::make_shared<Torch<T>>(data);
    return {"libtorch", [t] { t->step(); }, [t] { return t->result(); },
            [](int n) { at::set_num_threads(n); }, 0};
}

template Contestant<float> libtorch(const Data<float>&);
template Contestant<double> libtorch(const Data<double>&);

} // namespace contest
