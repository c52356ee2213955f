/// Which tiles and which part of a product make a piece of work for a thread.

#include <xtape/autodiff/compile/plan.hpp>

#include <algorithm>

namespace xtape::detail {
namespace {

// Work is counted in multiplications of a product of floats, of which a core with AVX-512 does some 6 · 10¹⁰
// in a second. What takes as long as how many:
template <class T>
constexpr double of_product = sizeof(T) / 4.0; // a multiplication
template <class T>
constexpr double of_loop = 8 * of_product<T>; // an elementwise operation, on one entry
// A piece has so much that waking a worker for it pays, some 70 µs,
constexpr double least_work = 0x1p22;
// and for each byte of its sums, products and maxima so much that room for them is small beside what it works
// with, and adding them to others' takes no time.
constexpr double work_per_byte = 1024;
// More would not be needed to keep the cores of a large machine busy.
constexpr std::size_t most_pieces = 64;
// What a product reads and writes moves from one core's cache to another's, which its pieces only make up for
// where there are more of them.
constexpr double least_of_product = 8 * least_work;

std::size_t pieces_of(double work, std::size_t most) {
    return std::clamp<std::size_t>(static_cast<std::size_t>(work), 1,
                                   std::clamp<std::size_t>(most, 1, most_pieces));
}

} // namespace

template <std::floating_point T>
void Plan<T>::divide(std::size_t threads) {
    double work = 0, bytes = 0;
    const auto accumulate = [&](Fold fold, std::size_t storage) {
        accumulators_.push_back({fold, storage});
        bytes += static_cast<double>(storages_[storage].bytes());
    };
    for (std::size_t s = tiles_begin_; s < tiles_end_; ++s) {
        const PlanStep<T>& step = steps_[s];
        if (const auto* product = std::get_if<Product<T>>(&step.work)) {
            work += step.flops / 2 * of_product<T>;
            if (product->across_tiles) accumulate(Fold::sum, product->c);
        } else if (const auto* loop = std::get_if<Loop<T>>(&step.work)) {
            work += step.flops * of_loop<T>;
            for (const auto& reduction : loop->reductions)
                if (reduction.across_tiles) accumulate(reduction.fold, reduction.storage);
        }
    }
    work *= static_cast<double>(tiling_.tiles());
    pieces_ =
        pieces_of(std::min(work / least_work, work / std::max(1.0, work_per_byte * bytes)), tiling_.tiles());
    std::size_t most = pieces_;
    for (std::size_t s = 0; s < steps_.size(); ++s) {
        auto* product = std::get_if<Product<T>>(&steps_[s].work);
        if (!product || (tiles_begin_ <= s && s < tiles_end_)) continue;
        const double work_here = product->multiplications() * of_product<T>;
        if (work_here < least_of_product) continue;
        // Ours has the same bits in any pieces, and the fewer these are, the more often its copies are used.
        const std::size_t most_here = !product->kernel ? most_pieces : threads == 1 ? 1 : 2 * threads;
        product->divide(pieces_of(work_here / least_work, most_here));
        most = std::max(most, product->pieces);
    }
    threads_ = std::min(threads, most);
    frames_ = std::min(threads, pieces_);
}

template void Plan<float>::divide(std::size_t);
template void Plan<double>::divide(std::size_t);

} // namespace xtape::detail
