#include <xtape/autodiff/error.hpp>
#include <xtape/autodiff/ops.hpp>
#include <xtape/autodiff/records.hpp>
#include <xtape/nn/losses.hpp>

#include <fmt/format.h>

#include <cmath>

namespace xtape::nn {

namespace {

void require_same_matrix(const char* loss, const Var& A, const Var& Y) {
    const Shape &a = A.shape(), &y = Y.shape();
    if (a.rank() == 2 && same_extents(a, y)) return;
    std::string remedy = "Both must be (outputs × examples).";
    if (y.rank() == 2 && same_extents(a, Shape{y[1], y[0]}))
        remedy = fmt::format("{0} seems to hold examples in rows; use transpose({0}).", Y.to_string());
    else if (a.rank() == 2 && y.rank() == 1 && same_extent(a[1], y[0]))
        remedy = fmt::format("{0} seems to be one row; use expand_dims({0}, {{0}}){1}.", Y.to_string(),
                             a[0].is_one() ? "" : ", or one_hot labels");
    throw ShapeError(fmt::format("{0}({1}, {2}): {1} is {3}, {2} is {4}. {5}", loss, A.to_string(),
                                 Y.to_string(), a.to_string(), y.to_string(), remedy));
}

/// Σ_k, dimension kept; nothing is recorded where there is one output.
Var sum_over_outputs(const Var& terms) {
    return terms.shape()[0].is_one() ? terms : sum(terms, {0}, Keep::dims);
}

/// Records all of a loss or nothing.
template <class Formula>
Var checked(const char* loss, const Var& A, const Var& Y, Formula formula) {
    require_same_matrix(loss, A, Y);
    Transaction transaction(*A.records());
    Var result = formula();
    transaction.done();
    return result;
}

struct Named {
    const char* name;
    Var (*function)(const Var&, const Var&);
};

const Named losses[] = {
    {"binary_cross_entropy", binary_cross_entropy},
    {"binary_cross_entropy_from_logits", binary_cross_entropy_from_logits},
    {"categorical_cross_entropy", categorical_cross_entropy},
    {"categorical_cross_entropy_from_logits", categorical_cross_entropy_from_logits},
    {"squared_error", squared_error},
};

} // namespace

Var binary_cross_entropy(const Var& A, const Var& Y) {
    return checked("binary_cross_entropy", A, Y,
                   [&] { return sum_over_outputs(-(Y * log(A) + (1 - Y) * log(1 - A))); });
}

Var binary_cross_entropy_from_logits(const Var& Z, const Var& Y) {
    return checked("binary_cross_entropy_from_logits", Z, Y,
                   [&] { return sum_over_outputs(softplus(Z) - Y * Z); });
}

Var categorical_cross_entropy(const Var& A, const Var& Y) {
    return checked("categorical_cross_entropy", A, Y, [&] { return -sum_over_outputs(Y * log(A)); });
}

Var categorical_cross_entropy_from_logits(const Var& Z, const Var& Y) {
    return checked("categorical_cross_entropy_from_logits", Z, Y,
                   [&] { return -sum_over_outputs(Y * log_softmax(Z, 0)); });
}

Var squared_error(const Var& A, const Var& Y) {
    return checked("squared_error", A, Y, [&] { return 0.5 * sum_over_outputs(square(A - Y)); });
}

Loss::Loss(const std::string& name) : name_(name) {
    for (const Named& loss : losses)
        if (name == loss.name) {
            function_ = loss.function;
            return;
        }
    throw_unknown("No loss", name, loss_names());
}

std::vector<std::string> loss_names() {
    std::vector<std::string> names;
    for (const Named& loss : losses)
        names.emplace_back(loss.name);
    return names;
}

Var l2(const std::vector<Var>& weights, double lambda, L2 convention, const Var& n) {
    if (!(lambda >= 0) || !std::isfinite(lambda))
        throw ArgumentError(fmt::format("l2: λ = {} must be a finite number, 0 or more.", lambda));
    if (weights.empty()) throw ArgumentError("l2: there are no weights to regularise.");
    if (convention == L2::half_lambda_over_n && n.empty())
        throw ArgumentError("l2: half_lambda_over_n divides by n, which is missing; give extent(X, 1).");
    Transaction transaction(*weights[0].records());
    Var squares = sum(square(weights[0]));
    for (std::size_t k = 1; k < weights.size(); ++k)
        squares = squares + sum(square(weights[k]));
    Var result = (convention == L2::lambda ? lambda : lambda / 2) * squares;
    if (convention == L2::half_lambda_over_n) result = result / n;
    transaction.done();
    return result;
}

} // namespace xtape::nn
