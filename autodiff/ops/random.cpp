#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/piecewise.hpp>
#include <xtape/autodiff/ops/random.hpp>
#include <xtape/autodiff/ops/threefry.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

#include <cmath>
#include <numbers>

namespace xtape {
namespace {

using detail::Words;

// The second word of a counter says what is drawn, so that keys are no numbers.
constexpr std::uint64_t for_numbers = 0, for_keys = 1;

void require_key(const Signature& s) {
    if (s.shape().rank() != 1 || !same_extent(s.shape()[0], Dim(2)))
        s.fail("a key has shape (2): random_key(seed), or one of split_key(key, count).");
}

Shape drawn_shape(const Signature& s) {
    require_key(s);
    return s.attributes().shape("shape");
}

template <class T>
Words key_of(const Call<T>& call) {
    const auto* words = call.operand(0).template data<std::int64_t>();
    return {static_cast<std::uint64_t>(words[0]), static_cast<std::uint64_t>(words[1])};
}

/// Fills result 0 with f of 53 random bits for each entry.
template <class E, class T, class F>
void draw_each(Call<T>& call, F f) {
    const Words key = key_of(call);
    E* to = call.template allocate<E>();
    const std::size_t size = size_of(call.extents());
    for (std::size_t i = 0; i < size; i += 2) {
        const Words words = detail::threefry2x64(key, {i / 2, for_numbers});
        for (std::size_t k = 0; k < 2 && i + k < size; ++k)
            to[i + k] = f(static_cast<double>(words[k] >> 11));
    }
}

std::vector<Sample> key_samples(Draw& draw) {
    std::vector<Sample> samples;
    for (const Shape& shape : {Shape{2, 3}, Shape{5}, Shape{}, Shape{1}, Shape{0, 3}}) {
        Array<std::int64_t> key = random_key(draw.bits());
        samples.push_back({{std::move(key)}, {{"shape", shape}}});
    }
    return samples;
}

const Op split_key_op = operation("xtape::split_key")
                            .operands({Kind::index})
                            .shape([](const Signature& s) {
                                require_key(s);
                                const auto count = static_cast<std::size_t>(s.attributes().integer("count"));
                                return std::vector<ResultType>(count, ResultType(Shape{2}, Kind::index));
                            })
                            .forward([](auto& call) {
                                const Words key = key_of(call);
                                const auto count =
                                    static_cast<std::size_t>(call.attributes().integer("count"));
                                for (std::size_t k = 0; k < count; ++k) {
                                    const Words words = detail::threefry2x64(key, {k, for_keys});
                                    auto* to = call.template allocate<std::int64_t>(k);
                                    to[0] = static_cast<std::int64_t>(words[0]);
                                    to[1] = static_cast<std::int64_t>(words[1]);
                                }
                            })
                            .without_gradient()
                            .notation("split({0}, {count})", R"(\operatorname{split}({0}, {count}))")
                            .samples([](Draw& draw) {
                                std::vector<Sample> samples;
                                for (const std::int64_t count : {1, 3}) {
                                    Array<std::int64_t> key = random_key(draw.bits());
                                    samples.push_back({{std::move(key)}, {{"count", count}}});
                                }
                                return samples;
                            });

const Op uniform_op = operation("xtape::uniform")
                          .operands({Kind::index})
                          .shape(drawn_shape)
                          .forward([](auto& call) {
                              using T = typename std::decay_t<decltype(call)>::value_type;
                              draw_each<T>(call, [](double bits) {
                                  const T number = static_cast<T>(std::ldexp(bits, -53));
                                  return number < 1 ? number : std::nextafter(T{1}, T{0});
                              });
                          })
                          .without_gradient()
                          .notation("uniform({0})", R"(\operatorname{uniform}({0}))")
                          .samples(key_samples);

const Op normal_op =
    operation("xtape::normal")
        .operands({Kind::index})
        .shape(drawn_shape)
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            draw_each<T>(call, [](double bits) {
                // The middle of the cell of width 2⁻⁵² in (−1, 1): exact, never an end, and as often of
                // either sign.
                const double middle = std::ldexp(2 * (bits - 0x1p52) + 1, -53);
                return static_cast<T>(std::numbers::sqrt2 * erfinv(Real<double>(middle)).value);
            });
        })
        .without_gradient()
        .notation("normal({0})", R"(\operatorname{normal}({0}))")
        .samples(key_samples);

const Op bernoulli_op =
    operation("xtape::bernoulli")
        .operands({Kind::index})
        .shape([](const Signature& s) { return ResultType(drawn_shape(s), Kind::mask); })
        .forward([](auto& call) {
            const long double p = call.attributes().real("p");
            draw_each<bool>(call, [p](double bits) { return std::ldexp(bits, -53) < p; });
        })
        .without_gradient()
        .notation("bernoulli({0}, {p})", R"(\operatorname{bernoulli}({0}, {p}))")
        .samples([](Draw& draw) {
            std::vector<Sample> samples;
            for (const Sample& sample : key_samples(draw))
                samples.push_back(
                    {sample.operands, {{"shape", sample.attributes.shape("shape")}, {"p", 0.3L}}});
            return samples;
        });

const Op random_list[] = {split_key_op, uniform_op, normal_op, bernoulli_op};

} // namespace

Array<std::int64_t> random_key(std::uint64_t seed) { return {static_cast<std::int64_t>(seed), 0}; }

std::vector<Var> split_key(const Var& key, std::size_t count) {
    if (count == 0)
        throw ArgumentError(fmt::format("split_key({}, 0): ask for at least one key.", key.to_string()));
    return record_all(split_key_op, {{key}}, {{"count", static_cast<std::int64_t>(count)}});
}

Var uniform(const Var& key, const Shape& shape) { return record(uniform_op, {key}, {{"shape", shape}}); }
Var normal(const Var& key, const Shape& shape) { return record(normal_op, {key}, {{"shape", shape}}); }

Var bernoulli(const Var& key, long double p, const Shape& shape) {
    if (!(0 <= p && p <= 1))
        throw ArgumentError(fmt::format("bernoulli({}, {}): a probability is from 0 to 1.", key.to_string(),
                                        static_cast<double>(p)));
    return record(bernoulli_op, {key}, {{"shape", shape}, {"p", p}});
}

Var dropout(const Var& x, long double rate, const Operand& key) {
    if (!(0 <= rate && rate < 1))
        throw ArgumentError(fmt::format("dropout({}, {}): the rate must be at least 0 and below 1.",
                                        x.to_string(), static_cast<double>(rate)));
    Transaction transaction(*x.records());
    const Var kept = bernoulli(key.on(x.records()), 1 - rate, x.shape());
    Var result = where(kept, x * (1 / (1 - rate)), 0);
    transaction.done();
    return result;
}

std::span<const Op> random_ops() { return random_list; }

} // namespace xtape
