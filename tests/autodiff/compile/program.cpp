/// What a Program promises beside its values.

#include "agreement.hpp"
#include "allocations.hpp"
#include "layer.hpp"

#include <boost/test/unit_test.hpp>

#include <thread>

namespace {

using namespace xtape;
using agreement::Layer;
using check::complaint;
using check::says;

BOOST_AUTO_TEST_CASE(a_second_run_allocates_nothing) {
    Layer layer;
    const auto program = layer.program(2);
    Draw draw(1);
    const Array<double> X = draw.reals({3, 90'000}), W = draw.reals({2, 3}), b = draw.reals({2, 1});
    auto J = Array<double>::from_shape({}), dW = Array<double>::from_shape({2, 3}),
         db = Array<double>::from_shape({2, 1});
    const Array<double> fewer = draw.reals({3, 9});
    program.run({fewer, W, b}, {J, dW, db});
    program.run({X, W, b}, {J, dW, db});
    const std::size_t before = allocations();
    program.run({X, W, b}, {J, dW, db});
    program.run({fewer, W, b}, {J, dW, db});
    program.run({X, W, b}, {J, dW, db});
    BOOST_TEST(allocations() - before == 0u);
    BOOST_TEST(program({X, W, b})[0].data()[0] == J.data()[0]);
    BOOST_TEST(allocations() - before > 0u); // the count does count
    const ProgramPlan plan = program.plan({{3, 90'000}, {2, 3}, {2, 1}});
    BOOST_TEST(plan.fallbacks() == 0u);
    BOOST_TEST(plan.threads() == 2u);
}

// Eight sets of extents are kept, and a ninth takes the place of the one that was used longest ago.
BOOST_AUTO_TEST_CASE(what_is_used_again_and_again_stays_planned) {
    Layer layer;
    const auto program = layer.program();
    Draw draw(3);
    const Array<double> often = draw.reals({3, 5}), W = draw.reals({2, 3}), b = draw.reals({2, 1});
    auto J = Array<double>::from_shape({}), dW = Array<double>::from_shape({2, 3}),
         db = Array<double>::from_shape({2, 1});
    const auto allocated_by = [&](const Array<double>& X) {
        const std::size_t before = allocations();
        program.run({X, W, b}, {J, dW, db});
        return allocations() - before;
    };
    const Array<double> first = draw.reals({3, 6});
    for (const auto* X : {&often, &first, &often})
        allocated_by(*X);
    for (std::size_t n = 7; n < 20; ++n) {
        BOOST_TEST(allocated_by(draw.reals({3, n})) > 0u);
        BOOST_TEST(allocated_by(often) == 0u);
    }
    BOOST_TEST(allocated_by(first) > 0u);
}

BOOST_AUTO_TEST_CASE(threads_share_a_program) {
    Layer layer;
    const auto program = layer.program();
    Draw draw(2);
    const Array<double> W = draw.reals({2, 3}), b = draw.reals({2, 1});
    std::vector<Array<double>> X, alone, together(4);
    for (std::size_t k = 0; k < 4; ++k) {
        X.push_back(draw.reals({3, 500 + k % 2}));
        alone.push_back(program({X[k], W, b})[1]);
    }
    std::vector<std::thread> threads;
    for (std::size_t k = 0; k < 4; ++k)
        threads.emplace_back([&, k] {
            for (int repeat = 0; repeat < 50; ++repeat)
                together[k] = program({X[k], W, b})[1];
        });
    for (std::thread& thread : threads)
        thread.join();
    for (std::size_t k = 0; k < 4; ++k)
        BOOST_TEST((together[k] == alone[k]));
}

// A run with the arrays of the one before checks and binds nothing anew; here something is another each time.
BOOST_AUTO_TEST_CASE(what_a_run_leaves_behind_misleads_none_after_it) {
    Tape tape;
    const Var S = tape.input("S", {Dim("n"), Dim("n")}), x = tape.variable("x", Array<double>{0.5});
    const auto program = compile<double>({S}, {x * cholesky(S) + 0 * S, sum(S)});
    const auto scaled = [](std::size_t n, double k) {
        Array<double> S = xt::zeros<double>({n, n});
        for (std::size_t i = 0; i < n; ++i)
            S(i, i) = k * k;
        return S;
    };
    Array<double> two = scaled(2, 3), three = scaled(3, 5), other = two;
    Array<double> L = Array<double>::from_shape({2, 2}), M = L, N = three, total(0.0);
    for (const bool again : {false, true, true}) {
        program.run({two}, {L, total});
        BOOST_TEST(L.data()[3] == 1.5, again);
        program.run({three}, {N, total});
        BOOST_TEST(N.data()[8] == 2.5, again);
    }
    program.run({other}, {L, total});
    program.run({other}, {M, total});
    BOOST_TEST((L == M));
    other(1, 1) = -1; // the same array, of other entries
    BOOST_CHECK_THROW(program.run({other}, {M, total}), DomainError);
    BOOST_TEST((L == M));
    other(1, 1) = 9;
    tape.assign(x, Array<double>{2.0});
    program.run({other}, {M, total});
    BOOST_TEST(M.data()[3] == 6);
    M.reshape({4}); // its address is the same
    BOOST_TEST(says(complaint<ShapeError>([&] { program.run({other}, {M, total}); }), "(4)"));
    other.reshape({1, 4});
    BOOST_TEST(says(complaint<BindingError>([&] { program.run({other}, {L, total}); }), "dimension n"));
    BOOST_TEST(says(complaint<ArgumentError>([&] { program.run({L}, {L, total}); }), "overlaps"));
    program.run({three}, {N, total});
    BOOST_TEST(N.data()[8] == 10);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused_before_anything_is_written) {
    Layer layer;
    const auto program = layer.program();
    Draw draw(3);
    Array<double> X = draw.reals({3, 5}), W = draw.reals({2, 3}), b = draw.reals({2, 1}), J(7.0),
                  dW = Array<double>::from_shape({2, 3}), db = Array<double>::from_shape({2, 1}),
                  turned = Array<double>::from_shape({3, 2});
    Array<float> single = Array<float>::from_shape({3, 5});
    const auto run = [&](auto... arrays) { program.run({arrays...}, {J, dW, db}); };
    BOOST_TEST(says(complaint<BindingError>([&] { run(AnyArray(X), AnyArray(turned), AnyArray(b)); }), "W"));
    BOOST_TEST(
        says(complaint<BindingError>([&] { run(AnyArray(single), AnyArray(W), AnyArray(b)); }), "type"));
    BOOST_TEST(says(complaint<ArgumentError>([&] { run(AnyArray(X), AnyArray(W)); }), "3 inputs"));
    BOOST_TEST(says(complaint<ShapeError>([&] { program.run({X, W, b}, {J, turned, db}); }), "(3 × 2)"));
    BOOST_TEST(says(complaint<ArgumentError>([&] { program.run({X, W, b}, {J, W, db}); }), "overlaps"));
    BOOST_TEST(says(complaint<ArgumentError>([&] { program.run({X, W, b}, {J, dW}); }), "3 outputs"));
    auto twice = Array<double>::from_shape({2, 1});
    BOOST_TEST(J.data()[0] == 7);
    program.run({X, W, b}, {J, dW, twice});
    BOOST_TEST(J.data()[0] != 7);
}

BOOST_AUTO_TEST_CASE(two_outputs_in_one_array_are_refused) {
    Tape tape;
    const Var x = tape.input("x", {2});
    const auto program = compile<double>({x}, {x + 1, x - 1});
    const Array<double> ones{1.0, 1.0};
    Array<double> up{7.0, 7.0}, down{7.0, 7.0};
    BOOST_TEST(says(complaint<ArgumentError>([&] { program.run({ones}, {up, up}); }), "overlap"));
    BOOST_TEST(up.data()[0] == 7);
    program.run({ones}, {up, down});
    BOOST_TEST(up.data()[0] == 2);
    BOOST_TEST(down.data()[0] == 0);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_compiled_is_told) {
    Tape tape, other;
    const Var x = tape.input("x", {2}), y = tape.input("y", {2}), z = other.input("z", {2});
    BOOST_TEST(says(complaint<BindingError>([&] { (void)compile<double>({x}, {x * y}); }), "input y"));
    BOOST_TEST(says(complaint<ArgumentError>([&] { (void)compile<double>({x, x}, {x * x}); }), "twice"));
    BOOST_TEST(says(complaint<ArgumentError>([&] { (void)compile<double>({exp(x)}, {x * x}); }), "neither"));
    BOOST_TEST(says(complaint<ArgumentError>([&] { (void)compile<double>({x}, {}); }), "no output"));
    BOOST_TEST(says(complaint<VarError>([&] { (void)compile<double>({x}, {z}); }), "another tape"));
    Tape open;
    const Var u = open.input("u", {Dim("n")}), v = open.input("v", {Dim("n"), 2});
    const auto program = compile<double>({u, v}, {sum(u) + sum(v)});
    const Array<double> three = Draw(1).reals({3}), four = Draw(1).reals({4, 2});
    BOOST_TEST(says(complaint<BindingError>([&] { (void)program({three, four}); }), "dimension n"));
    BOOST_TEST(says(complaint<ShapeError>([&] { (void)program.plan(); }), "n"));
}

/// (x c + r) by a scalar, through exp, then summed along either axis and in all; and itself, transposed.
template <std::floating_point T>
agreement::Outcome chain(std::size_t rows, std::size_t columns) {
    Tape tape;
    const Var x = tape.input("x", {Dim("m"), Dim("n")}), r = tape.input("r", {1, Dim("n")}),
              c = tape.input("c", {Dim("m"), 1}), s = tape.input("s", Shape{}), e = exp(s * (x * c + r));
    const auto program = compile<T>({x, r, c, s}, {e, transpose(e), sum(e, {0}), sum(e, {1}), sum(e),
                                                   transpose(sum(e, {0}, Keep::dims)) * sum(e)});
    Draw draw(rows + 7 * columns);
    const std::vector<AnyArray> arrays = {
        agreement::as<T>(draw.reals({rows, columns})), agreement::as<T>(draw.reals({1, columns})),
        agreement::as<T>(draw.reals({rows, 1})), agreement::as<T>(draw.reals({}))};
    return agreement::compare(program, arrays, rows * columns + 1);
}

BOOST_AUTO_TEST_CASE(sizes_around_a_block) {
    for (const std::size_t rows : {1u, 2u, 5u})
        for (const std::size_t columns : {1u, 7u, 255u, 256u, 257u, 511u, 512u, 513u, 1023u, 1024u, 1025u}) {
            const auto single = chain<float>(rows, columns), twice = chain<double>(rows, columns),
                       turned = chain<double>(columns, rows);
            BOOST_TEST(single.why == "", rows << " × " << columns << ": " << single.why);
            BOOST_TEST(twice.why == "", rows << " × " << columns << ": " << twice.why);
            BOOST_TEST(turned.why == "", columns << " × " << rows << ": " << turned.why);
            BOOST_TEST(twice.compared > 2 * rows * columns);
        }
}

BOOST_AUTO_TEST_CASE(without_entries_sums_are_0) {
    BOOST_TEST(chain<double>(0, 3).why == "");
    BOOST_TEST(chain<double>(3, 0).why == "");
    BOOST_TEST(chain<float>(0, 0).compared == 1u);
}

/// exp of x with two axes exchanged, so that x does not lie in the loop's order; and its sum along each axis.
agreement::Outcome exchanged(const Extents& extents) {
    Tape tape;
    const Var x = tape.input("x", {Dim("k"), Dim("m"), Dim("n")}), e = exp(transpose(x, {1, 0, 2}));
    const auto program = compile<double>({x}, {e, sum(e, {0}), sum(e, {1}), sum(e, {2})});
    return agreement::compare(program, {agreement::as<double>(Draw(5).reals(extents))}, 4);
}

BOOST_AUTO_TEST_CASE(no_axis_needs_entries) {
    for (const std::size_t k : {0u, 3u})
        for (const std::size_t m : {0u, 2u})
            for (const std::size_t n : {0u, 4u}) {
                const auto outcome = exchanged({k, m, n});
                BOOST_TEST(outcome.why == "", k << " × " << m << " × " << n << ": " << outcome.why);
                BOOST_TEST(outcome.compared == k * m * n + m * k + m * n + k * n);
            }
}

BOOST_AUTO_TEST_CASE(an_operation_of_a_user_is_taken_apart_and_fused) {
    const Op mish = elementwise("mylib::mish").forward([](auto x) { return x * tanh(softplus(x)); });
    const Op sum_of = elementwise("mylib::mish_of_first").forward([](auto x, auto) { return x + x; });
    Tape tape;
    const Var x = tape.input("x", {Dim("n")}), y = record(mish, {x}), z = record(sum_of, {x, x});
    const auto program = compile<double>({x}, {y, gradient(sum(y), x), z});
    const ProgramPlan plan = program.plan({{1000}});
    BOOST_TEST(plan.steps().size() == 1u);
    BOOST_TEST(plan.fallbacks() == 0u);
    BOOST_TEST(says(plan.to_string(), "logistic")); // softplus and its derivative share the exponential
    BOOST_TEST(agreement::compare(program, {Draw(4).reals({1000}, -20, 20)}, 4).why == "");
}

BOOST_AUTO_TEST_CASE(both_signs_of_a_scaled_logistic_share_an_exponential) {
    Tape tape;
    const Var x = tape.input("x", {Dim("n")});
    const auto program = compile<double>({x}, {sigmoid(2 * x) * sigmoid(-2 * x)});
    const std::string plan = program.plan({{1000}}).to_string();
    BOOST_TEST(says(plan, "decay, certainty, logistic"));
    BOOST_TEST(!says(plan, "sigmoid"));
    BOOST_TEST(agreement::compare(program, {Draw(5).reals({1000}, -20, 20)}, 5).why == "");
}

BOOST_AUTO_TEST_CASE(what_a_loss_and_its_gradient_share_is_computed_once) {
    const auto count = [](const std::string& text, const std::string& word) {
        std::size_t found = 0;
        for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
            ++found;
        return found;
    };
    for (const bool sum_first : {false, true}) {
        Tape tape;
        const Var x = tape.input("x", {7}), y = tape.input("y", {7}), b = tape.input("b", {1}),
                  z = sum_first ? b + x : x + b;
        const Var J = sum(y * softplus(-b - x) + (1 - y) * softplus(z)) / 7;
        const auto program = compile<double>({x, y, b}, {J, gradient(J, b), sigmoid(z)});
        const std::string text = program.plan().to_string();
        BOOST_TEST(count(text, "decay") == 1u, text);
        BOOST_TEST(count(text, "log1p") == 1u, text);
        BOOST_TEST(count(text, "sigmoid") + count(text, "softplus") == 0u, text);
        for (const double wide : {1.0, 800.0}) // saturated as well
            BOOST_TEST(
                agreement::compare(
                    program, {Draw(12).reals({7}, -wide, wide), Draw(13).reals({7}), Draw(14).reals({1})}, 7)
                    .why == "");
    }
    Tape alone;
    const Var x = alone.input("x", {7}), a = tanh(x), y = sigmoid(x - 1);
    const auto program = compile<double>({x}, {y, gradient(sum(a * x), x), (2 - square(a)) * x});
    BOOST_TEST(count(program.plan().to_string(), "sigmoid") == 1u);
    BOOST_TEST(count(program.plan().to_string(), "tanh_slope") == 1u);
    BOOST_TEST(agreement::compare(program, {Draw(15).reals({7}, -3, 3)}, 7).why == "");
}

BOOST_AUTO_TEST_CASE(buffers_are_reused) {
    Tape tape;
    const Var A = tape.input("A", {20, 20});
    Var x = A;
    for (int k = 0; k < 10; ++k)
        x = matmul(A, x) / 8;
    const auto program = compile<double>({A}, {x});
    BOOST_TEST(program.plan().peak_bytes() <= 4u * 20 * 20 * sizeof(double) + 3 * 4096);
    BOOST_TEST(agreement::compare(program, {Draw(5).reals({20, 20})}, 20).why == "");
    BOOST_TEST(says(fmt::format("{}", program.plan()), "product (20 × 20) (20 × 20)"));
}

BOOST_AUTO_TEST_CASE(transposes_are_absorbed) {
    Tape tape;
    const Var A = tape.input("A", {5, 3}), B = tape.input("B", {4, 5});
    const auto program = compile<double>({A, B}, {matmul(transpose(A), transpose(B))});
    BOOST_TEST(program.plan().steps().size() == 1u);
    BOOST_TEST(agreement::compare(program, {Draw(6).reals({5, 3}), Draw(7).reals({4, 5})}, 5).why == "");
}

BOOST_AUTO_TEST_CASE(contractions_are_products) {
    // Subscripts, and whether a product or a loop computes it.
    const std::vector<std::pair<std::string, bool>> cases{
        {"ij,jk->ik", true},  {"ij,jk->ki", true}, {"kde,nke->nkd", true},  {"nkd,nke->kde", true},
        {"ijk,jl->il", true}, {"ij,k->ikj", true}, {"ijkl,lkm->jmi", true}, {"ki,kj->", true},
        {"ij,ij->", true},    {"ij,ji->i", true},  {"ij,ij->ji", true},     {"i,j->ij", true},
        {"ii,ij->j", false},  {"ij,jj->i", false}, {"ij,jk,kl->il", true}};
    const auto extent = [](char letter) { return static_cast<std::size_t>(letter) % 5 + 2; };
    for (const std::size_t least : {0u, 1u, 2u})
        for (const auto& [subscripts, lowered] : cases) {
            Tape tape;
            Draw draw(31);
            std::vector<Var> operands;
            std::vector<AnyArray> arrays;
            Extents extents;
            for (const char letter : subscripts.substr(0, subscripts.find('-')) + ",")
                if (letter != ',') {
                    extents.push_back(least < 2 && letter == 'j' ? least : extent(letter));
                } else {
                    operands.push_back(
                        tape.input(std::string(1, static_cast<char>('A' + arrays.size())), Shape(extents)));
                    arrays.emplace_back(draw.reals(extents));
                    extents.clear();
                }
            const Var y = einsum(subscripts, std::vector<Operand>(operands.begin(), operands.end()));
            std::vector<Var> outputs = gradient(sum(sin(y)), operands);
            outputs.push_back(y);
            const auto outcome = agreement::compare(compile<double>(operands, outputs), arrays, 2000);
            BOOST_TEST(outcome.why == "", subscripts << ", " << least << ": " << outcome.why);
            BOOST_TEST((compile<double>(operands, {y}).plan().fallbacks() == 0) == lowered, subscripts);
        }
    Tape
        tape; // the examples are one axis of the product, and where they would be merged with another are not
    const Var X = tape.input("X", {3, Dim("n"), 4}), W = tape.input("W", {4, 3, 5});
    const auto merging = compile<double>({X, W}, {einsum("dne,efm->dnfm", X, W)}),
               not_merging = compile<double>({X, W}, {einsum("dne,edm->nm", X, W)});
    BOOST_TEST(merging.plan({{3, 7, 4}, {4, 3, 5}}).fallbacks() == 1u);
    BOOST_TEST(not_merging.plan({{3, 7, 4}, {4, 3, 5}}).fallbacks() == 0u);
    const std::vector<AnyArray> arrays{Draw(32).reals({3, 7, 4}), Draw(33).reals({4, 3, 5})};
    BOOST_TEST(agreement::compare(merging, arrays, 100).why == "");
    BOOST_TEST(agreement::compare(not_merging, arrays, 100).why == "");
}

BOOST_AUTO_TEST_CASE(whole_powers_are_products) {
    Tape tape;
    const Var x = tape.input("x", {Dim("n")});
    std::vector<Var> outputs;
    for (const double exponent : {3.0, 4.0, 7.0, 16.0, 17.0, 2.5, -3.0, 0.0})
        outputs.push_back(pow(x, exponent));
    const auto program = compile<double>({x}, outputs);
    const double inf = std::numeric_limits<double>::infinity();
    const Array<double> edges{0.0, -0.0, 1.0, -1.5, 2.25, 1e-80, -1e80, inf, -inf, std::nan("")};
    const auto outcome = agreement::compare(program, {edges}, 16);
    BOOST_TEST(outcome.why == "");
    BOOST_TEST(outcome.compared >= 60u);
    const auto powers = [&](std::size_t k) {
        return says(compile<double>({x}, {outputs[k]}).plan({{9}}).to_string(), "pow");
    };
    BOOST_TEST(!powers(0));
    BOOST_TEST(!powers(3));
    BOOST_TEST(powers(4));
    BOOST_TEST(powers(5));
}

// Its scale is applied to nothing as well.
BOOST_AUTO_TEST_CASE(the_mean_of_nothing_is_no_number) {
    Tape tape;
    const Var x = tape.input("x", {3, Dim("n")});
    const auto program = compile<double>({x}, {mean(x, {1}), sum(x, {1}), mean(x)});
    for (const std::size_t n : {0u, 2u}) {
        const agreement::Outcome outcome = agreement::compare(program, {Draw(2).reals({3, n})}, 3);
        BOOST_TEST(outcome.why == "", outcome.why);
        BOOST_TEST(outcome.compared == 7u);
        BOOST_TEST(std::isnan(program({Draw(2).reals({3, n})})[0](1)) == (n == 0));
    }
}

// Of an array without entries no block is placed: there is no position to divide by an extent of 0.
BOOST_AUTO_TEST_CASE(numbers_beside_arrays_without_entries) {
    Draw draw(1);
    Tape tape;
    const Var x = tape.input("x", {3, 0, 2}), b = tape.input("b", {2, 1, 1});
    const auto program = compile<double>({x, b}, {2 * transpose(x, {2, 1, 0}) * b});
    BOOST_TEST(program({draw.reals({3, 0, 2}), draw.reals({2, 1, 1})})[0].size() == 0u);
}

} // namespace
