#include "xml.hpp"
#include <xtape/autodiff/ops/families.hpp>
#include <xtape/autodiff/print/mathml.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using xtape::escaped_html;
using xtape::mathml;

/// Without what every formula has around it.
std::string inside(const std::string& latex) {
    const std::string text = mathml(latex), begin = R"(<math display="block"><semantics><mrow>)",
                      end = "</mrow><annotation encoding=\"application/x-tex\">" + escaped_html(latex) +
                            "</annotation></semantics></math>";
    BOOST_REQUIRE(text.starts_with(begin));
    BOOST_REQUIRE(text.ends_with(end));
    return text.substr(begin.size(), text.size() - begin.size() - end.size());
}

BOOST_AUTO_TEST_CASE(what_equations_are_made_of) {
    const std::pair<const char*, const char*> formulas[] = {
        {"", ""},
        {"W_1 X", "<msub><mi>W</mi><mn>1</mn></msub><mi>X</mi>"},
        {"dZ_{12}", "<mi>d</mi><msub><mi>Z</mi><mrow><mn>12</mn></mrow></msub>"},
        {R"(W_2^\top)", "<msubsup><mi>W</mi><mn>2</mn><mrow><mi>⊤</mi></mrow></msubsup>"},
        {R"(\frac{0.5}{n})", "<mfrac><mrow><mn>0.5</mn></mrow><mrow><mi>n</mi></mrow></mfrac>"},
        {R"(\left(1 - A\right)^2)",
         "<msup><mrow><mo stretchy=\"false\">(</mo><mn>1</mn><mo>−</mo><mi>A</mi><mo "
         "stretchy=\"false\">)</mo></mrow>"
         "<mrow><mn>2</mn></mrow></msup>"},
        {R"(\left[Z > 0\right])", "<mrow><mo stretchy=\"false\">[</mo><mi>Z</mi><mo>&gt;</mo><mn>0</mn><mo "
                                  "stretchy=\"false\">]</mo></mrow>"},
        {R"(\sum_{n} x)", "<munder><mo>∑</mo><mrow><mi>n</mi></mrow></munder><mi>x</mi>"},
        {R"(\sqrt{x} \sqrt[3]{x})", "<msqrt><mrow><mi>x</mi></mrow></msqrt>"
                                    "<mroot><mrow><mi>x</mi></mrow><mrow><mn>3</mn></mrow></mroot>"},
        {R"(\tanh(z))", "<mi>tanh</mi><mo stretchy=\"false\">(</mo><mi>z</mi><mo stretchy=\"false\">)</mo>"},
        {R"(\log \operatorname{softmax}(z))",
         "<mi>log</mi><mspace width=\"0.167em\"></mspace><mi>softmax</mi><mo "
         "stretchy=\"false\">(</mo><mi>z</mi><mo stretchy=\"false\">)</mo>"},
        {R"(\operatorname{leaky\_relu}_{0.01})",
         "<msub><mi>leaky_relu</mi><mrow><mn>0.01</mn></mrow></msub>"},
        {R"(\mathrm{p\text{\^{}}\text{\~{}}\{\}\%\backslash b})",
         "<mi mathvariant=\"normal\">p^~{}%\\b</mi>"},
        {"g_1'(x)", "<msubsup><mi>g</mi><mn>1</mn><mrow><mo>′</mo></mrow></msubsup><mo "
                    "stretchy=\"false\">(</mo><mi>x</mi><mo stretchy=\"false\">)</mo>"},
        {R"(\hat{y} \in \text{a < b})",
         "<mover accent=\"true\"><mrow><mi>y</mi></mrow><mo>^</mo></mover><mo>∈</mo><mtext>a &lt; b</mtext>"},
        {R"(\left\lVert x \right\rVert)",
         "<mrow><mo stretchy=\"false\">‖</mo><mi>x</mi><mo stretchy=\"false\">‖</mo></mrow>"},
        {"J = -a - b", "<mi>J</mi><mo>=</mo><mo form=\"prefix\">−</mo><mi>a</mi><mo>−</mo><mi>b</mi>"},
        {R"(x^12)", "<msup><mi>x</mi><mrow><mn>1</mn></mrow></msup><mn>2</mn>"},
        {R"(\varepsilon \circ é)", "<mi>ε</mi><mo>∘</mo><mi>é</mi>"},
    };
    for (const auto& [latex, expected] : formulas)
        BOOST_TEST(inside(latex) == expected, latex << ": " << inside(latex));
}

BOOST_AUTO_TEST_CASE(what_is_not_known_is_shown_as_it_was_written) {
    BOOST_TEST(inside(R"(\foo{x} \&)") == "<mtext>\\foo</mtext><mrow><mi>x</mi></mrow><mi>&amp;</mi>");
    BOOST_TEST(inside("a} \\right) b") ==
               "<mi>a</mi><mtext>}</mtext><mtext>\\right</mtext><mo stretchy=\"false\">)</mo><mi>b</mi>");
    BOOST_TEST(inside("<script>") ==
               "<mo>&lt;</mo><mi>s</mi><mi>c</mi><mi>r</mi><mi>i</mi><mi>p</mi><mi>t</mi><mo>&gt;</mo>");
    BOOST_TEST(escaped_html("<a b=\"1\">&\x01\xff\xc3") ==
               "&lt;a b=&quot;1&quot;&gt;&amp;\uFFFD\uFFFD\uFFFD");
    BOOST_TEST(escaped_html("\xed\xa0\x80 é ∘ 😀") == "\uFFFD\uFFFD\uFFFD é ∘ 😀");
}

/// However a formula is broken, its elements are closed.
BOOST_AUTO_TEST_CASE(every_formula_is_well_formed) {
    std::size_t formulas = 0;
    for (const xtape::Family& family : xtape::builtin_families())
        for (const xtape::Op& op : family.ops) {
            const std::string latex = op.definition().notation.latex;
            BOOST_TEST_CONTEXT(latex) {
                BOOST_TEST(check::xml_fault(mathml(latex)) == "");
                BOOST_TEST(mathml(latex).find("<mtext>\\") ==
                           std::string::npos); // all our commands are known
                ++formulas;
            }
            for (std::size_t cut = 1; cut < latex.size(); ++cut)
                BOOST_TEST(check::xml_fault(mathml(latex.substr(cut)) + mathml(latex.substr(0, cut))) == "");
        }
    BOOST_TEST(formulas > 50u);
    for (const char* piece :
         {"{", "\\left(", "\\hat", "\\frac", "^", "_", "\\sqrt[", "'", "\\text{", "\\", "\\left"}) {
        std::string latex;
        for (int k = 0; k < 20000; ++k)
            latex += piece;
        BOOST_TEST(check::xml_fault(mathml(latex)) == "");
    }
    for (const char* wrong :
         {"<a><b></a></b>", "<a>", "</a>", "<a x=1></a>", "a < b", "a & b", "<a x=\"1\" x=\"2\"/>"})
        BOOST_TEST(check::xml_fault(wrong) != "", wrong);
}

} // namespace
