#include <xtape/autodiff/print/names.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace {

using xtape::Markup;
using xtape::written_name;
using xtape::written_number;

BOOST_AUTO_TEST_CASE(names_in_latex) {
    const std::pair<const char*, const char*> names[] = {{"W1", "W_1"},
                                                         {"dZ2", "dZ_2"},
                                                         {"b12", "b_{12}"},
                                                         {"J", "J"},
                                                         {"dW", "dW"},
                                                         {"λ", "\\lambda"},
                                                         {"dλ", "d\\lambda"},
                                                         {"β2", "\\beta_2"},
                                                         {"ŷ", "\\hat{y}"},
                                                         {"loss", "\\mathrm{loss}"},
                                                         {"x_max", "x_{\\mathrm{max}}"},
                                                         {"3", "\\mathrm{3}"},
                                                         {"dloss", "\\mathrm{dloss}"},
                                                         {"_", "\\mathrm{\\_}"},
                                                         {"a%b{c}#$&", "\\mathrm{a\\%b\\{c\\}\\#\\$\\&}"},
                                                         {"a\\b", "\\mathrm{a\\backslash b}"},
                                                         {"p^~", "\\mathrm{p\\text{\\^{}}\\text{\\~{}}}"}};
    for (const auto& [name, latex] : names) {
        BOOST_TEST(written_name(name, Markup::latex) == latex);
        BOOST_TEST(written_name(name, Markup::text) == name);
    }
}

BOOST_AUTO_TEST_CASE(numbers) {
    BOOST_TEST(written_number(0.1, Markup::text) == "0.1");
    BOOST_TEST(written_number(2, Markup::latex) == "2");
    BOOST_TEST(written_number(1e-5, Markup::text) == "1e-05");
    BOOST_TEST(written_number(1e-5, Markup::latex) == "10^{-5}");
    BOOST_TEST(written_number(2.5e30, Markup::latex) == "2.5 \\cdot 10^{30}");
    BOOST_TEST(written_number(INFINITY, Markup::latex) == "\\infty");
}

} // namespace
