#include "read.hpp"

#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>

namespace reader {
namespace {

Matrix number(double value) { return {1, 1, {value}, "", ""}; }

template <class F>
Matrix entrywise(const Matrix& a, const Matrix& b, F f) {
    const auto extent = [](std::size_t x, std::size_t y) {
        if (x != y && x != 1 && y != 1) throw std::runtime_error("shapes do not fit");
        return x == 1 ? y : x;
    };
    Matrix result{extent(a.rows, b.rows),
                  extent(a.cols, b.cols),
                  {},
                  a.rows == 1 ? b.row_name : a.row_name,
                  a.cols == 1 ? b.col_name : a.col_name};
    for (std::size_t i = 0; i < result.rows; ++i)
        for (std::size_t j = 0; j < result.cols; ++j)
            result.entries.push_back(f(a(i, j), b(i, j)));
    return result;
}

template <class F>
Matrix map(const Matrix& a, F f) {
    return entrywise(a, a, [&](double x, double) { return f(x); });
}

Matrix transposed(const Matrix& a) {
    Matrix t{a.cols, a.rows, {}, a.col_name, a.row_name};
    for (std::size_t i = 0; i < t.rows; ++i)
        for (std::size_t j = 0; j < t.cols; ++j)
            t.entries.push_back(a(j, i));
    return t;
}

Matrix product(const Matrix& a, const Matrix& b) {
    if (a.rows * a.cols == 1 || b.rows * b.cols == 1)
        return entrywise(a, b, [](double x, double y) { return x * y; });
    if (a.cols != b.rows) throw std::runtime_error("a matrix product whose shapes do not fit");
    Matrix c{a.rows, b.cols, {}, a.row_name, b.col_name};
    for (std::size_t i = 0; i < c.rows; ++i)
        for (std::size_t j = 0; j < c.cols; ++j) {
            double sum = 0;
            for (std::size_t k = 0; k < a.cols; ++k)
                sum += a(i, k) * b(k, j);
            c.entries.push_back(sum);
        }
    return c;
}

Matrix summed(const Matrix& a, const std::string& label) {
    const bool rows = label.empty() || a.row_name == label, cols = label.empty() || a.col_name == label;
    if (!rows && !cols) throw std::runtime_error("no axis is called " + label);
    Matrix s{rows ? 1 : a.rows, cols ? 1 : a.cols, {}, rows ? "" : a.row_name, cols ? "" : a.col_name};
    s.entries.assign(s.rows * s.cols, 0);
    for (std::size_t i = 0; i < a.rows; ++i)
        for (std::size_t j = 0; j < a.cols; ++j)
            s.entries[(rows ? 0 : i) * s.cols + (cols ? 0 : j)] += a(i, j);
    return s;
}

Matrix softmax(const Matrix& z) {
    const Matrix e = map(z, [](double x) { return std::exp(x); });
    Matrix column = e;
    column.row_name = "rows";
    return entrywise(e, summed(column, "rows"), [](double x, double y) { return x / y; });
}

double softplus(double x) { return std::log1p(std::exp(-std::abs(x))) + std::max(x, 0.0); }

using Function = std::function<Matrix(const Matrix&)>;

const std::map<std::string, Function>& functions() {
    const auto of = [](auto f) -> Function { return [f](const Matrix& x) { return map(x, f); }; };
    static const std::map<std::string, Function> all{
        {"σ", of([](double x) { return 1 / (1 + std::exp(-x)); })},
        {"tanh", of([](double x) { return std::tanh(x); })},
        {"log", of([](double x) { return std::log(x); })},
        {"relu", of([](double x) { return x > 0 ? x : 0; })},
        {"softplus", of(softplus)},
        {"mish", of([](double x) { return x * std::tanh(softplus(x)); })},
        {"erfc", of([](double x) { return std::erfc(x); })},
        {"gelu", of([](double x) { return x * std::erfc(-x / std::sqrt(2.0)) / 2; })},
        {"softmax", softmax},
        {"log softmax",
         [](const Matrix& z) { return map(softmax(z), [](double x) { return std::log(x); }); }},
        {"log_softmax",
         [](const Matrix& z) { return map(softmax(z), [](double x) { return std::log(x); }); }},
    };
    return all;
}

class Reader {
public:
    Reader(std::string text, const Names& names) : text_(std::move(text)), names_(names) {}

    Matrix whole() {
        Matrix result = expression();
        if (at_ != text_.size()) fail("nothing more was expected");
        return result;
    }

private:
    [[noreturn]] void fail(const std::string& why) const {
        throw std::runtime_error(why + " at «" + text_.substr(at_) + "» of " + text_);
    }
    bool take(const std::string& token) {
        if (text_.compare(at_, token.size(), token) != 0) return false;
        at_ += token.size();
        return true;
    }
    void expect(const std::string& token) {
        if (!take(token)) fail("expected " + token);
    }

    Matrix expression() {
        const bool minus = take("−");
        Matrix sum = term();
        if (minus) sum = map(sum, [](double x) { return -x; });
        for (;;) {
            if (take(" + "))
                sum = entrywise(sum, term(), [](double x, double y) { return x + y; });
            else if (take(" − "))
                sum = entrywise(sum, term(), [](double x, double y) { return x - y; });
            else
                return sum;
        }
    }

    Matrix term() {
        Matrix result = juxtaposed();
        while (take(" ∘ "))
            result = entrywise(result, juxtaposed(), [](double x, double y) { return x * y; });
        return result;
    }

    Matrix juxtaposed() {
        if (take("Σ")) return sum_over();
        Matrix result = ratio();
        while (at_ + 1 < text_.size() && text_[at_] == ' ' && begins_atom(at_ + 1)) {
            ++at_;
            result = product(result, text_.compare(at_, 2, "Σ") == 0 && take("Σ") ? sum_over() : ratio());
        }
        return result;
    }

    Matrix sum_over() {
        std::string label;
        if (take("_"))
            while (text_[at_] != ' ')
                label += text_[at_++];
        expect(" ");
        return summed(term(), label);
    }

    Matrix ratio() {
        Matrix result = power();
        if (take("/")) result = entrywise(result, power(), [](double x, double y) { return x / y; });
        return result;
    }

    Matrix power() {
        Matrix result = atom();
        for (;;) {
            if (take("ᵀ"))
                result = transposed(result);
            else if (take("²"))
                result = map(result, [](double x) { return x * x; });
            else
                return result;
        }
    }

    /// One that begins neither an operator nor a closing bracket.
    [[nodiscard]] bool begins_atom(std::size_t at) const {
        for (const char* no : {"+", "−", "∘", ")", "]", ",", ">", "<", "≤", "≥", "="})
            if (text_.compare(at, std::string(no).size(), no) == 0) return false;
        return true;
    }

    Matrix comparison() {
        Matrix left = expression();
        if (take(" > "))
            return entrywise(left, expression(), [](double x, double y) { return x > y ? 1.0 : 0.0; });
        if (take(" < "))
            return entrywise(left, expression(), [](double x, double y) { return x < y ? 1.0 : 0.0; });
        return left;
    }

    Matrix atom() {
        if (take("(")) {
            Matrix result = expression();
            expect(")");
            return result;
        }
        if (take("[")) {
            Matrix result = comparison();
            expect("]");
            return result;
        }
        if (take("e^")) return map(power(), [](double x) { return std::exp(x); });
        if (take("where(")) {
            const Matrix condition = comparison();
            expect(", ");
            const Matrix yes = expression();
            expect(", ");
            const Matrix no = expression();
            expect(")");
            return entrywise(entrywise(condition, yes, [](double c, double x) { return c != 0 ? x : 0; }),
                             entrywise(condition, no, [](double c, double x) { return c != 0 ? 0 : x; }),
                             [](double x, double y) { return x + y; });
        }
        if (std::isdigit(static_cast<unsigned char>(text_[at_]))) {
            std::size_t used = 0;
            const double value = std::stod(text_.substr(at_), &used);
            at_ += used;
            return number(value);
        }
        std::size_t end = at_;
        while (end < text_.size() && std::string_view(" ()[]/,").find(text_[end]) == std::string_view::npos &&
               text_.compare(end, 2, "²") != 0 && text_.compare(end, 3, "ᵀ") != 0)
            ++end;
        const std::string name = text_.substr(at_, end - at_);
        if (end < text_.size() && text_[end] == '(') {
            const auto function = functions().find(name);
            if (function == functions().end()) fail("no function is called " + name);
            at_ = end + 1;
            const Matrix argument = expression();
            expect(")");
            return function->second(argument);
        }
        const auto known = names_.find(name);
        if (known == names_.end()) fail("nothing is called '" + name + "'");
        at_ = end;
        return known->second;
    }

    std::string text_;
    const Names& names_;
    std::size_t at_ = 0;
};

} // namespace

Matrix matrix(const xtape::Var& var, const xtape::Array<double>& array) {
    const xtape::Shape shape = var.shape();
    const std::size_t rank = shape.rank();
    Matrix m;
    m.entries.assign(array.data(), array.data() + array.size());
    if (rank > 0) {
        m.cols = array.shape()[rank - 1];
        m.col_name = shape[rank - 1].name();
    }
    if (rank > 1) {
        m.rows = array.shape()[0];
        m.row_name = shape[0].name();
    }
    return m;
}

Matrix evaluate(const std::string& formula, const Names& names) { return Reader(formula, names).whole(); }

double difference(const Matrix& computed, const Matrix& truth) {
    constexpr double infinite = std::numeric_limits<double>::infinity();
    if (computed.rows != truth.rows || computed.cols != truth.cols) return infinite;
    double largest = 0, scale = 0;
    for (std::size_t i = 0; i < truth.entries.size(); ++i) {
        const double d = std::abs(computed.entries[i] - truth.entries[i]);
        if (std::isnan(d)) return infinite;
        largest = std::max(largest, d);
        scale = std::max(scale, std::abs(truth.entries[i]));
    }
    return scale > 0 ? largest / scale : largest;
}

} // namespace reader
