/// Where buffers lie.

#include <xtape/autodiff/compile/alignment.hpp>
#include <xtape/autodiff/compile/layout.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>

namespace {

using xtape::detail::alignment;
using xtape::detail::Buffer;
using xtape::detail::lay_out;

/// How many pairs of buffers share a byte at a step at which both are in use.
std::size_t collisions(const std::vector<Buffer>& buffers) {
    std::size_t found = 0;
    for (std::size_t a = 0; a < buffers.size(); ++a)
        for (std::size_t b = 0; b < a; ++b) {
            const Buffer &x = buffers[a], &y = buffers[b];
            found += x.first <= y.last && y.first <= x.last && x.at < y.at + y.bytes && y.at < x.at + x.bytes;
        }
    return found;
}

/// The most bytes that are in use at one step: no layout takes fewer.
std::size_t least_bytes(const std::vector<Buffer>& buffers) {
    std::size_t most = 0;
    for (const Buffer& at : buffers) {
        std::size_t bytes = 0;
        for (const Buffer& buffer : buffers)
            if (buffer.first <= at.first && at.first <= buffer.last) bytes += buffer.bytes;
        most = std::max(most, bytes);
    }
    return most;
}

// Few and many, which are laid out in two ways; lives from a step to all, sizes from none to many lines.
BOOST_AUTO_TEST_CASE(those_in_use_at_the_same_time_do_not_overlap) {
    std::mt19937_64 random(1);
    for (const std::size_t count : {0U, 1U, 2U, 30U, 1000U, 1001U, 1500U})
        for (const std::size_t longest : {1U, 10U, 2000U}) {
            std::vector<Buffer> buffers;
            for (std::size_t k = 0; k < count; ++k) {
                const std::size_t first = random() % 500, last = first + random() % longest;
                buffers.push_back({random() % 5 == 0 ? 8 : alignment * (random() % 7), first, last});
            }
            const std::size_t bytes = lay_out(buffers);
            std::size_t end = 0, astray = 0;
            for (const Buffer& buffer : buffers) {
                end = std::max(end, buffer.at + buffer.bytes);
                astray += buffer.bytes > 0 && buffer.at % std::min(buffer.bytes, alignment) != 0;
            }
            BOOST_TEST(bytes == end);
            BOOST_TEST(astray == 0u);
            BOOST_TEST(collisions(buffers) == 0u);
            BOOST_TEST(bytes >= least_bytes(buffers));
            if (longest == 1) BOOST_TEST(bytes <= 2 * least_bytes(buffers) + alignment);
            if (count < 2) continue;
            buffers[0] = buffers[1] = {alignment, 3, 4, alignment};
            BOOST_TEST(collisions(buffers) > 0u); // they are found
        }
}

// The first two leave a gap that the third, large one does not fit.
BOOST_AUTO_TEST_CASE(large_ones_come_first) {
    std::vector<Buffer> buffers{{64, 0, 1}, {128, 0, 2}, {640, 2, 3}, {64, 3, 3}};
    BOOST_TEST(lay_out(buffers) == 768u);
    BOOST_TEST(least_bytes(buffers) == 768u);
    std::vector<Buffer> chain;
    for (std::size_t step = 0; step < 900; ++step)
        chain.push_back({64 * (step % 3 + 1), step, step + 1});
    BOOST_TEST(lay_out(chain) == 64u * 6);
    BOOST_TEST(least_bytes(chain) == 64u * 5);
}

} // namespace
