#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/exponential.hpp>
#include <xtape/autodiff/ops/hyperbolic.hpp>
#include <xtape/autodiff/ops/piecewise.hpp>
#include <xtape/autodiff/ops/products.hpp>
#include <xtape/autodiff/ops/reductions.hpp>
#include <xtape/autodiff/ops/trigonometric.hpp>
#include <xtape/autodiff/records.hpp>
#include <xtape/autodiff/tape.hpp>
#include <xtape/autodiff/transform/call.hpp>
#include <xtape/autodiff/transform/map.hpp>
#include <xtape/autodiff/transform/samples.hpp>
#include <xtape/autodiff/transform/scan.hpp>

#include <functional>

namespace xtape::detail {
namespace {

using Vars = std::vector<Var>;

/// The last record that `f` makes of inputs of these extents, with arrays for its operands.
Sample recorded(Draw& draw, const std::vector<Extents>& inputs, const std::function<void(const Vars&)>& f) {
    Tape tape;
    Vars vars;
    for (const Extents& extents : inputs)
        vars.push_back(tape.input("x" + std::to_string(vars.size()), Shape(extents)));
    f(vars);
    const Records& records = *tape.records();
    const Record& record = records.record(records.record_count() - 1);
    Sample sample{{}, records.attributes(record)};
    for (const std::uint32_t id : records.operands(record)) {
        const Result& operand = records.result(id);
        Extents extents;
        for (const Dim& dim : operand.shape.dims())
            extents.push_back(dim.extent());
        sample.operands.push_back(operand.kind == Kind::mask ? AnyArray(draw.masks(extents))
                                                             : AnyArray(draw.reals(extents)));
    }
    return sample;
}

Vars entries(std::span<const Var> x) { return {tanh(x[0]) * x[1]}; }

} // namespace

std::vector<Sample> call_samples(Draw& draw) {
    const auto elementwise = [](const Vars& x) { (void)call(entries, x); };
    const auto layer = [](const Vars& x) {
        (void)call([&](std::span<const Var> given) -> Vars { return {tanh(matmul(x[1], given[0]))}; },
                   {x[0]});
    };
    const auto two_results = [](const Vars& x) {
        (void)call(
            [](std::span<const Var> given) -> Vars {
                return {sum(exp(given[0]), {0}), given[1] * sin(given[0])};
            },
            x);
    };
    return {recorded(draw, {{3, 2}, {2}}, elementwise), recorded(draw, {{3, 4}, {2, 3}}, layer),
            recorded(draw, {{3, 2}, {2}}, two_results), recorded(draw, {{1}, {}}, elementwise),
            recorded(draw, {{2, 0}, {0}}, elementwise)};
}

std::vector<Sample> map_samples(Draw& draw) {
    const auto elementwise = [](const Vars& x) { (void)map(entries, x); };
    const auto layer = [](const Vars& x) {
        (void)map([&](std::span<const Var> row) -> Vars { return {tanh(matmul(x[1], row[0]))}; }, {x[0]});
    };
    const auto two_results = [](const Vars& x) {
        const Var mask = x[1] > 0;
        (void)map(
            [](std::span<const Var> row) -> Vars {
                return {where(row[1], sin(row[0]), square(row[0])), sum(exp(row[0]))};
            },
            {x[0], mask});
    };
    return {recorded(draw, {{3, 2}, {3}}, elementwise), recorded(draw, {{4, 3}, {2, 3}}, layer),
            recorded(draw, {{3, 2}, {3, 2}}, two_results), recorded(draw, {{1, 1}, {1}}, elementwise),
            recorded(draw, {{0, 2}, {0}}, elementwise)};
}

std::vector<Sample> scan_samples(Draw& draw) {
    const auto recurrence = [](const Vars& x) {
        (void)scan(
            [&](const Vars& carry, const Vars& row) -> ScanStep {
                const Var h = tanh(matmul(x[2], carry[0]) + row[0]);
                return {{h}, {h * row[0]}};
            },
            {x[0]}, {x[1]});
    };
    const auto powers = [](const Vars& x) {
        (void)scan(
            [&](const Vars& carry, const Vars&) -> ScanStep {
                return {{carry[0] * x[1], carry[1] + sin(carry[0])}, {}};
            },
            {x[0], x[0]}, Dim(3));
    };
    const auto steps = [&](std::size_t length) {
        return recorded(draw, {{2}, {length, 2}, {2, 2}}, recurrence);
    };
    std::vector<Sample> samples{steps(3), steps(1), steps(0)};
    samples.push_back(recorded(draw, {{}, {}}, powers));
    return samples;
}

} // namespace xtape::detail
