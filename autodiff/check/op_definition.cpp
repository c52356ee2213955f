#include <xtape/autodiff/check/notation.hpp>
#include <xtape/autodiff/check/op_check.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xtape::detail {

void OpCheck::check_definition(const std::vector<Sample>& samples) {
    std::vector<std::string> attributes;
    for (const Sample& sample : samples)
        for (const auto& [name, value] : sample.attributes.entries())
            attributes.push_back(name);
    if (attributes.empty()) attributes = definition().attributes;
    for (const std::string& fault : notation_faults(definition(), attributes))
        line("notation").fail(": " + fault);

    if (samples.empty() && !definition().elementwise)
        line("samples").fail(
            ": an operation on whole arrays says with which operands it is checked: add "
            ".samples([](Draw& draw) { … }), or call check_op(op, {{{array}, attributes}}).");
    bool entries = samples.empty();
    for (const Sample& sample : samples) {
        entries |= sample.operands.empty();
        for (const AnyArray& operand : sample.operands) {
            entries |= operand.size() > 0;
            if (!operand.all_finite())
                line("samples").fail(": one holds a NaN or an infinity, " + describe(sample) + ".");
        }
    }
    if (!entries) line("samples").fail(": all are empty arrays.");
    (void)line("rule");
    if (const auto real = std::ranges::count(definition().operands, Kind::real);
        (real > 0 || definition().takes_any_kind()) && !definition().vjp && !definition().vjp_all &&
        !definition().body && !definition().without_gradient)
        for (const Sample& sample : samples)
            if (!AppliedOp(op_, sample).real_results.empty()) {
                line("rule").fail(
                    fmt::format(": {} has no derivative: give its definition .vjp(rule), a "
                                "traceable .forward, or .without_gradient() where none is meant.",
                                op_.name()));
                break;
            }
}

void OpCheck::check_bad_input(const Sample& sample) {
    AppliedOp applied(op_, sample);
    Tally& tally = line("bad input");
    const auto refused = [&](std::vector<Var> operands, const std::string& what) {
        const std::size_t size = applied.tape.size();
        try {
            (void)applied.tape.records()->append(op_, operands, sample.attributes);
        } catch (const Error&) {
            tally.pass();
            if (applied.tape.size() != size)
                tally.fail(": " + what + " is refused, but leaves records behind.");
            return;
        }
        tally.fail(": " + what + " is recorded without an error.");
    };
    const std::size_t count = applied.inputs.size();
    if (!definition().variadic) {
        std::vector<Var> more = applied.inputs;
        more.push_back(applied.tape.constant(1));
        refused(more, fmt::format("a call with {} operands", count + 1));
        if (count > 1)
            refused({applied.inputs.begin(), applied.inputs.end() - 1},
                    fmt::format("a call with {} operands", count - 1));
    }
    for (std::size_t k = 0; k < count && !definition().operands.empty(); ++k) {
        std::vector<Var> other = applied.inputs;
        const bool real = other[k].kind() == Kind::real;
        other[k] =
            applied.tape.input(fmt::format("other{}", k), other[k].shape(), real ? Kind::mask : Kind::real);
        refused(other, fmt::format("{} in the place of operand {}", real ? "a mask" : "a real", k));
    }
}

} // namespace xtape::detail
