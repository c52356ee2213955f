#include "check.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <fstream>
#include <thread>
#include <unistd.h>

using namespace xtape;

namespace {

/// Resident memory in bytes.
std::size_t resident() {
    std::ifstream file("/proc/self/statm");
    std::size_t total = 0, pages = 0;
    file >> total >> pages;
    return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

} // namespace

BOOST_AUTO_TEST_CASE(a_chain_of_a_million_records) {
    constexpr std::size_t length = 1'000'000;
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>(0.25));
    Var y = x;
    for (std::size_t i = 0; i < length; ++i)
        y = -y; // an even number of signs
    BOOST_TEST(tape.size() == length + 1);
    BOOST_TEST(y.item() == 0.25);
    const Var dx = gradient(y, x);
    BOOST_TEST(dx.item() == 1);
    BOOST_TEST(!gradient(dx, x, Disconnected::zeros).empty());
}

BOOST_AUTO_TEST_CASE(ten_thousand_rounds_leave_memory_flat) {
    Tape tape;
    const Var X = tape.input("X", {3, Dim("n")});
    const Var W = tape.variable("W", check::filled<double>({2, 3}, {0.5, -0.25, 1}));
    const auto x = check::filled<double>({3, 5}, {1, -2, 0.5});
    const Tape::Mark mark = tape.mark();
    Evaluation<double> evaluation;
    evaluation.bind(X, x);
    std::size_t before = 0;
    double total = 0;
    for (int round = 0; round < 10'000; ++round) {
        const Var J = named("J", mean(square(tanh(matmul(W, X)))));
        total += evaluation.value(gradient(J, W))(0, 0);
        tape.rewind(mark);
        if (round == 1000) before = resident();
    }
    BOOST_TEST(std::isfinite(total));
    BOOST_TEST(tape.size() == 2u);
    // 9000 rounds that each kept one record, some 50 bytes, would show 450 kB.
    BOOST_TEST(resident() <= before + 256 * 1024);
}

BOOST_AUTO_TEST_CASE(an_evaluation_lets_go_of_variables_that_were_rewound) {
    Tape tape;
    const Tape::Mark start = tape.mark();
    Evaluation<double> evaluation;
    std::weak_ptr<Cell> first;
    for (int round = 0; round < 3; ++round) {
        const auto cell = std::make_shared<Cell>(AnyArray(xt::xarray<double>(round + 0.5)));
        if (round == 0) first = cell;
        BOOST_TEST(evaluation.item(tape.variable("w", cell)) == round + 0.5);
        tape.rewind(start);
    }
    BOOST_TEST(first.expired());
}

BOOST_AUTO_TEST_CASE(two_threads_use_two_tapes) {
    const auto work = [](double start, double& slope) {
        for (int round = 0; round < 200; ++round) {
            Tape tape;
            const Var x = tape.variable("x", xt::xarray<double>{start, 2 * start});
            slope = gradient(sum(sigmoid(x) * pow(x, 3)), x).value()(1);
        }
    };
    double alone = 0, first = 0, second = 0;
    work(0.5, alone);
    std::thread thread(work, 0.5, std::ref(first));
    work(0.5, second);
    thread.join();
    BOOST_TEST(alone != 0);
    BOOST_TEST(first == alone);
    BOOST_TEST(second == alone);
}

BOOST_AUTO_TEST_CASE(two_threads_evaluate_one_tape) {
    Tape tape;
    const Var X = tape.input("X", {3, Dim("n")});
    const Var W = tape.variable("W", check::filled<double>({2, 3}, {0.5, -0.25, 1}));
    const Var dW = gradient(mean(square(tanh(matmul(W, X)))), W);
    const auto work = [&](std::size_t n, Array<double>& result) {
        const auto x = check::filled<double>({3, n}, {1, -2, 0.5, 0.25});
        for (int round = 0; round < 200; ++round) {
            Evaluation<double> evaluation{{X, x}};
            result = evaluation.value(dW);
        }
    };
    Array<double> alone, first, second;
    work(5, alone);
    std::thread thread(work, 5, std::ref(first));
    work(7, second);
    thread.join();
    BOOST_TEST(first == alone, boost::test_tools::per_element());
    BOOST_TEST((second.shape() == Extents{2, 3}));
    BOOST_TEST(second(0, 0) != alone(0, 0));
}
