#include <xtape/autodiff/compile/kernels.hpp>
#include <xtape/autodiff/compile/readers.hpp>

#include <algorithm>

namespace xtape::detail {
namespace {

bool reads_in_loop(const Records& records, const Record& record, const Environment& environment) {
    const std::string& name = records.op(record).name();
    const auto is_number = [&](std::uint32_t id) {
        return size_of(environment.extents(records.result(id).shape)) == 1;
    };
    return block_kernel<double>(records.op(record)) && name != "xtape::add" &&
           !(name == "xtape::multiply" && std::ranges::any_of(records.operands(record), is_number));
}

} // namespace

Readers::Readers(const Records& records, const std::vector<std::uint32_t>& outputs,
                 const Environment& environment)
    : count_(records.result_count()), in_loop_(records.result_count()) {
    for (std::uint32_t r = 0; r < records.record_count(); ++r) {
        const Record& record = records.record(r);
        const bool in_loop = reads_in_loop(records, record, environment);
        for (const std::uint32_t id : records.operands(record)) {
            ++count_[id];
            if (in_loop) in_loop_[id] = true;
        }
    }
    for (const std::uint32_t id : outputs)
        ++count_[id];
}

} // namespace xtape::detail
