#pragma once

/// A Program together with the arrays that it is run with.

#include <xtape/autodiff.hpp>

#include <memory>

namespace contest {

template <std::floating_point T>
class Prepared {
public:
    Prepared(xtape::Program<T> program, std::vector<xtape::AnyArray> inputs)
        : program_(std::move(program)), inputs_(std::move(inputs)), results_(program_(inputs_)),
          outputs_(results_.begin(), results_.end()) {}

    void step() { program_.run(inputs_, outputs_); }

    [[nodiscard]] const std::vector<xtape::Array<T>>& results() const { return results_; }
    [[nodiscard]] xtape::ProgramPlan plan() const {
        std::vector<xtape::Extents> extents;
        for (const xtape::AnyArray& input : inputs_)
            extents.push_back(input.extents());
        return program_.plan(extents);
    }
    [[nodiscard]] xtape::Profile profile() const { return program_.profile(inputs_); }

private:
    xtape::Program<T> program_;
    std::vector<xtape::AnyArray> inputs_;
    std::vector<xtape::Array<T>> results_;
    std::vector<xtape::OutputArray<T>> outputs_;
};

template <std::floating_point T>
std::shared_ptr<Prepared<T>> prepared(const std::vector<xtape::Var>& inputs,
                                      const std::vector<xtape::Var>& outputs,
                                      std::vector<xtape::AnyArray> arrays) {
    return std::make_shared<Prepared<T>>(xtape::compile<T>(inputs, outputs), std::move(arrays));
}

} // namespace contest
