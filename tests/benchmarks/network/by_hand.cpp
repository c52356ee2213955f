/// The textbook's equations as they are written by hand in xtensor: one expression for each line.

#include "contestant.hpp"
#include <xtape/autodiff/array.hpp>

#include <xtensor-blas/xlinalg.hpp>

#include <utility>

namespace contest {
namespace {

template <class T>
using Matrix = xt::xtensor<T, 2>;

template <class T>
class ByHand {
public:
    explicit ByHand(const Data<T>& data)
        : X_(matrix(data.X, data.of.layers.front(), data.of.n)),
          Y_(matrix(data.Y, data.of.layers.back(), data.of.n)) {
        for (std::size_t l = 0; l < data.of.depth(); ++l) {
            W_.push_back(matrix(data.W[l], data.of.layers[l + 1], data.of.layers[l]));
            b_.push_back(matrix(data.b[l], data.of.layers[l + 1], 1));
        }
    }

    void step() {
        using xt::linalg::dot;
        const T n = static_cast<T>(X_.shape(1));
        const std::size_t L = W_.size();
        std::vector<Matrix<T>> A{X_};
        for (std::size_t l = 0; l + 1 < L; ++l)
            A.push_back(xt::tanh(dot(W_[l], A.back()) + b_[l]));
        const Matrix<T> Z = dot(W_.back(), A.back()) + b_.back();
        Matrix<T> dZ;
        if (Z.shape(0) == 1) {
            J_ = xt::sum(xt::maximum(Z, T{0}) - Z * Y_ + xt::log1p(xt::exp(-xt::abs(Z))))() / n;
            dZ = 1 / (1 + xt::exp(-Z)) - Y_;
        } else {
            const Matrix<T> most = xt::view(xt::eval(xt::amax(Z, {0})), xt::newaxis(), xt::all());
            const Matrix<T> e = xt::exp(Z - most);
            const Matrix<T> total = xt::view(xt::eval(xt::sum(e, {0})), xt::newaxis(), xt::all());
            J_ = -xt::sum(Y_ * (Z - most - xt::log(total)))() / n;
            dZ = e / total - Y_;
        }
        gradients_.assign(2 * L, {});
        for (std::size_t l = L; l-- > 0;) {
            gradients_[2 * l] = dot(dZ, xt::transpose(A[l])) / n;
            gradients_[2 * l + 1] = xt::view(xt::eval(xt::sum(dZ, {1})), xt::all(), xt::newaxis()) / n;
            if (l > 0) dZ = dot(xt::transpose(W_[l]), dZ) * (1 - A[l] * A[l]);
        }
    }

    [[nodiscard]] Result<T> result() const {
        Result<T> result{J_, {}};
        for (const auto& g : gradients_)
            result.gradients.emplace_back(g.begin(), g.end());
        return result;
    }

private:
    static Matrix<T> matrix(const std::vector<T>& values, std::size_t rows, std::size_t cols) {
        Matrix<T> m = Matrix<T>::from_shape({rows, cols});
        std::copy(values.begin(), values.end(), m.begin());
        return m;
    }

    Matrix<T> X_, Y_;
    std::vector<Matrix<T>> W_, b_, gradients_;
    T J_ = 0;
};

} // namespace

template <class T>
Contestant<T> by_hand(const Data<T>& data) {
    const auto h = std::make_shared<ByHand<T>>(data);
    return {"xtensor", [h] { h->step(); }, [h] { return h->result(); }, {}, 0};
}

template Contestant<float> by_hand(const Data<float>&);
template Contestant<double> by_hand(const Data<double>&);

} // namespace contest
