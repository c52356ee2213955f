#include "formula.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>

namespace second_corpus {
namespace {

struct Shape {
    std::size_t rank, rows, cols;
};

/// As a matrix: what is of rank 1 is a row, as in NumPy's broadcasting.
Shape shape_of(const Matrix& m) {
    const auto& s = m.shape();
    return {s.size(), s.size() == 2 ? s[0] : 1, s.empty() ? 1 : s.back()};
}

Matrix zeros(const Shape& s) {
    xtape::Extents extents;
    if (s.rank == 2) extents.push_back(s.rows);
    if (s.rank >= 1) extents.push_back(s.cols);
    Matrix result(extents);
    std::fill(result.storage().begin(), result.storage().end(), 0.0);
    return result;
}

std::string text(const Matrix& m) {
    std::string result = "(";
    for (const std::size_t extent : m.shape())
        result += std::to_string(extent) + ",";
    return result + ")";
}

[[noreturn]] void disagree(const std::string& operation, const Matrix& a, const Matrix& b) {
    throw ShapesDisagree(operation + ": " + text(a) + " and " + text(b));
}

using Unary = double (*)(double);
using Binary = double (*)(double, double);

Matrix each(Matrix m, Unary f) {
    std::transform(m.storage().begin(), m.storage().end(), m.storage().begin(), f);
    return m;
}

Matrix each(const Matrix& a, const Matrix& b, Binary f) {
    const Shape s = shape_of(a), t = shape_of(b);
    const auto fit = [](std::size_t x, std::size_t y) { return x == y || x == 1 || y == 1; };
    if (!fit(s.rows, t.rows) || !fit(s.cols, t.cols)) disagree("elementwise", a, b);
    const auto common = [](std::size_t x, std::size_t y) { return x == 1 ? y : x; };
    const Shape u{std::max(s.rank, t.rank), common(s.rows, t.rows), common(s.cols, t.cols)};
    const auto entry = [](const Matrix& m, const Shape& of, std::size_t i, std::size_t j) {
        return m.storage()[(of.rows == 1 ? 0 : i) * of.cols + (of.cols == 1 ? 0 : j)];
    };
    Matrix result = zeros(u);
    for (std::size_t i = 0; i < u.rows; ++i)
        for (std::size_t j = 0; j < u.cols; ++j)
            result.storage()[i * u.cols + j] = f(entry(a, s, i, j), entry(b, t, i, j));
    return result;
}

Matrix transposed(const Matrix& m) {
    const Shape s = shape_of(m);
    if (s.rank < 2) return m;
    Matrix result = zeros({2, s.cols, s.rows});
    for (std::size_t i = 0; i < s.rows; ++i)
        for (std::size_t j = 0; j < s.cols; ++j)
            result.storage()[j * s.rows + i] = m.storage()[i * s.cols + j];
    return result;
}

Matrix flat(const Matrix& m) {
    Matrix result = zeros({1, 1, m.size()});
    std::copy(m.storage().begin(), m.storage().end(), result.storage().begin());
    return result;
}

double times(double x, double y) { return x * y; }

Matrix dot(const Matrix& a, const Matrix& b) {
    if (a.dimension() == 0 || b.dimension() == 0) return each(a, b, times);
    const Shape s = shape_of(a);
    Shape t = shape_of(b);
    if (t.rank == 1) t = {1, t.cols, 1};
    if (s.cols != t.rows) disagree("dot", a, b);
    Matrix result = zeros({s.rank + t.rank - 2, s.rows, s.rank == 2 && t.rank == 1 ? s.rows : t.cols});
    for (std::size_t i = 0; i < s.rows; ++i)
        for (std::size_t j = 0; j < t.cols; ++j) {
            double& sum = result.storage()[i * t.cols + j];
            for (std::size_t k = 0; k < s.cols; ++k)
                sum += a.storage()[i * s.cols + k] * b.storage()[k * t.cols + j];
        }
    return result;
}

/// Over one axis, which is kept.
Matrix sum_over(std::size_t axis, const Matrix& m) {
    const Shape s = shape_of(m);
    if (s.rank < 2) throw ShapesDisagree("sum over an axis of " + text(m));
    return axis == 0 ? dot(each(zeros({2, 1, s.rows}), std::exp), m)
                     : dot(m, each(zeros({2, s.cols, 1}), std::exp)); // exp(0) = 1
}

Matrix total(const Matrix& m) {
    Matrix result = zeros({0, 1, 1});
    for (const double x : m.storage())
        result.storage()[0] += x;
    return result;
}

Matrix softmax_over(std::size_t axis, const Matrix& m) {
    const Matrix e = each(m, std::exp);
    return each(e, sum_over(axis, e), [](double x, double y) { return x / y; });
}

const std::map<std::string, Unary, std::less<>> elementwise = {
    {"tanh", std::tanh},
    {"exp", std::exp},
    {"log", std::log},
    {"sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }},
    {"relu", [](double x) { return x > 0 ? x : 0; }},
    {"softplus", [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }},
    {"step", [](double x) { return x > 0 ? 1.0 : 0.0; }},
};

class Parser {
public:
    Parser(std::string_view formula, const Memory& memory) : formula_(formula), memory_(memory) { skip(); }

    Matrix all() {
        Matrix result = terms();
        if (at_ != formula_.size()) wrong();
        return result;
    }

private:
    [[noreturn]] void wrong() const {
        throw std::invalid_argument("no formula: " + std::string(formula_.substr(0, at_)) + " <here> " +
                                    std::string(formula_.substr(at_)));
    }
    [[nodiscard]] char next() const { return at_ < formula_.size() ? formula_[at_] : '\0'; }
    [[nodiscard]] bool next_is(int (*kind)(int)) const {
        return kind(static_cast<unsigned char>(next())) != 0;
    }
    void skip() {
        while (next() == ' ')
            ++at_;
    }
    bool take(char c) {
        if (next() != c) return false;
        ++at_;
        skip();
        return true;
    }
    template <class Kind>
    std::string_view word(Kind kind) {
        const std::size_t from = at_;
        while (at_ < formula_.size() && kind(formula_[at_]))
            ++at_;
        const std::string_view result = formula_.substr(from, at_ - from);
        skip();
        return result;
    }

    Matrix terms() {
        Matrix result = product();
        for (;;)
            if (take('+'))
                result = each(result, product(), [](double x, double y) { return x + y; });
            else if (take('-'))
                result = each(result, product(), [](double x, double y) { return x - y; });
            else
                return result;
    }
    Matrix product() {
        Matrix result = matmul();
        for (;;)
            if (take('*'))
                result = each(result, matmul(), times);
            else if (take('/'))
                result = each(result, matmul(), [](double x, double y) { return x / y; });
            else
                return result;
    }
    Matrix matmul() {
        Matrix result = factor();
        while (next() == '(' || next_is(std::isalnum))
            result = dot(result, factor());
        return result;
    }
    Matrix factor() {
        if (take('-')) return each(factor(), [](double x) { return -x; });
        Matrix result = atom();
        while (take('^'))
            if (take('T'))
                result = transposed(result);
            else if (take('2'))
                result = each(result, result, times);
            else
                wrong();
        return result;
    }
    Matrix parenthesis() {
        if (!take('(')) wrong();
        Matrix result = terms();
        if (!take(')')) wrong();
        return result;
    }
    Matrix atom() {
        if (next() == '(') return parenthesis();
        if (next_is(std::isdigit)) {
            Matrix result = zeros({0, 1, 1});
            result.storage()[0] =
                std::stod(std::string(word([](char c) { return c == '.' || (c >= '0' && c <= '9'); })));
            return result;
        }
        const std::string_view name =
            word([](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; });
        if (name.empty()) wrong();
        const std::size_t nodes = memory_.rows ? 1 : 0, examples = 1 - nodes;
        if (const auto f = elementwise.find(name); f != elementwise.end())
            return each(parenthesis(), f->second);
        if (name == "softmax") return softmax_over(nodes, parenthesis());
        if (name == "softmax_examples") return softmax_over(examples, parenthesis());
        if (name == "sum_nodes") return sum_over(nodes, parenthesis());
        if (name == "sum_examples") return sum_over(examples, parenthesis());
        if (name == "sum") return total(parenthesis());
        if (name == "flat") return flat(parenthesis());
        return memory_.at(name);
    }

    std::string_view formula_;
    const Memory& memory_;
    std::size_t at_ = 0;
};

} // namespace

const Matrix& Memory::at(std::string_view name) const {
    const auto it = arrays.find(name);
    if (it == arrays.end()) throw std::invalid_argument("no array " + std::string(name));
    return it->second;
}

Matrix Memory::evaluate(std::string_view formula) const { return Parser(formula, *this).all(); }

} // namespace second_corpus
