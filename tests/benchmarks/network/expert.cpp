/// What an expert writes by hand for speed: BLAS over the whole batch, and between two products one loop that
/// does everything elementwise. Its flags (see CMakeLists.txt) let the compiler vectorise tanh, exp and log
/// by the C library's vector functions; that arithmetic is not IEEE's, and this file is no model for the
/// library.

#include "blas.hpp"
#include "contestant.hpp"

#include <algorithm>
#include <cmath>

namespace contest {
namespace {

/// All that a step needs, allocated once.
template <class T>
class Expert {
public:
    explicit Expert(const Data<T>& data) : data_(&data), n_(data.of.n) {
        const auto& layers = data.of.layers;
        for (std::size_t l = 0; l < data.of.depth(); ++l) {
            A_.emplace_back(layers[l + 1] * n_);
            dW_.emplace_back(data.W[l].size());
            db_.emplace_back(data.b[l].size());
        }
        const std::size_t hidden = *std::max_element(layers.begin() + 1, layers.end() - 1);
        dZ_.resize(data.of.depth() > 1 ? hidden * n_ : 0);
        next_.resize(data.of.depth() > 2 ? hidden * n_ : 0);
        column_.resize(n_);
    }

    void step() {
        forward();
        const std::size_t L = data_->of.depth();
        J_ = layers(L) == 1 ? sigmoid_cross_entropy() : softmax_cross_entropy();
        // The last layer's dZ stands where its A stood, the others' take turns in two buffers.
        T* dZ = A_[L - 1].data();
        T* free[] = {dZ_.data(), next_.data()};
        for (std::size_t l = L; l-- > 0;) {
            const T* from = l == 0 ? data_->X.data() : A_[l - 1].data();
            multiply(Transposed::no, Transposed::yes, layers(l + 1), layers(l), n_, 1 / static_cast<T>(n_),
                     dZ, from, dW_[l].data());
            for (std::size_t i = 0; i < layers(l + 1); ++i) {
                T sum = 0;
                for (std::size_t j = 0; j < n_; ++j)
                    sum += dZ[i * n_ + j];
                db_[l][i] = sum / static_cast<T>(n_);
            }
            if (l == 0) break;
            T* below = free[(L - 1 - l) % 2];
            multiply(Transposed::yes, Transposed::no, layers(l), n_, layers(l + 1), T{1}, data_->W[l].data(),
                     dZ, below);
            const T* a = A_[l - 1].data();
            for (std::size_t i = 0; i < layers(l) * n_; ++i)
                below[i] *= 1 - a[i] * a[i];
            dZ = below;
        }
    }

    [[nodiscard]] Result<T> result() const {
        Result<T> result{J_, {}};
        for (std::size_t l = 0; l < dW_.size(); ++l) {
            result.gradients.push_back(dW_[l]);
            result.gradients.push_back(db_[l]);
        }
        return result;
    }

    [[nodiscard]] std::size_t bytes() const {
        std::size_t elements = dZ_.size() + next_.size() + column_.size();
        for (const auto& a : A_)
            elements += a.size();
        return elements * sizeof(T);
    }

private:
    [[nodiscard]] std::size_t layers(std::size_t l) const { return data_->of.layers[l]; }

    void forward() {
        const T* from = data_->X.data();
        for (std::size_t l = 0; l < data_->of.depth(); ++l) {
            T* z = A_[l].data();
            multiply(Transposed::no, Transposed::no, layers(l + 1), n_, layers(l), T{1}, data_->W[l].data(),
                     from, z);
            if (l + 1 == data_->of.depth()) break; // the loss adds its bias
            for (std::size_t i = 0; i < layers(l + 1); ++i) {
                const T bias = data_->b[l][i];
                for (std::size_t j = 0; j < n_; ++j)
                    z[i * n_ + j] = std::tanh(z[i * n_ + j] + bias);
            }
            from = z;
        }
    }

    /// Leaves A − Y in the last A.
    T sigmoid_cross_entropy() {
        T* z = A_.back().data();
        const T* y = data_->Y.data();
        const T bias = data_->b.back()[0];
        T sum = 0;
        for (std::size_t j = 0; j < n_; ++j) {
            const T logit = z[j] + bias;
            const T e = std::exp(-std::fabs(logit));
            sum += std::fmax(logit, T{0}) - logit * y[j] + std::log1p(e);
            z[j] = (logit < 0 ? e : T{1}) / (1 + e) - y[j];
        }
        return sum / static_cast<T>(n_);
    }

    /// Leaves A − Y in the last A. Each column of Y sums to one.
    T softmax_cross_entropy() {
        const std::size_t k = layers(data_->of.depth());
        T* z = A_.back().data();
        const T* y = data_->Y.data();
        T* most = column_.data();
        T sum = 0;
        constexpr std::size_t block = 512; // columns whose rows stay in the first-level cache
        T total[block];
        for (std::size_t from = 0; from < n_; from += block) {
            const std::size_t width = std::min(block, n_ - from);
            for (std::size_t i = 0; i < k; ++i) {
                const T bias = data_->b.back()[i];
                T* row = z + i * n_ + from;
                for (std::size_t j = 0; j < width; ++j) {
                    row[j] += bias;
                    most[j] = i == 0 ? row[j] : std::fmax(most[j], row[j]);
                }
            }
            for (std::size_t j = 0; j < width; ++j)
                total[j] = 0;
            for (std::size_t i = 0; i < k; ++i) {
                T* row = z + i * n_ + from;
                const T* label = y + i * n_ + from;
                for (std::size_t j = 0; j < width; ++j) {
                    const T shifted = row[j] - most[j];
                    sum -= label[j] * shifted;
                    row[j] = std::exp(shifted);
                    total[j] += row[j];
                }
            }
            for (std::size_t j = 0; j < width; ++j) {
                sum += std::log(total[j]);
                total[j] = 1 / total[j];
            }
            for (std::size_t i = 0; i < k; ++i) {
                T* row = z + i * n_ + from;
                const T* label = y + i * n_ + from;
                for (std::size_t j = 0; j < width; ++j)
                    row[j] = row[j] * total[j] - label[j];
            }
        }
        return sum / static_cast<T>(n_);
    }

    const Data<T>* data_;
    std::size_t n_;
    std::vector<std::vector<T>> A_, dW_, db_;
    std::vector<T> dZ_, next_, column_;
    T J_ = 0;
};

/// The five products of two layers, eight of three, into arrays of their own.
template <class T>
class Products {
public:
    explicit Products(const Data<T>& data) : data_(&data) {
        const auto& layers = data.of.layers;
        for (std::size_t l = 0; l < data.of.depth(); ++l) {
            A_.emplace_back(layers[l + 1] * data.of.n, T{1});
            dW_.emplace_back(data.W[l].size());
        }
        dA_.resize(*std::max_element(layers.begin() + 1, layers.end()) * data.of.n);
    }

    void step() {
        const auto& layers = data_->of.layers;
        const std::size_t n = data_->of.n, L = data_->of.depth();
        const auto from = [&](std::size_t l) { return l == 0 ? data_->X.data() : A_[l - 1].data(); };
        for (std::size_t l = 0; l < L; ++l)
            multiply(Transposed::no, Transposed::no, layers[l + 1], n, layers[l], T{1}, data_->W[l].data(),
                     from(l), A_[l].data());
        for (std::size_t l = L; l-- > 0;) {
            multiply(Transposed::no, Transposed::yes, layers[l + 1], layers[l], n, T{1}, A_[l].data(),
                     from(l), dW_[l].data());
            if (l > 0)
                multiply(Transposed::yes, Transposed::no, layers[l], n, layers[l + 1], T{1},
                         data_->W[l].data(), A_[l].data(), dA_.data());
        }
    }

private:
    const Data<T>* data_;
    std::vector<std::vector<T>> A_, dW_;
    std::vector<T> dA_;
};

} // namespace

template <class T>
Contestant<T> expert(const Data<T>& data) {
    const auto e = std::make_shared<Expert<T>>(data);
    return {"expert", [e] { e->step(); }, [e] { return e->result(); }, openblas_set_num_threads, e->bytes()};
}

template <class T>
Contestant<T> bare_products(const Data<T>& data) {
    const auto p = std::make_shared<Products<T>>(data);
    return {"products", [p] { p->step(); }, {}, openblas_set_num_threads, 0};
}

template Contestant<float> expert(const Data<float>&);
template Contestant<double> expert(const Data<double>&);
template Contestant<float> bare_products(const Data<float>&);
template Contestant<double> bare_products(const Data<double>&);

} // namespace contest
