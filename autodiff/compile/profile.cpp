#include <xtape/autodiff/compile/profile.hpp>
#include <xtape/autodiff/compile/program.hpp>
#include <xtape/autodiff/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <numeric>

namespace xtape {

Profile::Profile(std::vector<ProgramStep> steps, const std::vector<double>& seconds, double run,
                 std::size_t runs, std::size_t peak_bytes)
    : seconds_(run), runs_(runs), peak_bytes_(peak_bytes) {
    const double all = std::accumulate(seconds.begin(), seconds.end(), 0.0);
    for (std::size_t k = 0; k < steps.size(); ++k)
        // Where the clock sees no time at all, the steps share it alike.
        steps_.push_back({std::move(steps[k]), seconds[k],
                          all > 0 ? seconds[k] / all : 1 / static_cast<double>(steps.size())});
}

std::string Profile::to_string() const {
    std::string text = "            µs   share  GFLOP/s     GB/s\n";
    double steps = 0;
    for (std::size_t k = 0; k < steps_.size(); ++k) {
        const Step& step = steps_[k];
        text += fmt::format("{:>3}  {:>9.2f}  {:>4.0f} %  {:>7.2f}  {:>7.2f}  {}\n", k + 1,
                            1e6 * step.seconds, 100 * step.share, step.gflops(), step.gigabytes(), step.text);
        steps += step.seconds;
    }
    return text + fmt::format("{} steps take {:.2f} µs of a run's {:.2f} µs, the shortest of {} runs; a run "
                              "takes {} bytes.\n",
                              steps_.size(), 1e6 * steps, 1e6 * seconds_, runs_, peak_bytes_);
}

template <std::floating_point T>
Profile Program<T>::profile(std::span<const AnyArray> inputs, std::size_t runs) const {
    if (runs == 0) throw ArgumentError("Program::profile: it was asked for 0 runs. Ask for at least one.");
    std::vector<Array<T>> results = (*this)(inputs); // plans, allocates, and warms the caches
    const std::vector<OutputArray<T>> outputs(results.begin(), results.end());
    std::vector<Extents> extents;
    for (const AnyArray& input : inputs)
        extents.push_back(input.extents());
    const ProgramPlan plan = this->plan(extents);
    double fastest = std::numeric_limits<double>::infinity();
    std::vector<double> least(plan.steps().size(), fastest), seconds(plan.steps().size());
    for (std::size_t k = 0; k < runs; ++k) {
        std::ranges::fill(seconds, 0);
        const auto begin = std::chrono::steady_clock::now();
        run(inputs, outputs, seconds);
        const std::chrono::duration<double> whole = std::chrono::steady_clock::now() - begin;
        fastest = std::min(fastest, whole.count());
        std::ranges::transform(seconds, least, least.begin(),
                               [](double a, double b) { return std::min(a, b); });
    }
    return {plan.steps(), least, fastest, runs, plan.peak_bytes()};
}

template Profile Program<float>::profile(std::span<const AnyArray>, std::size_t) const;
template Profile Program<double>::profile(std::span<const AnyArray>, std::size_t) const;

} // namespace xtape
