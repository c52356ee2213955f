#include "check.hpp"
#include "naive.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using namespace xtape;
using check::complaint;
using check::drawn;
using check::says;

namespace {

/// f's values against the reference, and both derivatives of its square, since f itself is affine.
void affine(const std::string& what, const check::Function& f, const Array<long double>& x,
            const Array<long double>& reference) {
    const auto verdict = check::values(f, {x}, reference);
    BOOST_TEST(verdict.pass, what << ": " << verdict.why);
    if (x.size() > 0 && reference.size() > 0)
        check::derivatives(what, [&](auto v) { return square(f(v)); }, {x});
}

} // namespace

BOOST_AUTO_TEST_CASE(every_operation_of_the_family_is_tested_here) {
    std::vector<std::string> names;
    for (const Op& op : padding_ops())
        names.push_back(op.name());
    BOOST_TEST(names == (std::vector<std::string>{"xtape::pad", "xtape::roll"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(padded_with_a_value) {
    struct Case {
        Extents extents;
        std::vector<PadWidth> widths;
        long double value;
    };
    for (const auto& [extents, widths, value] :
         {Case{{5}, {{2, 1}}, 0}, Case{{2, 3}, {{0, 1}, {2, 0}}, 1.5L},
          Case{{2, 1, 3}, {{1, 0}, {0, 0}, {3, 2}}, -2}, Case{{2, 3}, {{0, 0}, {0, 0}}, 7},
          Case{{2, 0}, {{1, 0}, {1, 2}}, 3}, Case{{}, {}, 1}}) {
        Extents wide;
        for (std::size_t axis = 0; axis < extents.size(); ++axis)
            wide.push_back(extents[axis] +
                           static_cast<std::size_t>(widths[axis].before + widths[axis].after));
        const auto x = drawn(extents, 1);
        const auto expected =
            naive::build(wide, [&, &extents = extents, &widths = widths, &value = value](naive::Position p) {
                for (std::size_t axis = 0; axis < p.size(); ++axis) {
                    const auto before = static_cast<std::size_t>(widths[axis].before);
                    if (p[axis] < before || p[axis] >= before + extents[axis]) return value;
                    p[axis] -= before;
                }
                return naive::at(x, p);
            });
        affine(
            "pad", [&, &widths = widths, &value = value](auto v) { return pad(v[0], widths, value); }, x,
            expected);
    }
}

// What NumPy's documentation of numpy.pad shows, and wider than the array.
BOOST_AUTO_TEST_CASE(padded_with_its_own_entries) {
    const std::pair<PadMode, std::vector<double>> modes[] = {
        {PadMode::edge, {1, 1, 1, 1, 2, 3, 3, 3, 3, 3}},
        {PadMode::reflect, {2, 3, 2, 1, 2, 3, 2, 1, 2, 3}},
        {PadMode::symmetric, {3, 2, 1, 1, 2, 3, 3, 2, 1, 1}},
        {PadMode::wrap, {1, 2, 3, 1, 2, 3, 1, 2, 3, 1}},
        {PadMode::constant, {0, 0, 0, 1, 2, 3, 0, 0, 0, 0}}};
    const auto x = check::filled({3}, {1, 2, 3});
    for (const auto& [mode, expected] : modes)
        affine(
            "pad",
            [&mode = mode](auto v) {
                return pad(v[0], {{3, 4}}, mode);
            },
            x, check::filled({10}, expected));
    const auto m = drawn({2, 3}, 1);
    affine(
        "both axes",
        [](auto v) {
            return pad(v[0], {{1, 0}, {1, 1}}, PadMode::reflect);
        },
        m, naive::build({3, 5}, [&](const auto& p) {
            const std::size_t columns[] = {1, 0, 1, 2, 1};
            return m(p[0] == 0 ? 1 : p[0] - 1, columns[p[1]]);
        }));
    for (const PadMode mode : {PadMode::edge, PadMode::reflect, PadMode::symmetric, PadMode::wrap})
        affine(
            "one entry",
            [&](auto v) {
                return pad(v[0], {{2, 2}}, mode);
            },
            check::filled({1}, {5}), check::filled({5}, {5}));
}

BOOST_AUTO_TEST_CASE(rolled) {
    for (const std::size_t axis : {0u, 1u, 2u})
        for (const std::int64_t shift : {0, 1, 4, -1, -7, 12}) {
            Extents extents{2, 3, 4};
            extents[axis] = 5;
            const auto x = drawn(extents, 1);
            affine(
                "roll", [&](auto v) { return roll(v[0], shift, static_cast<std::int64_t>(axis) - 3); }, x,
                naive::build(extents, [&](naive::Position p) {
                    p[axis] = static_cast<std::size_t>((static_cast<std::int64_t>(p[axis]) - shift + 15) % 5);
                    return naive::at(x, p);
                }));
        }
    affine(
        "one entry", [](auto v) { return roll(v[0], 3, 0); }, drawn({1}, 1), drawn({1}, 1));
    affine(
        "no entry", [](auto v) { return roll(v[0], 3, 0); }, drawn({0, 2}, 1), drawn({0, 2}, 1));
    Tape tape;
    const Var u = tape.input("u", {Dim("n")});
    const Var moved = roll(u, std::numeric_limits<std::int64_t>::max(), 0); // 2⁶³ − 1 = 3k + 1
    BOOST_TEST(moved.value({{u, xt::xarray<double>{1, 2, 3}}}) == (Array<double>{3, 1, 2}),
               boost::test_tools::per_element());
    BOOST_TEST(gradient(sum(moved * moved), u).value({{u, xt::xarray<double>{1, 2, 3}}}) ==
                   (Array<double>{2, 4, 6}),
               boost::test_tools::per_element());
    BOOST_CHECK_THROW(roll(u, std::numeric_limits<std::int64_t>::min(), 0), ArgumentError);
}

BOOST_AUTO_TEST_CASE(repeated_and_tiled) {
    const auto x = drawn({2, 3}, 1);
    for (const std::size_t axis : {0u, 1u})
        for (const std::size_t count : {0u, 1u, 3u}) {
            Extents extents{2, 3};
            extents[axis] *= count;
            affine(
                "repeat",
                [&](auto v) {
                    return repeat(v[0], static_cast<std::int64_t>(count),
                                  static_cast<std::int64_t>(axis) - 2);
                },
                x, naive::build(extents, [&](naive::Position p) {
                    p[axis] /= count;
                    return naive::at(x, p);
                }));
        }
    const auto tiled = [&](const std::vector<std::int64_t>& counts, const Extents& extents) {
        affine(
            "tile", [&](auto v) { return tile(v[0], counts); }, x,
            naive::build(extents, [&](const naive::Position& p) {
                return x(p[p.size() - 2] % 2, p[p.size() - 1] % 3);
            }));
    };
    tiled({2, 3}, {4, 9});
    tiled({2}, {2, 6});
    tiled({}, {2, 3});
    tiled({2, 1, 2}, {2, 2, 6});
    tiled({0, 2}, {0, 6});
    affine(
        "one number", [](auto v) { return tile(v[0], {3}); }, drawn({}, 1),
        check::filled({3}, {static_cast<double>(drawn({}, 1).data()[0])}));
}

BOOST_AUTO_TEST_CASE(samples_pass_and_wrong_rules_do_not) {
    for (const Op& op : padding_ops()) {
        Draw draw(1), again(1);
        const Report report = check_op(op, op.definition().samples(draw));
        BOOST_TEST(report.passed(), report.to_string());
        BOOST_TEST(!check_op(check::wrong_derivative(op), op.definition().samples(again)).passed());
    }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_padded_or_repeated) {
    Tape tape;
    const Var x = tape.input("x", {2, 3}), u = tape.input("u", {2, Dim("n")}), e = tape.input("e", {0});
    const std::size_t before = tape.size();
    constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
    BOOST_TEST(complaint<ArgumentError>([&] {
                   pad(x, {{1, 1}});
               }) ==
               "pad(x): 1 width for x, which is (2 × 3). Give one for each axis: {{before, after}, …}.");
    BOOST_TEST(says(complaint<ArgumentError>([&] {
                        pad(x, {{0, 0}, {1, -1}});
                    }),
                    "the widths of axis 1 are 1 and -1, and must not be negative. Use slice()"));
    BOOST_TEST(says(complaint<ArgumentError>([&] {
                        pad(e, {{1, 0}}, PadMode::edge);
                    }),
                    "axis 0 has no entry to repeat. Pad with a value."));
    BOOST_TEST(says(complaint<ShapeError>([&] { pad(u, {{0, 0}, {1, 0}}); }), "Dim(\"n\", 400)"));
    BOOST_TEST(pad(u, {{1, 0}, {0, 0}}).shape().to_string() == "(3 × n)");
    BOOST_CHECK_THROW(pad(x, {{huge, huge}, {0, 0}}), ShapeError);
    BOOST_CHECK_THROW(pad(x, {{0, huge}, {0, 0}}, PadMode::wrap), ShapeError);
    BOOST_TEST(says(complaint<ArgumentError>([&] { repeat(x, -1, 0); }), "a count of -1"));
    BOOST_TEST(says(complaint<ArgumentError>([&] { tile(x, {2, -2}); }), "a count of -2"));
    BOOST_CHECK_THROW(repeat(x, 2, 2), ShapeError);
    BOOST_CHECK_THROW(repeat(x, huge, 0), ShapeError);
    BOOST_CHECK_THROW(repeat(u, 2, 1), ShapeError);
    BOOST_CHECK_THROW(tile(u, {2}), ShapeError);
    BOOST_CHECK_THROW(roll(x, 1, -3), ShapeError);
    BOOST_CHECK_THROW(pad(x > 0, {{1, 1}, {1, 1}}), KindError);
    BOOST_TEST(tape.size() == before + 3); // the pad that worked, and the comparison with its 0
    BOOST_TEST(tile(u, {3, 1}).shape().to_string() == "(6 × n)");
}
