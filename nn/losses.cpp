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
Var sum_over(std::int64_t outputs, const Var& terms) {
    return terms.shape()[static_cast<std::size_t>(outputs)].is_one() ? terms
                                                                     : sum(terms, {outputs}, Keep::dims);
}

/// The formulas, with the axis of the outputs: 0, or 1 where examples are in rows.
Var of_probabilities(const Var& A, const Var& Y, std::int64_t outputs) {
    return sum_over(outputs, -(Y * log(A) + (1 - Y) * log(1 - A)));
}
Var of_logits(const Var& Z, const Var& Y, std::int64_t outputs) {
    return sum_over(outputs, softplus(Z) - Y * Z);
}
Var of_distributions(const Var& A, const Var& Y, std::int64_t outputs) {
    return -sum_over(outputs, Y * log(A));
}
Var of_logits_of_classes(const Var& Z, const Var& Y, std::int64_t outputs) {
    return -sum_over(outputs, Y * log_softmax(Z, outputs));
}
Var of_squares(const Var& A, const Var& Y, std::int64_t outputs) {
    return 0.5 * sum_over(outputs, square(A - Y));
}

struct NamedLoss {
    const char* name;
    Var (*formula)(const Var&, const Var&, std::int64_t outputs);
};

const NamedLoss losses[] = {
    {"binary_cross_entropy", of_probabilities},
    {"binary_cross_entropy_from_logits", of_logits},
    {"categorical_cross_entropy", of_distributions},
    {"categorical_cross_entropy_from_logits", of_logits_of_classes},
    {"squared_error", of_squares},
};

/// Records all of a loss or nothing.
Var checked(const NamedLoss& loss, const Var& A, const Var& Y) {
    require_same_matrix(loss.name, A, Y);
    Transaction transaction(*A.records());
    Var result = loss.formula(A, Y, 0);
    transaction.done();
    return result;
}

} // namespace

Var binary_cross_entropy(const Var& A, const Var& Y) { return checked(losses[0], A, Y); }
Var binary_cross_entropy_from_logits(const Var& Z, const Var& Y) { return checked(losses[1], Z, Y); }
Var categorical_cross_entropy(const Var& A, const Var& Y) { return checked(losses[2], A, Y); }
Var categorical_cross_entropy_from_logits(const Var& Z, const Var& Y) { return checked(losses[3], Z, Y); }
Var squared_error(const Var& A, const Var& Y) { return checked(losses[4], A, Y); }

Var Loss::of_rows(const Var& A, const Var& Y) const {
    for (const NamedLoss& loss : losses)
        if (name_ == loss.name) return loss.formula(A, Y, 1);
    return transpose(function_(transpose(A), transpose(Y)));
}

Loss::Loss(const std::string& name) : name_(name) {
    for (const NamedLoss& loss : losses)
        if (name == loss.name) {
            function_ = [&loss](const Var& A, const Var& Y) { return checked(loss, A, Y); };
            return;
        }
    throw_unknown("No loss", name, loss_names());
}

std::vector<std::string> loss_names() {
    std::vector<std::string> names;
    for (const NamedLoss& loss : losses)
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
