#include <xtape/autodiff/check/check_op.hpp>
#include <xtape/autodiff/check/op_check.hpp>
#include <xtape/autodiff/check/samples.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

namespace xtape {

detail::AppliedOp::AppliedOp(const Op& op, const Sample& sample) {
    const Definition& definition = op.definition();
    Records& records = *tape.records();
    for (std::size_t k = 0; k < sample.operands.size(); ++k) {
        const AnyArray& operand = sample.operands[k];
        const Kind kind = operand.is_real()                  ? Kind::real
                          : operand.element() == Element::b8 ? Kind::mask
                                                             : Kind::index;
        inputs.push_back(tape.input(fmt::format("x{}", k), Shape(operand.extents()), kind));
        if (kind == Kind::real) (definition.passes_gradient(k) ? differentiable : others).push_back(k);
    }
    const std::uint32_t id = records.append(op, inputs, sample.attributes);
    for (std::uint32_t k = 0; k < records.record_of(id).result_count; ++k) {
        results.push_back(records.var(id + k));
        if (results.back().kind() == Kind::real) real_results.push_back(results.back());
    }
}

std::string detail::describe(const Sample& sample) {
    std::string text;
    for (const AnyArray& operand : sample.operands)
        text += (text.empty() ? "" : ", ") + to_string(operand.extents());
    return text + (sample.attributes.empty() ? "" : " with " + sample.attributes.to_string());
}

detail::Tally& detail::OpCheck::line(const std::string& name) {
    stage_ = &tallies_.of(name);
    return *stage_;
}

void detail::OpCheck::guarded(const std::string& name, const std::function<void()>& test) {
    line(name);
    try {
        test();
    } catch (const std::exception& error) {
        stage_->fail(fmt::format(": {}", error.what()));
    }
}

Report detail::OpCheck::run(const std::vector<Sample>& samples) {
    for (const char* name : {"value", "derivative", "second derivative"})
        (void)tallies_.of(name); // first in the report
    guarded("notation", [&] { check_definition(samples); });
    bool third = true;
    for (const Sample& sample : samples) {
        std::size_t size = 0;
        for (const AnyArray& operand : sample.operands)
            size = std::max(size, operand.size());
        guarded("value", [&] { check_values(sample); });
        guarded("operands", [&] { check_operands_unchanged(sample); });
        guarded("no gradient", [&] { check_no_gradient(sample); });
        guarded("derivative", [&] { check_derivatives(sample, third && size > 1); });
        guarded("NaN", [&] { check_nan(sample); });
        guarded("derivative", [&] { check_precision(sample); });
        third &= size <= 1;
    }
    if (!samples.empty()) guarded("bad input", [&] { check_bad_input(samples[0]); });
    if (definition().elementwise) {
        guarded("derivative", [&] { check_one_var_twice(); });
        guarded("kink", [&] { check_kinks(); });
        guarded("domain", [&] { check_domain(); });
    }
    for (const char* name : {"derivative", "second derivative"})
        if (Tally& tally = line(name);
            expects_derivatives_ && tally.compared() == 0 && tally.verdict() != Verdict::fail)
            tally.fail(": nothing was compared: every entry lies at a kink or at an edge of the domain.");
    return tallies_.report(
        fmt::format("check_op({}): {} samples, seed {}", op_.name(), samples.size(), seed_));
}

Report check_op(const Op& op, std::uint64_t seed) {
    detail::OpCheck check(op, seed);
    return check.run(detail::samples_of(op.definition(), check.draw()));
}

Report check_op(const Op& op, const std::vector<Sample>& samples, std::uint64_t seed) {
    return detail::OpCheck(op, seed).run(samples);
}

Report check_ops(std::span<const Op> ops, std::uint64_t seed) {
    Report report(fmt::format("check_ops: {} operations, seed {}", ops.size(), seed));
    for (const Op& op : ops) {
        const Report each = check_op(op, seed);
        Comparison line{op.name(), "", each.compared(), 0, 0, each.verdict(), ""};
        for (const Comparison& comparison : each.comparisons()) {
            if (comparison.verdict == Verdict::pass) continue;
            if (line.finding.empty()) line.reason = comparison.reason;
            line.finding += fmt::format("{}{}{}", line.finding.empty() ? ": " : " · ", comparison.name,
                                        comparison.finding);
        }
        if (line.verdict == Verdict::fail) line.reason.clear();
        if (line.compared == 0 && line.finding.empty()) line.finding = ": nothing was compared.";
        line.difference = line.tolerance = std::numeric_limits<long double>::quiet_NaN();
        line.note = fmt::format("{} entries", line.compared);
        report.add(std::move(line));
    }
    return report;
}

} // namespace xtape
