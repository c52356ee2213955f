#include "check.hpp"
#include <xtape/autodiff.hpp>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>

namespace {

using namespace xtape;

struct Fixture {
    Tape tape;
    Var X = tape.input("X", {Dim("n0", 2), Dim("n")}),
        W = tape.variable("W \"quoted\\\"", check::filled<double>({1, 2}, {1}));
    Var J = named("J", sum(2 * tanh(matmul(W, X))));
    Var dW = gradient(J, W);
};

BOOST_FIXTURE_TEST_CASE(nodes_have_names_operations_shapes_and_two_colours, Fixture) {
    const std::string text = dot({J, dW});
    BOOST_TEST(check::says(text, R"dot(label="X\n(n0=2 × n)", shape=ellipse, color="#1f5fa8")dot"), text);
    BOOST_TEST(check::says(text, R"dot(label="W \"quoted\\\"\n(1 × 2)")dot"), text);
    BOOST_TEST(check::says(text, R"dot(label="multiply(2, ·)\n(1 × n)", shape=box, color="#1f5fa8")dot"),
               text);
    BOOST_TEST(
        check::says(text, R"dot(label="dW \"quoted\\\"\nmatmul\n(1 × n0=2)", shape=box, color="#b3421f")dot"),
        text);
    BOOST_TEST(check::says(text, "r0 -> r2;"), text);
    BOOST_TEST(!check::says(dot(J), "#b3421f"));
    BOOST_CHECK_THROW((void)dot(std::vector<Var>{}), ArgumentError);
    Tape other;
    BOOST_CHECK_THROW((void)dot({J, other.constant(1)}), VarError);
}

BOOST_FIXTURE_TEST_CASE(graphviz_reads_it, Fixture) {
    BOOST_TEST_REQUIRE(std::system("dot -V 2>/dev/null") == 0, "dot, of the package graphviz, is missing");
    const std::string file = fmt::format("xtape_dot_{}.gv", static_cast<const void*>(&tape));
    std::ofstream(file) << dot({J, dW});
    const int status = std::system(fmt::format("dot -Tsvg {} >/dev/null 2>&1", file).c_str());
    std::remove(file.c_str());
    BOOST_TEST(status == 0);
}

} // namespace
