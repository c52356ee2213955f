/// Programs in several threads: the same bits whatever their number, and what else is promised of threads.

#include "agreement.hpp"
#include <xtape/autodiff/compile/one_blas_thread.hpp>
#include <xtape/autodiff/compile/workers.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

extern "C" {
[[gnu::weak]] int openblas_get_num_threads();
[[gnu::weak]] void openblas_set_num_threads(int);
}

namespace {

using namespace xtape;
using check::complaint;
using check::says;

/// Four layers of tanh over n examples: a cost with its gradients, a maximum and a minimum over the examples,
/// a value for each example, and what needs none of them.
struct Layers {
    Tape tape;
    Var X = tape.input("X", {3, Dim("n")}), W = tape.input("W", {5, 3}), b = tape.input("b", {5, 1});
    std::vector<Var> outputs;

    Layers() {
        Var A = tanh(matmul(W, X) + b);
        for (int k = 0; k < 3; ++k)
            A = tanh(matmul(W, tanh(matmul(transpose(W), A))) + b);
        outputs = gradient(mean(square(A)), {W, b});
        outputs.insert(outputs.end(), {mean(square(A)), amax(A, {1}), amin(A), sum(A, {0}), exp(b)});
    }
    template <std::floating_point T>
    Program<T> program(std::size_t threads) const {
        return compile<T>({X, W, b}, outputs, {.threads = threads});
    }
    template <std::floating_point T>
    static std::vector<AnyArray> arrays(std::size_t n) {
        Draw draw(n);
        std::vector<AnyArray> result;
        for (const Extents& extents : {Extents{3, n}, Extents{5, 3}, Extents{5, 1}})
            result.push_back(agreement::as<T>(draw.reals(extents)));
        return result;
    }
    static ProgramPlan plan(const Program<double>& program, std::size_t n) {
        return program.plan({{3, n}, {5, 3}, {5, 1}});
    }
};

template <std::floating_point T>
bool same_bits(const std::vector<Array<T>>& a, const std::vector<Array<T>>& b) {
    return std::ranges::equal(a, b, [](const Array<T>& x, const Array<T>& y) {
        return x.shape() == y.shape() && std::memcmp(x.data(), y.data(), x.size() * sizeof(T)) == 0;
    });
}

// None of the multiples of 16, so that every last tile is narrower.
constexpr std::size_t few = 1'003, some = 8'001, many = 20'011;

template <std::floating_point T>
void bits() {
    const Layers layers;
    for (const std::size_t n : {few, some, many}) {
        const auto arrays = Layers::arrays<T>(n);
        const auto alone = layers.program<T>(1)(arrays);
        for (const std::size_t threads : {2u, 4u}) {
            const auto program = layers.program<T>(threads);
            for (int repeat = 0; repeat < 20; ++repeat)
                BOOST_TEST(same_bits(program(arrays), alone), "n = " << n << ", " << threads << " threads");
        }
        const auto other = layers.program<T>(1)(Layers::arrays<T>(n + 1));
        BOOST_TEST(!same_bits(other, alone)); // the comparison can fail
    }
    BOOST_TEST(says(Layers::plan(layers.program<double>(2), some).to_string(), "pieces"));
    const auto outcome = agreement::compare(layers.program<T>(2), Layers::arrays<T>(some), some);
    BOOST_TEST(outcome.why == "", outcome.why);
    BOOST_TEST(outcome.compared > some);
}

} // namespace

BOOST_AUTO_TEST_CASE(small_programs_start_no_worker) {
    const Layers layers;
    const auto program = layers.program<double>(4);
    (void)program(Layers::arrays<double>(few));
    BOOST_TEST(Layers::plan(program, few).threads() == 1u);
    BOOST_TEST(detail::worker_count() == 0u);
    BOOST_TEST(Layers::plan(program, many).threads() == 4u);
    BOOST_TEST(says(Layers::plan(program, many).to_string(), "bytes of sums each, 4 at the same time"));
    BOOST_TEST(Layers::plan(layers.program<double>(1), many).threads() == 1u);
    (void)program(Layers::arrays<double>(many));
    BOOST_TEST(detail::worker_count() == 3u);
}

namespace {

/// Whether entry (row, column) of a product of a (· × n) and b (n × ·) is what its terms sum to, but for n ε
/// Σ|term|.
template <class T>
bool is_sum(T entry, const T* a, const T* b, std::size_t n, std::size_t columns) {
    long double sum = 0, magnitude = 0;
    for (std::size_t k = 0; k < n; ++k) {
        const long double term = static_cast<long double>(a[k]) * static_cast<long double>(b[k * columns]);
        sum += term;
        magnitude += std::abs(term);
    }
    return std::abs(static_cast<long double>(entry) - sum) <=
           static_cast<long double>(n) * std::numeric_limits<T>::epsilon() * magnitude;
}

/// Products that no tiles divide, by rows, columns and matrices, whose extents are no multiples of a piece's.
template <std::floating_point T>
void bits_of_products() {
    constexpr std::size_t m = 258, n = 1025, k = 141, few_columns = 41, matrices = 7;
    Tape tape;
    const Var A = tape.input("A", {m, n}), B = tape.input("B", {n, k}),
              D = tape.input("D", {matrices, n, few_columns});
    const std::vector<Var> outputs{matmul(A, B), matmul(transpose(B), transpose(A)), matmul(A, D)};
    std::vector<AnyArray> arrays;
    for (const Extents& extents : {Extents{m, n}, Extents{n, k}, Extents{matrices, n, few_columns}})
        arrays.push_back(agreement::as<T>(Draw(extents[0]).reals(extents)));
    const auto program = [&](std::size_t threads) {
        return compile<T>({A, B, D}, outputs, {.threads = threads});
    };
    const std::string text = program(4).plan().to_string();
    for (const char* product : {"(258 × 1025) (1025 × 141), 1 of it in 5 pieces", "), 7 of it in 7 pieces",
                                "(141 × 1025, transposed) (1025 × 258, transposed), 1 of it in 5 pieces"})
        BOOST_TEST(says(text, product), text);
    const auto alone = program(1)(arrays);
    for (const std::size_t threads : {2u, 4u})
        for (int repeat = 0; repeat < 5; ++repeat)
            BOOST_TEST(same_bits(program(threads)(arrays), alone), threads << " threads");
    const T *a = arrays[0].template data<T>(), *b = arrays[1].template data<T>(),
            *d = arrays[2].template data<T>();
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < m; i += 3)
        for (std::size_t j = 0; j < k; ++j) {
            wrong += !is_sum(alone[0].data()[i * k + j], a + i * n, b + j, n, k);
            wrong += !is_sum(alone[1].data()[j * m + i], a + i * n, b + j, n, k);
        }
    for (std::size_t i = 0; i < m; i += 9)
        for (std::size_t q = 0; q < matrices; ++q)
            for (std::size_t j = 0; j < few_columns; ++j)
                wrong += !is_sum(alone[2].data()[(q * m + i) * few_columns + j], a + i * n,
                                 d + q * n * few_columns + j, n, few_columns);
    BOOST_TEST(wrong == 0u);
    BOOST_TEST(!is_sum(alone[0].data()[1], a, b, n, k)); // the comparison can fail
}

} // namespace

BOOST_AUTO_TEST_CASE(the_same_bits_of_products_in_double) { bits_of_products<double>(); }
BOOST_AUTO_TEST_CASE(the_same_bits_of_products_in_float) { bits_of_products<float>(); }
BOOST_AUTO_TEST_CASE(the_same_bits_in_double) { bits<double>(); }
BOOST_AUTO_TEST_CASE(the_same_bits_in_float) { bits<float>(); }

// Pieces in order and number depend on extents alone; only what is worked on at the same time takes memory.
BOOST_AUTO_TEST_CASE(memory_grows_with_threads_alone) {
    const Layers layers;
    const auto bytes = [&](std::size_t threads, std::size_t n) {
        return Layers::plan(layers.program<double>(threads), n).peak_bytes();
    };
    BOOST_TEST(bytes(1, 1'000'000) < bytes(2, 1'000'000));
    BOOST_TEST(bytes(2, 1'000'000) < 2 * bytes(1, 1'000'000));
    BOOST_TEST(bytes(2, 4'000'000) < bytes(2, 1'000'000) + 1000);
}

BOOST_AUTO_TEST_CASE(several_threads_run_one_program) {
    const Layers layers;
    const auto program = layers.program<double>(4);
    const auto first = Layers::arrays<double>(many), second = Layers::arrays<double>(many - 2);
    const auto alone = program(first), other = program(second);
    std::vector<std::thread> threads;
    std::vector<int> right(4, 0); // not of bool, whose entries share bytes
    for (std::size_t k = 0; k < 4; ++k)
        threads.emplace_back([&, k] {
            for (int repeat = 0; repeat < 20; ++repeat)
                right[k] += same_bits(program(k % 2 ? second : first), k % 2 ? other : alone);
        });
    for (std::thread& thread : threads)
        thread.join();
    for (const int count : right)
        BOOST_TEST(count == 20);
}

BOOST_AUTO_TEST_CASE(a_profile_adds_up) {
    const Layers layers;
    for (const std::size_t threads : {1u, 4u}) {
        const Profile profile = layers.program<double>(threads).profile(Layers::arrays<double>(many), 5);
        double all = 0;
        for (const Profile::Step& step : profile.steps()) {
            all += step.seconds;
            BOOST_TEST(step.seconds > 0);
        }
        BOOST_TEST(all <= profile.seconds());
    }
}

BOOST_AUTO_TEST_CASE(the_environment_says_how_many) {
    const Layers layers;
    const auto threads = [&] { return Layers::plan(layers.program<double>(0), many).threads(); };
    ::setenv("XTAPE_THREADS", "2", 1);
    BOOST_TEST(threads() == 2u);
    BOOST_TEST(Layers::plan(layers.program<double>(3), many).threads() == 3u); // what was asked for
    for (const char* bad : {"0", "-1", "two", "1.5", "2 ", "99999999999999999999999"}) {
        ::setenv("XTAPE_THREADS", bad, 1);
        BOOST_TEST(says(complaint<ArgumentError>(threads), fmt::format("XTAPE_THREADS is \"{}\"", bad)));
    }
    ::setenv("XTAPE_THREADS", "", 1);
    BOOST_TEST(threads() > 0u);
    ::unsetenv("XTAPE_THREADS");
    BOOST_TEST(threads() > 0u);
}

namespace {

/// Counts how often it works on each piece, and throws at one.
struct Counted final : detail::Pieces {
    Counted(std::size_t count, std::size_t bad) : times(count, 0), bad_(bad) {}

    void work(std::size_t piece, std::size_t lane) override {
        if (piece == bad_) throw DomainError(fmt::format("at piece {}", piece));
        ++times[piece];
        if (lane >= 4) right_lanes = false;
        if (piece % 3 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }

    std::vector<int> times;
    std::atomic<bool> right_lanes = true;

private:
    std::size_t bad_;
};

} // namespace

BOOST_AUTO_TEST_CASE(each_piece_is_worked_on_once_and_what_it_throws_arrives) {
    detail::start_workers(3);
    for (int repeat = 0; repeat < 20; ++repeat) {
        Counted pieces(30, 30), failing(30, 5);
        detail::work_through(pieces, 30, 4);
        BOOST_TEST(std::ranges::count(pieces.times, 1) == 30);
        BOOST_TEST(pieces.right_lanes);
        BOOST_TEST(complaint<DomainError>([&] { detail::work_through(failing, 30, 4); }) == "at piece 5");
        BOOST_TEST(failing.times[5] == 0);
    }
}

BOOST_AUTO_TEST_CASE(a_child_works_by_itself) {
    const Layers layers;
    const auto program = layers.program<double>(4);
    const auto arrays = Layers::arrays<double>(many);
    const auto before = program(arrays);
    const pid_t child = ::fork();
    if (child == 0) ::_exit(same_bits(program(arrays), before) ? 0 : 1);
    int status = 1;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_TEST(status == 0);
    BOOST_TEST(same_bits(program(arrays), before));
}

BOOST_AUTO_TEST_CASE(a_child_waits_for_no_thread_of_its_parent) {
    detail::start_workers(3);
    std::atomic<bool> done = false;
    std::thread other([&] {
        while (!done)
            (void)detail::worker_count(); // holds the workers' lock half of the time
    });
    int status = 0;
    for (int repeat = 0; repeat < 50 && status == 0; ++repeat) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::alarm(10); // ends one that waits for ever
            detail::start_workers(3);
            ::_exit(0);
        }
        if (::waitpid(child, &status, 0) != child) status = -1;
    }
    done = true;
    other.join();
    BOOST_TEST(status == 0);
}

namespace {

int threads_within = 0;

/// What asks, while it is computed, in how many threads BLAS works now.
Var asking(const Var& x) {
    static const Op op =
        operation("mylib::asking")
            .operands({Kind::real})
            .shape([](const Signature& s) { return s.shape(0); })
            .forward([](auto& call) {
                threads_within = openblas_get_num_threads();
                *call.allocate() =
                    call.operand(0).template data<typename std::decay_t<decltype(call)>::value_type>()[0];
            })
            .vjp(no_gradient);
    return record(op, {x});
}

boost::test_tools::assertion_result blas_is_openblas(boost::unit_test::test_unit_id) {
    return openblas_get_num_threads && openblas_set_num_threads;
}

} // namespace

BOOST_AUTO_TEST_CASE(blas_is_left_as_it_was, *boost::unit_test::precondition(blas_is_openblas)) {
    Tape tape;
    const Var x = tape.input("x", {1});
    const auto program = compile<double>({x}, {asking(x)});
    for (const int setting : {2, 1}) {
        openblas_set_num_threads(setting);
        (void)program({Array<double>{1.5}});
        BOOST_TEST(threads_within == 1);
        BOOST_TEST(openblas_get_num_threads() == setting);
    }
    openblas_set_num_threads(2);
    {
        const detail::OneBlasThread outer;
        { const detail::OneBlasThread inner; }
        BOOST_TEST(openblas_get_num_threads() == 1);
    }
    BOOST_TEST(openblas_get_num_threads() == 2);
}
