/// The page that a report becomes: well-formed, self-contained, and its numbers those of the report.

#include "check.hpp"
#include "xml.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <map>
#include <regex>

namespace {

using namespace xtape;
using check::says;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

Comparison compared(const std::string& name, std::vector<std::size_t> extents, std::vector<double> values) {
    Comparison c{name, "(…)", values.size(), 1, 0.5L, Verdict::fail, ""};
    c.differences = {std::move(extents), values, std::vector<double>(values.size(), 0.5)};
    return c;
}

std::string page_of(Comparison comparison) {
    Report report("A title");
    report.add(std::move(comparison));
    return html(report);
}

/// The cells by position: their class and the difference in their title.
std::map<std::string, std::pair<std::string, double>> cells(const std::string& page) {
    static const std::regex cell("<td class=\"([a-z0-9]+)\" title=\"(\\[[0-9,]*\\]) ([^\" ]+)\">");
    std::map<std::string, std::pair<std::string, double>> found;
    for (auto it = std::sregex_iterator(page.begin(), page.end(), cell); it != std::sregex_iterator(); ++it)
        BOOST_TEST(found.emplace((*it)[2], std::pair((*it)[1], std::stod((*it)[3]))).second);
    return found;
}

void check_page(const std::string& page) {
    BOOST_TEST(check::xml_fault(page) == "");
    for (const char* outside :
         {"http:", "https:", "//", "url(", "@import", "src=", "<script", "<link", "<iframe"})
        BOOST_TEST(!says(page, outside), outside);
    BOOST_TEST(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
}

BOOST_AUTO_TEST_CASE(the_numbers_are_the_differences) {
    // A fifth of the largest is one step of colour, from the first on; within 0.5 there is none.
    const std::vector<double> values{-10, 1.0 / 3, -0.75, 2.1, 5.9, nan};
    const std::string page = page_of(compared("dW1", {2, 3}, values));
    check_page(page);
    const auto found = cells(page);
    const char* const classes[] = {"n5", "z", "n1", "p2", "p3", "x"};
    BOOST_TEST(found.size() == 6u);
    for (std::size_t k = 0; k < 6; ++k) {
        const auto& [colour, value] =
            found.at("[" + std::to_string(k / 3) + "," + std::to_string(k % 3) + "]");
        BOOST_TEST(colour == classes[k]);
        BOOST_TEST((value == values[k] || (std::isnan(value) && std::isnan(values[k]))));
    }
    for (const char* part : {">−10</td>", ">+0.33</td>", ">nan</td>", "−10 <span class=\"n5\">", " +10 ",
                             "5 of 6 entries beyond tolerance, 1 not finite", "NaN or infinite"})
        BOOST_TEST(says(page, part), part);
    const auto infinite = cells(page_of(compared("a", {1, 2}, {-INFINITY, 3})));
    BOOST_TEST(infinite.at("[0,0]").first == "x");
    BOOST_TEST(infinite.at("[0,1]").first == "p5");
}

BOOST_AUTO_TEST_CASE(every_size) {
    const auto one = cells(page_of(compared("b", {1, 1}, {-2})));
    BOOST_TEST((one.size() == 1 && one.at("[0,0]") == std::pair(std::string("n5"), -2.0)));
    BOOST_TEST((cells(page_of(compared("J", {}, {0.625}))).at("[]").second == 0.625));
    BOOST_TEST(cells(page_of(compared("b", {3}, {1, 2, 3}))).size() == 3u);
    BOOST_TEST((cells(page_of(compared("T", {2, 1, 2}, {1, 2, 3, 4}))).at("[1,0,1]").second == 4));
    for (const auto& extents : {std::vector<std::size_t>{0, 3}, {3, 0}, {0}}) {
        const std::string page = page_of(compared("none", extents, {}));
        check_page(page);
        BOOST_TEST(!says(page, "<figure"));
    }
    check_page(html(Report("nothing")));
}

/// Cells of 13 × 2 entries, each the worst of its block.
BOOST_AUTO_TEST_CASE(a_large_array_is_shown_by_its_worst_entries) {
    const std::size_t rows = 784, columns = 128;
    std::vector<double> values(rows * columns);
    for (std::size_t k = 0; k < values.size(); ++k)
        values[k] = std::sin(static_cast<double>(k * k % 9973)) * 3;
    values[700 * columns + 100] = nan;
    const std::string page = page_of(compared("dW1", {rows, columns}, values));
    check_page(page);
    const auto found = cells(page);
    BOOST_TEST(found.size() == 61u * 64u);
    for (std::size_t top = 0; top < rows; top += 13)
        for (std::size_t left = 0; left < columns; left += 2) {
            std::size_t worst = 0, shown = 0;
            double largest = -1;
            for (std::size_t i = top; i < std::min(top + 13, rows); ++i)
                for (std::size_t j = left; j < left + 2; ++j) {
                    const double size =
                        std::isnan(values[i * columns + j]) ? 1e9 : std::abs(values[i * columns + j]);
                    if (size > largest) {
                        largest = size;
                        worst = i * columns + j;
                    }
                    shown += found.count("[" + std::to_string(i) + "," + std::to_string(j) + "]");
                }
            const auto it = found.find("[" + std::to_string(worst / columns) + "," +
                                       std::to_string(worst % columns) + "]");
            BOOST_REQUIRE(it != found.end());
            BOOST_REQUIRE(shown == 1u);
            BOOST_REQUIRE((it->second.second == values[worst] || std::isnan(values[worst])));
        }
    BOOST_TEST(found.at("[700,100]").first == "x");
    const std::string right =
        page_of(compared("dW1", {rows, columns}, std::vector<double>(rows * columns, 0.5)));
    BOOST_TEST(cells(right).empty());
    BOOST_TEST(says(right, "all 100352 entries within their tolerance"));
}

BOOST_AUTO_TEST_CASE(hostile_names_are_shown_as_they_are) {
    const std::string hostile = "\"><script>alert('&amp;')</script>\x01\xff";
    Comparison c = compared(hostile, {1, 1}, {1});
    c.shape = c.note = c.reason = c.answer = c.finding = hostile;
    c.finding += "\n  yours: a line that is typeset\n" + hostile;
    c.equations = {{"yours", hostile, hostile, written_name(hostile, Markup::latex)},
                   {"right", "", hostile, hostile}};
    Report report(hostile);
    report.add(c);
    const std::string page = html({{report}, {report}});
    check_page(page);
    BOOST_TEST(says(page, "&quot;&gt;&lt;script&gt;alert('&amp;amp;')&lt;/script&gt;\uFFFD\uFFFD"));
    BOOST_TEST(!says(page, "a line that is typeset"));
    BOOST_TEST(check::xml_fault(page + "<") != "");
    BOOST_TEST(check::xml_fault("<p>" + page) != "");
}

BOOST_AUTO_TEST_CASE(a_wrong_gradient_has_both_equations) {
    Tape tape;
    const Var X = tape.input("X", {Dim("m", 3), Dim("n")}), Y = tape.input("Y", {Dim("k", 2), Dim("n")}),
              W = tape.variable("W", check::filled<double>({2, 3}, check::numbers(6, 1)));
    const Var Z = named("Z", matmul(W, X)), J = named("J", mean(square(Z - Y)));
    const Array<double> x = check::filled<double>({3, 4}, check::numbers(12, 2)),
                        y = check::filled<double>({2, 4}, check::numbers(8, 3));
    Array<double> dW = gradient(J, W).value({{X, x}, {Y, y}});
    const Report right = verify(J, {{"X", x}, {"Y", y}, {"dW", dW}});
    const Array<double> truth = dW;
    for (double& entry : dW)
        entry = -entry;
    const Report wrong = verify(J, {{"X", x}, {"Y", y}, {"dW", dW}});
    const std::string page = html(wrong);
    check_page(page);
    for (const char* part :
         {"yours has the opposite sign", "<dt>yours</dt>", "<dt>right</dt>", "<mi>d</mi><mi>W</mi><mo>=</mo>",
          "<msup><mi>X</mi><mrow><mi>⊤</mi></mrow></msup>", "<title>FAIL: "})
        BOOST_TEST(says(page, part), part << " is not in\n" << page);
    for (std::size_t k = 0; k < 6; ++k) {
        const auto found = cells(page).at("[" + std::to_string(k / 3) + "," + std::to_string(k % 3) + "]");
        // −2 dW, whose truth is that of long double.
        BOOST_TEST(std::abs(found.second + 2 * truth.data()[k]) <= 1e-14 * std::abs(truth.data()[k]));
    }
    const std::string pass = html(right);
    check_page(pass);
    BOOST_TEST(says(pass, "<details><summary>1 that passed</summary>"));
    BOOST_TEST(!says(pass, "What was found"));
    BOOST_TEST(!says(pass, "The right equations"));
    const std::string derived = html(right, equations({gradient(J, W)}, {.markup = Markup::latex}));
    check_page(derived);
    BOOST_TEST(says(derived, "<h2>The right equations</h2>"));
    BOOST_TEST(says(derived, "<mi>Z</mi><mo>=</mo><mi>W</mi><mi>X</mi>"), derived);
    const std::string broken = html(right, {{"J", "a + \\left(b - c\\right) \\circ d = e"}});
    check_page(broken);
    BOOST_TEST(says(broken, "<mi>J</mi><mo>=</mo><mi>a</mi>"));
    for (const char* sign : {"+", "∘", "="}) // each between two, so that it keeps its distance
        BOOST_TEST(
            says(broken,
                 fmt::format("</math><wbr/><math display=\"block\"><semantics><mrow><mrow></mrow><mo>{}</mo>",
                             sign)),
            broken);
    const std::string both = html({{right}, {wrong}});
    check_page(both);
    BOOST_TEST(says(both, "<a href=\"#r1\">"));
    BOOST_TEST(says(both, "<section id=\"r1\">"));
}

} // namespace
