#pragma once

#include <xtape/autodiff/attributes.hpp>
#include <xtape/autodiff/error.hpp>
#include <xtape/autodiff/sample.hpp>
#include <xtape/autodiff/var.hpp>

#include <functional>
#include <limits>
#include <optional>
#include <string_view>
#include <tuple>

namespace xtape {

namespace detail {
/// The k-th of what a rule asks for; throws OpError where there are fewer.
[[noreturn]] void throw_out_of_range(const char* what, std::size_t k, std::size_t size);
template <class List>
[[nodiscard]] const auto& checked(const char* what, const List& list, std::size_t k) {
    if (k >= list.size()) throw_out_of_range(what, k, list.size());
    return list[k];
}
} // namespace detail

/// The shape and the kind of one result.
struct ResultType {
    ResultType(Shape result_shape, Kind result_kind = Kind::real)
        : shape(std::move(result_shape)), kind(result_kind) {}
    Shape shape;
    Kind kind;
};

/// What a shape rule sees: the operands' shapes and the attributes.
class Signature {
public:
    Signature(const std::string& op, std::span<const Var> operands, const Attributes& attributes)
        : op_(op), operands_(operands), attributes_(attributes) {}

    [[nodiscard]] std::size_t size() const { return operands_.size(); }
    [[nodiscard]] Shape shape(std::size_t k = 0) const {
        return detail::checked("operand", operands_, k).shape();
    }
    [[nodiscard]] Kind kind(std::size_t k = 0) const {
        return detail::checked("operand", operands_, k).kind();
    }
    [[nodiscard]] const Attributes& attributes() const { return attributes_; }

    /// The shape that all operands broadcast to; throws ShapeError where they do not.
    [[nodiscard]] Shape broadcast() const;

    /// Throws ShapeError: `matmul(W1, X): W1 is (n1=4 × n0=3), X is (n=400 × n0=3): <why>`.
    [[noreturn]] void fail(const std::string& why) const;

    /// `matmul(W1, X)`.
    [[nodiscard]] std::string call() const;

    /// How messages call operand k: `X`.
    [[nodiscard]] std::string operand(std::size_t k) const { return operands_[k].to_string(); }

private:
    const std::string& op_;
    std::span<const Var> operands_;
    const Attributes& attributes_;
};

/// The extents that the unsized dimensions of a tape have in one evaluation.
class Environment {
public:
    /// Throws BindingError where the dimension has no extent: no bound array has a dimension of its name.
    [[nodiscard]] std::size_t extent(const Dim& dim) const;
    [[nodiscard]] Extents extents(const Shape& shape) const;

    /// The extent of a name; empty where it has none.
    [[nodiscard]] std::optional<std::size_t> find(const std::string& name) const;
    void set(const std::string& name, std::size_t extent) { extents_.emplace_back(name, extent); }

private:
    std::vector<std::pair<std::string, std::size_t>> extents_;
};

namespace detail {
/// `solve(K, y)`, without the name of the operation's library.
[[nodiscard]] std::string call_text(std::string_view op, std::size_t operands,
                                    const std::function<std::string(std::size_t)>& describe);
} // namespace detail

/// A Graph made ready to be run again and again: called with arrays for its inputs, it gives those of its
/// outputs.
using Runner = std::function<std::vector<AnyArray>(std::span<const AnyArray> inputs)>;

/// Makes a Graph ready. What depends on no input that `varying` names is computed at the first run only.
using Prepare = std::function<Runner(const Graph& graph, const std::vector<bool>& varying)>;

/// One operation applied to arrays of one scalar type: what a forward function reads from and writes to.
template <std::floating_point T>
class Call {
public:
    using value_type = T;

    /// `describe(k)` is how messages call operand k; it is asked only where one is made.
    Call(std::string_view op, std::span<const AnyArray> operands, const Attributes& attributes,
         std::span<const Extents> extents, const Environment& environment,
         std::function<std::string(std::size_t)> describe, Prepare prepare = {})
        : op_(op), operands_(operands), attributes_(attributes), extents_(extents), environment_(environment),
          describe_(std::move(describe)), prepare_(std::move(prepare)), results_(extents.size()) {}

    [[nodiscard]] std::size_t size() const { return operands_.size(); }
    [[nodiscard]] const AnyArray& operand(std::size_t k) const {
        return detail::checked("operand", operands_, k);
    }
    [[nodiscard]] const Attributes& attributes() const { return attributes_; }

    /// Operands as read-only xtensor expressions, by their kind.
    [[nodiscard]] View<T> real(std::size_t k) const { return operand(k).template view<T>(); }
    [[nodiscard]] View<std::int64_t> index(std::size_t k) const {
        return operand(k).template view<std::int64_t>();
    }
    [[nodiscard]] View<bool> mask(std::size_t k) const { return operand(k).template view<bool>(); }

    /// The extents of result k, from the shape rule.
    [[nodiscard]] const Extents& extents(std::size_t k = 0) const { return extents_[k]; }

    /// The extent that a dimension has in this evaluation.
    [[nodiscard]] std::size_t extent(const Dim& dim) const { return environment_.extent(dim); }

    /// Elements for result k, all zero, to be filled.
    template <ArrayElement E = T>
    [[nodiscard]] E* allocate(std::size_t k = 0) {
        auto [array, data] = AnyArray::zeros<E>(extents_[k]);
        results_[k] = std::move(array);
        return data;
    }
    /// Makes `array` result k. Nothing is copied where it owns its elements.
    void give(std::size_t k, AnyArray array) { results_[k] = std::move(array); }

    [[nodiscard]] std::vector<std::optional<AnyArray>>& results() { return results_; }

    /// Makes a Graph among the attributes ready to be run, in this evaluation's type and with its extents.
    [[nodiscard]] Runner prepare(const Graph& graph, const std::vector<bool>& varying) const {
        return prepare_(graph, varying);
    }

    /// How messages call operand k, and the operation with all of them: `K`, `solve(K, y)`.
    [[nodiscard]] std::string operand_name(std::size_t k) const { return describe_(k); }
    [[nodiscard]] std::string call() const { return detail::call_text(op_, size(), describe_); }

    /// Throws E: `solve(K, y): <why>`.
    template <std::derived_from<Error> E>
    [[noreturn]] void fail(const std::string& why) const {
        throw E(call() + ": " + why);
    }

private:
    std::string_view op_;
    std::span<const AnyArray> operands_;
    const Attributes& attributes_;
    std::span<const Extents> extents_;
    const Environment& environment_;
    std::function<std::string(std::size_t)> describe_;
    Prepare prepare_;
    std::vector<std::optional<AnyArray>> results_;
};

/// What a derivative rule sees: the record that it is for, and the cotangents of its results.
class Pullback {
public:
    Pullback(std::vector<Var> inputs, std::vector<Var> outputs, std::vector<Var> cotangents,
             const Attributes& attributes)
        : inputs_(std::move(inputs)), outputs_(std::move(outputs)), cotangents_(std::move(cotangents)),
          attributes_(attributes) {}

    [[nodiscard]] std::size_t size() const { return inputs_.size(); }
    [[nodiscard]] const Var& input(std::size_t k = 0) const { return detail::checked("operand", inputs_, k); }
    [[nodiscard]] const Var& output(std::size_t k = 0) const {
        return detail::checked("result", outputs_, k);
    }
    [[nodiscard]] const Var& cotangent(std::size_t k = 0) const {
        return detail::checked("cotangent", cotangents_, k);
    }
    [[nodiscard]] const std::vector<Var>& inputs() const { return inputs_; }
    [[nodiscard]] const std::vector<Var>& outputs() const { return outputs_; }
    [[nodiscard]] const std::vector<Var>& cotangents() const { return cotangents_; }
    [[nodiscard]] const Attributes& attributes() const { return attributes_; }

private:
    std::vector<Var> inputs_, outputs_, cotangents_;
    const Attributes& attributes_;
};

/// What a forward rule sees: the record that it is for, and the tangents of its operands, of their shapes.
/// A tangent is there for every real operand, and zeros for one that does not move.
class Pushforward {
public:
    Pushforward(std::vector<Var> inputs, std::vector<Var> outputs, std::vector<Var> tangents,
                std::vector<bool> moves, const Attributes& attributes)
        : inputs_(std::move(inputs)), outputs_(std::move(outputs)), tangents_(std::move(tangents)),
          moves_(std::move(moves)), attributes_(attributes) {}

    [[nodiscard]] std::size_t size() const { return inputs_.size(); }
    [[nodiscard]] const Var& input(std::size_t k = 0) const { return detail::checked("operand", inputs_, k); }
    [[nodiscard]] const Var& output(std::size_t k = 0) const {
        return detail::checked("result", outputs_, k);
    }
    [[nodiscard]] const Var& tangent(std::size_t k = 0) const {
        return detail::checked("tangent", tangents_, k);
    }
    /// False where operand k is known not to move.
    [[nodiscard]] bool moves(std::size_t k) const { return k < moves_.size() && moves_[k]; }
    [[nodiscard]] const std::vector<Var>& inputs() const { return inputs_; }
    [[nodiscard]] const Attributes& attributes() const { return attributes_; }

private:
    std::vector<Var> inputs_, outputs_, tangents_;
    std::vector<bool> moves_;
    const Attributes& attributes_;
};

/// How an operation is written: `{0}`, `{1}`, … stand for its operands, `{slope}` for an attribute. An
/// operand is put in parentheses where its own precedence is lower.
struct Notation {
    std::string text;
    std::string latex;
    int precedence = std::numeric_limits<int>::max();
};

/// An interval from which checks draw an operand, or in which an operation is defined.
struct Interval {
    double low, high;
};

template <class T>
using Kernel = std::function<void(Call<T>&)>;

/// Everything that an operation is. One constant object per operation, made by a builder of
/// <xtape/autodiff/define.hpp>; the address is its identity.
struct Definition {
    std::string name;
    bool variadic = false;               ///< any number of operands, of the one kind given, or of any
    std::vector<Kind> operands;          ///< the kind of each operand
    std::vector<std::string> attributes; ///< the attributes that an elementwise body takes after its operands
    std::function<void(const Signature&, std::vector<ResultType>&)> shape;
    std::tuple<Kernel<float>, Kernel<double>, Kernel<long double>> forward;
    std::function<Var(std::span<const Var>)>
        body; ///< the traced definition; operands, then attributes as constants
    bool elementwise = false;

    /// The cotangent of operand k; an empty Var stands for zero. Empty where the body is to be
    /// differentiated.
    std::function<Var(const Pullback&, std::size_t k)> vjp;
    /// The cotangents of several operands at once, in the place of `vjp`.
    std::function<std::vector<Var>(const Pullback&, std::span<const std::size_t>)> vjp_all;
    /// The tangents of all results, an empty Var for zero. Empty where they come from the vjp.
    std::function<std::vector<Var>(const Pushforward&)> jvp;
    std::vector<bool> differentiable; ///< per operand; empty where a derivative passes through all
    bool without_gradient = false;    ///< no derivative passes through any operand

    Notation notation;
    std::vector<Interval> domain, sampled_on;   ///< per operand (or one for all); empty: all real numbers
    std::vector<long double> attribute_samples; ///< values of the attributes with which checks call it
    std::function<std::vector<Sample>(Draw&)> samples; ///< what checks call an operation on whole arrays with

    std::string kink;           ///< where its derivative jumps, in words; empty where it is smooth
    Kernel<long double> branch; ///< numbers that change where an operand crosses a kink
    std::string saturation;     ///< what to use where its result has lost its argument

    /// True where operands may have any kind, which the shape rule checks.
    [[nodiscard]] bool takes_any_kind() const { return variadic && operands.empty(); }

    /// The kind that an operand is to have; a real beyond the last.
    [[nodiscard]] Kind kind_of(std::size_t operand) const {
        const std::size_t k = variadic ? 0 : operand;
        return k < operands.size() ? operands[k] : Kind::real;
    }
    [[nodiscard]] bool passes_gradient(std::size_t operand) const {
        return !without_gradient && (differentiable.empty() || differentiable[operand]);
    }

    /// The name without its library's: `mish` of `mylib::mish`.
    [[nodiscard]] std::string short_name() const;
};

/// A handle of an operation's definition. Operations are equal where they are the same object.
class Op {
public:
    explicit Op(Definition definition);

    [[nodiscard]] const std::string& name() const { return definition_->name; }
    [[nodiscard]] const Definition& definition() const { return *definition_; }
    bool operator==(const Op&) const = default;

private:
    std::shared_ptr<const Definition> definition_;
};

/// Records one operation and returns its only result. Numbers and arrays among the operands become constants
/// on the tape of the Vars among them. Throws ShapeError, KindError or VarError, leaving the tape as it was.
Var record(const Op& op, std::initializer_list<Operand> operands, Attributes attributes = {});

/// The same for operands that are already on one tape, for operations with any number of operands or results:
/// `record_all(op, {{x, y}})` or a vector of Vars.
std::vector<Var> record_all(const Op& op, std::span<const Var> operands, Attributes attributes = {});

} // namespace xtape
