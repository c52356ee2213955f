#include "check.hpp"
#include <xtape/autodiff/records.hpp>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace check {

using namespace xtape;

namespace {

std::vector<std::vector<Extents>> shapes(std::size_t operands) {
    if (operands == 1) return {{{}}, {{1}}, {{0}}, {{7}}, {{2, 3}}, {{3, 1, 2}}, {{2, 0}}};
    std::vector<std::vector<Extents>> pairs{
        {{2, 3}, {2, 3}}, {{2, 3}, {}},     {{}, {3, 2}},     {{}, {}},        {{2, 3}, {3}},
        {{2, 3}, {1, 3}}, {{2, 3}, {2, 1}}, {{2, 1}, {1, 3}}, {{1}, {4}},      {{3, 1, 2}, {5, 1}},
        {{0, 3}, {1, 3}}, {{0}, {1}},       {{0}, {}},        {{2, 0}, {2, 1}}};
    if (operands == 3)
        for (auto& pair : pairs)
            pair.push_back(pair[1]);
    return pairs;
}

Extents broadcast_extents(const std::vector<Extents>& shapes) {
    std::size_t rank = 0;
    for (const Extents& shape : shapes)
        rank = std::max(rank, shape.size());
    Extents wide(rank, 1);
    for (const Extents& shape : shapes)
        for (std::size_t back = 1; back <= shape.size(); ++back)
            if (shape[shape.size() - back] != 1) wide[rank - back] = shape[shape.size() - back];
    return wide;
}

/// The entry of an array that is broadcast to position i of `wide`, by NumPy's rule.
long double broadcast_entry(const Array<long double>& array, const Extents& wide, std::size_t i) {
    std::size_t offset = 0, stride = 1;
    for (std::size_t back = 1; back <= wide.size(); ++back) {
        const std::size_t position = i % wide[wide.size() - back];
        i /= wide[wide.size() - back];
        if (back > array.dimension()) continue;
        const std::size_t extent = array.shape()[array.dimension() - back];
        offset += (extent == 1 ? 0 : position) * stride;
        stride *= extent;
    }
    return array.data()[offset];
}

Array<long double> reference_of(const Elementwise& c, const Arrays& inputs) {
    std::vector<Extents> extents;
    for (const auto& input : inputs)
        extents.emplace_back(input.shape());
    const Extents wide = broadcast_extents(extents);
    auto result = Array<long double>::from_shape(wide);
    for (std::size_t i = 0; i < result.size(); ++i) {
        std::vector<long double> entries;
        for (const auto& input : inputs)
            entries.push_back(broadcast_entry(input, wide, i));
        result.data()[i] = c.reference(entries.data());
    }
    return result;
}

/// The case recorded with inputs of one entry each.
Var recorded(const Elementwise& c, const Op& op, Tape& tape) {
    std::vector<Var> inputs;
    for (const Kind kind : op.definition().operands)
        inputs.push_back(tape.input(fmt::format("x{}", inputs.size()), {}, kind));
    return c.record(inputs);
}

/// A function that records `op` with the attributes with which the case records its own.
Function with_op(const Elementwise& c, const Op& op) {
    Tape tape;
    const Var result = recorded(c, op, tape);
    const Attributes attributes = tape.records()->attributes(tape.records()->record_of(result.id()));
    return [op, attributes](std::span<const Var> vars) { return record_all(op, vars, attributes)[0]; };
}

void expect_nan_where_an_operand_is_nan(const Elementwise& c, Arrays inputs) {
    for (std::size_t k = 0; k < inputs.size(); ++k) {
        const long double before = inputs[k].data()[1];
        inputs[k].data()[1] = std::numeric_limits<long double>::quiet_NaN();
        Tape tape;
        std::vector<Var> vars;
        for (const auto& input : inputs)
            vars.push_back(tape.constant(input));
        const auto result = c.record(vars).value();
        BOOST_TEST(std::isnan(result.data()[1]), c.op << ": a NaN in operand " << k << " disappeared");
        BOOST_TEST(std::isfinite(result.data()[0]), c.op << ": a NaN spread");
        inputs[k].data()[1] = before;
    }
}

void check_case(const Elementwise& c, const Op& op) {
    const std::size_t operands = op.definition().operands.size();
    BOOST_REQUIRE_MESSAGE(operands == c.samples.size(), c.op << ": samples for each operand");
    const std::vector<Kind>& kinds = op.definition().operands;
    const bool real = std::ranges::count(kinds, Kind::real) == static_cast<std::ptrdiff_t>(operands);
    std::size_t nonzero = 0, compared = 0;
    for (const auto& extents : shapes(operands)) {
        Arrays inputs;
        std::string text;
        for (std::size_t k = 0; k < operands; ++k) {
            inputs.push_back(filled(extents[k], c.samples[k]));
            text += " " + to_string(extents[k]);
        }
        if (real) {
            const Verdict forward = values(c.record, inputs, reference_of(c, inputs), c.slack);
            BOOST_TEST(forward.pass, c.op << text << ", values: " << forward.why);
        }
        if (op.definition().without_gradient) continue;
        const Verdict first = first_derivative(c.record, inputs, kinds);
        BOOST_TEST(first.pass, c.op << text << ", first derivative: " << first.why);
        const Verdict second = second_derivative(c.record, inputs, kinds);
        BOOST_TEST_MESSAGE(c.op << text << ": worst " << first.worst << " and " << second.worst);
        BOOST_TEST(second.pass, c.op << text << ", second derivative: " << second.why);
        nonzero += first.nonzero;
        compared += first.compared;
    }
    if (op.definition().without_gradient) return;
    BOOST_TEST(compared > 0u, c.op << ": nothing was compared");
    BOOST_TEST((nonzero == 0) == c.flat, c.op << ": " << nonzero << " derivatives are not zero");

    Arrays inputs;
    for (const auto& samples : c.samples)
        inputs.push_back(filled({2, 3}, samples));
    if (real) expect_nan_where_an_operand_is_nan(c, inputs);
    const Function wrong = with_op(c, wrong_derivative(op));
    if (!c.flat)
        BOOST_TEST(!first_derivative(wrong, inputs, kinds).pass, c.op << ": × 1.001 was not noticed");
    if (real) {
        const Function off = with_op(c, wrong_value(op));
        BOOST_TEST(!values(off, inputs, reference_of(c, inputs), c.slack).pass,
                   c.op << ": a value × 1.001 was not noticed");
    }
}

} // namespace

void family(std::span<const Elementwise> cases, std::span<const Op> family) {
    std::set<std::string> left;
    for (const Op& op : family)
        if (op.definition().elementwise) left.insert(op.name());
    BOOST_TEST(left.size() == cases.size());
    for (const Elementwise& c : cases) {
        const auto op = std::ranges::find(family, c.op, &Op::name);
        BOOST_REQUIRE_MESSAGE(op != family.end(), c.op << " is not in this family");
        Tape tape;
        const Var result = recorded(c, *op, tape);
        BOOST_TEST(tape.records()->op(tape.records()->record_of(result.id())).name() == c.op);
        check_case(c, *op);
        left.erase(c.op);
    }
    for (const std::string& name : left)
        BOOST_ERROR(name << " has no case");
}

} // namespace check
