#include "check.hpp"
#include "naive.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <map>

using namespace xtape;
using check::complaint;
using check::drawn;
using check::says;

namespace {

/// The definition of a sum of products: for every entry of the result, over every value of every letter.
Array<long double> defined(const std::vector<std::string>& terms, const std::string& result,
                           const check::Arrays& operands) {
    std::map<char, std::size_t> extents;
    for (std::size_t k = 0; k < terms.size(); ++k)
        for (std::size_t axis = 0; axis < terms[k].size(); ++axis)
            extents[terms[k][axis]] = operands[k].shape()[axis];
    Extents own, all;
    std::string letters;
    for (const auto& [letter, extent] : extents) {
        letters += letter;
        all.push_back(extent);
    }
    for (const char letter : result)
        own.push_back(extents.at(letter));
    const auto position_of = [&](const std::string& term, const naive::Position& p) {
        naive::Position q;
        for (const char letter : term)
            q.push_back(p[letters.find(letter)]);
        return q;
    };
    auto sums = Array<long double>::from_shape(own);
    sums.fill(0);
    for (std::size_t i = 0; i < size_of(all); ++i) {
        const naive::Position p = naive::position(i, all);
        long double product = 1;
        for (std::size_t k = 0; k < terms.size(); ++k)
            product *= naive::at(operands[k], position_of(terms[k], p));
        sums.data()[naive::index(position_of(result, p), own)] += product;
    }
    return sums;
}

struct Case {
    std::string subscripts;
    std::vector<std::string> terms; ///< what they mean
    std::string result;
    std::vector<Extents> extents;
};

const Case cases[] = {
    {"ij,jk->ik", {"ij", "jk"}, "ik", {{2, 3}, {3, 4}}},
    {"ij,jk", {"ij", "jk"}, "ik", {{2, 3}, {3, 4}}},
    {"jk,ij", {"jk", "ij"}, "ik", {{3, 4}, {2, 3}}},
    {" i j , j k -> k i ", {"ij", "jk"}, "ki", {{2, 3}, {3, 4}}},
    {"ba", {"ba"}, "ab", {{2, 3}}},
    {"aB", {"aB"}, "Ba", {{2, 3}}},
    {"bij,bjk->bik", {"bij", "bjk"}, "bik", {{2, 3, 4}, {2, 4, 5}}},
    {"i,j->ij", {"i", "j"}, "ij", {{3}, {4}}},
    {"i,i", {"i", "i"}, "", {{5}, {5}}},
    {"ii", {"ii"}, "", {{3, 3}}},
    {"ii->i", {"ii"}, "i", {{3, 3}}},
    {"iji->j", {"iji"}, "j", {{3, 2, 3}}},
    {"iij,jk->ik", {"iij", "jk"}, "ik", {{3, 3, 2}, {2, 4}}},
    {"iii->", {"iii"}, "", {{2, 2, 2}}},
    {"ij->", {"ij"}, "", {{2, 3}}},
    {"ij->j", {"ij"}, "j", {{2, 3}}},
    {"ij,k->j", {"ij", "k"}, "j", {{2, 3}, {4}}},
    {"ij->ij", {"ij"}, "ij", {{2, 3}}},
    {",ij->ji", {"", "ij"}, "ji", {{}, {2, 3}}},
    {"i,ij,j->", {"i", "ij", "j"}, "", {{2}, {2, 3}, {3}}},
    {"ij,jk,kl->li", {"ij", "jk", "kl"}, "li", {{2, 3}, {3, 4}, {4, 2}}},
    {"ij,ik,il,i->jkl", {"ij", "ik", "il", "i"}, "jkl", {{2, 3}, {2, 1}, {2, 4}, {2}}},
    {"a,b,c->", {"a", "b", "c"}, "", {{2}, {3}, {4}}},
    {"...ij,...jk->...ik", {"xyij", "xyjk"}, "xyik", {{2, 1, 2, 3}, {2, 1, 3, 2}}},
    {"...ij,jk", {"xyij", "jk"}, "xyik", {{2, 1, 2, 3}, {3, 2}}},
    {"i...->...", {"ixy"}, "xy", {{2, 3, 2}}},
    {"...->...", {"xy"}, "xy", {{2, 3}}},
    {"i...i", {"ixi"}, "x", {{2, 3, 2}}},
    {"...i->i...", {"xi"}, "ix", {{2, 3}}},
    {"...,...", {"xy", "xy"}, "xy", {{2, 3}, {2, 3}}},
    {"...i->i", {"i"}, "i", {{3}}},
    {"ij,jk->ik", {"ij", "jk"}, "ik", {{1, 1}, {1, 1}}},
};

check::Arrays operands_of(const Case& c) {
    check::Arrays operands;
    for (std::size_t k = 0; k < c.extents.size(); ++k)
        operands.push_back(drawn(c.extents[k], k + 1));
    return operands;
}

check::Function function_of(const std::string& subscripts) {
    return [subscripts](std::span<const Var> v) {
        return einsum(subscripts, std::vector<Operand>(v.begin(), v.end()));
    };
}

} // namespace

BOOST_AUTO_TEST_CASE(every_operation_of_the_family_is_tested_here) {
    BOOST_TEST(einsum_ops().size() == 1u);
    BOOST_TEST(einsum_ops()[0].name() == "xtape::einsum");
}

BOOST_AUTO_TEST_CASE(sums_of_products) {
    for (const Case& c : cases) {
        const check::Arrays operands = operands_of(c);
        const auto f = function_of(c.subscripts);
        // Sums of at most 24 products of up to four numbers up to 2; a reference that cancels is not small.
        const auto verdict = check::values(f, operands, defined(c.terms, c.result, operands), 48);
        BOOST_TEST(verdict.pass, c.subscripts << ": " << verdict.why);
        BOOST_TEST(verdict.nonzero > 0u, c.subscripts);
        check::derivatives(
            c.subscripts, [&](auto v) { return square(f(v)); }, operands);
    }
}

// The identities of linear algebra, in whole numbers: every step is exact.
BOOST_AUTO_TEST_CASE(identities) {
    Tape tape;
    const auto whole = [&](const Extents& extents) {
        return tape.constant(check::filled<double>(extents, {1, -2, 3, 5, 7, -11, 13}));
    };
    const Var A = whole({2, 3}), B = whole({3, 4}), S = whole({3, 3}), v = whole({3});
    BOOST_TEST((einsum("ij,jk->ik", A, B).value() == matmul(A, B).value()));
    BOOST_TEST((einsum("ij->ji", A).value() == transpose(A).value()));
    BOOST_TEST((einsum("ii", S).value() == trace(S).value()));
    BOOST_TEST((einsum("ij->i", A).value() == sum(A, {1}).value()));
    BOOST_TEST((einsum("i,i", v, v).value() == dot(v, v).value()));
    BOOST_TEST((einsum("i,j", v, v).value() == outer(v, v).value()));
    BOOST_TEST((einsum("ij,ij->ij", S, S).value() == square(S).value()));
    BOOST_TEST((einsum("ij,j", A, xt::xarray<double>{1, 2, 3}).value() ==
                matmul(A, xt::xarray<double>{1, 2, 3}).value()));
    BOOST_TEST(
        (einsum("i,ij->j", xt::xarray<int>{1, 2}, A).value() == matmul(xt::xarray<double>{1, 2}, A).value()));
    BOOST_TEST((einsum(",ij", 2, A).value() == (2 * A).value()));
}

BOOST_AUTO_TEST_CASE(axes_of_an_ellipsis_broadcast) {
    const auto f = function_of("...ij,...jk->...ik");
    const auto a = drawn({2, 1, 2, 3}, 1), b = drawn({4, 3, 2}, 2);
    const auto verdict = check::values(f, {a, b},
                                       naive::build({2, 4, 2, 2},
                                                    [&](const auto& p) {
                                                        long double total = 0;
                                                        for (std::size_t j = 0; j < 3; ++j)
                                                            total += a(p[0], 0, p[2], j) * b(p[1], j, p[3]);
                                                        return total;
                                                    }),
                                       24);
    BOOST_TEST(verdict.pass, verdict.why);
    check::derivatives("broadcast", [&](auto v) { return square(f(v)); }, {a, b});
    Tape tape;
    const Var x = tape.input("x", {1, 3}), y = tape.input("y", {Dim("n"), 3});
    BOOST_TEST(einsum("...i,...i", x, y).shape().to_string() == "(n)");
    BOOST_TEST(einsum("...i,...i", y, x).shape().to_string() == "(n)");
}

BOOST_AUTO_TEST_CASE(one_operand_twice) {
    const auto quadratic = [](auto v) { return einsum("i,ij,j->", v[0], v[1], v[0]); };
    check::derivatives("xᵀAx", quadratic, {drawn({3}, 1), drawn({3, 3}, 2)});
    const auto gram = [](auto v) { return einsum("ij,kj->ik", v[0], v[0]); };
    check::derivatives("AAᵀ", gram, {drawn({2, 3}, 1)});
}

BOOST_AUTO_TEST_CASE(no_entries) {
    const auto f = function_of("ij,jk->ik");
    for (const auto& [rows, inner, columns] :
         std::vector<std::array<std::size_t, 3>>{{0, 3, 2}, {2, 0, 3}, {2, 3, 0}}) {
        const check::Arrays operands{drawn({rows, inner}, 1), drawn({inner, columns}, 2)};
        const auto verdict = check::values(f, operands, defined({"ij", "jk"}, "ik", operands));
        BOOST_TEST(verdict.pass, verdict.why);
        const auto first = check::first_derivative(f, operands);
        BOOST_TEST(first.pass, first.why);
    }
}

BOOST_AUTO_TEST_CASE(dimensions_without_an_extent) {
    Tape tape;
    const Var W = tape.variable("W", xt::xarray<double>{{1, 2, 3}, {4, 5, 6}}),
              X = tape.input("X", {Dim("n0", 3), Dim("n")}), Y = tape.input("Y", {Dim("m"), 2});
    const Var Z = einsum("ij,jn->in", W, X), dW = gradient(sum(square(Z)), W);
    const xt::xarray<double> x{{1, 0}, {0, 1}, {1, 1}};
    BOOST_TEST(Z.shape().to_string() == "(2 × n)");
    BOOST_TEST((Z.value({{X, x}}) == matmul(W, X).value({{X, x}})));
    BOOST_TEST((dW.value({{X, x}}) == gradient(sum(square(matmul(W, X))), W).value({{X, x}})));
    BOOST_TEST(einsum("ji->ij", X).shape().to_string() == "(n × n0=3)");
    BOOST_TEST(einsum("ab,ac->bc", Y, Y).shape().to_string() == "(2 × 2)");
    BOOST_TEST(says(complaint<ShapeError>([&] { einsum("in,nk", X, Y); }),
                    "n is n in X (n0=3 × n) and m in Y (m × 2). Give both dimensions one name, or both an "
                    "extent."));
}

BOOST_AUTO_TEST_CASE(samples_pass_and_wrong_rules_do_not) {
    for (const Op& op : einsum_ops()) {
        Draw draw(1), again(1);
        const Report report = check_op(op, op.definition().samples(draw));
        BOOST_TEST(report.passed(), report.to_string());
        BOOST_TEST(!check_op(check::wrong_derivative(op), op.definition().samples(again)).passed());
    }
}

BOOST_AUTO_TEST_CASE(a_nan_or_an_infinity_is_not_skipped_where_it_meets_zero) {
    Tape tape;
    const double infinity = std::numeric_limits<double>::infinity();
    const Var a = tape.constant(xt::xarray<double>{0.0, 1.0}),
              b = tape.constant(xt::xarray<double>{infinity, 1.0});
    BOOST_TEST(std::isnan(einsum("i,i", a, b).item()));
}

BOOST_AUTO_TEST_CASE(messages_point_at_the_letter) {
    Tape tape;
    const Var A = tape.input("A", {2, 3}), B = tape.input("B", {4, 5}), C = tape.input("C", {3, 5});
    BOOST_TEST(
        complaint<ArgumentError>([&] { einsum("ij,jk->iz", A, C); }) ==
        "einsum(\"ij,jk->iz\", A, C): z is in the output but in no operand. Leave it out, or give an axis "
        "its name.\n    ij,jk->iz\n            ^");
    BOOST_TEST(
        complaint<ShapeError>([&] { einsum("ij,jk->ik", A, B); }) ==
        "einsum(\"ij,jk->ik\", A, B): j is 3 in A (2 × 3) and 4 in B (4 × 5). A letter has one extent; "
        "use another letter, or transpose.\n    ij,jk->ik\n       ^");
    BOOST_TEST(says(complaint<ShapeError>([&] { einsum("ii", A); }), "i is 2 and 3 in A (2 × 3)."));
    BOOST_TEST(says(complaint<ShapeError>([&] { einsum("ii", A); }), "\n    ii\n     ^"));
    BOOST_TEST(says(complaint<ArgumentError>([&] { einsum("ij,jk->ik", A); }), "2 terms for 1 operand."));
    BOOST_TEST(says(complaint<ArgumentError>([&] { einsum("ij", A, C); }), "1 term for 2 operands."));
    BOOST_TEST(says(complaint<ShapeError>([&] { einsum("ij,jkl->ik", A, C); }),
                    "a term of 3 letters for C, which is (3 × 5) and has 2 axes.\n    ij,jkl->ik\n       ^"));
    BOOST_TEST(says(complaint<ShapeError>([&] { einsum("i", A); }), "a term of 1 letter for A"));
    BOOST_TEST(says(complaint<ShapeError>([&] { einsum("...ijk", A); }), "a term of 3 letters for A"));
    BOOST_TEST(says(complaint<ArgumentError>([&] { einsum("ij->ii", A); }), "i is in the output twice."));
    BOOST_TEST(says(complaint<ArgumentError>([&] { einsum("i1", A); }),
                    "'1' cannot stand here. Terms are made of the letters a–z and A–Z"));
    BOOST_TEST(says(complaint<ArgumentError>([&] { einsum("αj,jk", A, C); }), "'α' cannot stand here"));
    BOOST_TEST(says(complaint<ArgumentError>([&] { einsum("ijé!", A); }), "\n    ijé!\n      ^"));
    BOOST_TEST(says(complaint<ArgumentError>([&] { einsum("ij→ji", A); }), "'→' cannot stand here"));
    for (const char* wrong : {"ij->i->j", "ij->i,j", "ij-", "ij>", "i.j", "..ij", "....ij", "......ij",
                              "ij->..", "i\tj", "-", ">-"})
        BOOST_CHECK_THROW(einsum(wrong, A), ArgumentError);
    BOOST_TEST(says(complaint<ArgumentError>([&] { einsum("...i->i", A); }),
                    "the output leaves out the axes of the ellipsis"));
    BOOST_TEST(says(complaint<ArgumentError>([&] { einsum("ij->...ij", A); }),
                    "... is in the output but in no operand."));
    BOOST_TEST(says(complaint<ShapeError>([&] { einsum("...,...", A, C); }),
                    "an axis of the ellipsis is 2 in A (2 × 3) and 3 in C (3 × 5)"));
    BOOST_CHECK_THROW(einsum("", A), ShapeError);
    BOOST_CHECK_THROW(einsum(",", A), ArgumentError);
}

BOOST_AUTO_TEST_CASE(operands_that_cannot_be_multiplied) {
    Tape tape, other;
    const Var A = tape.input("A", {2, 3}), which = tape.input("which", {2}, Kind::index),
              far = other.input("far", {3, 2});
    const std::size_t before = tape.size(), before_other = other.size();
    BOOST_CHECK_THROW(einsum("i,ij", which, A), KindError);
    BOOST_CHECK_THROW(einsum("ij->ji", A > 0), KindError);
    const std::size_t with_mask = tape.size();
    BOOST_CHECK_THROW(einsum("ij,jk", A, far), VarError);
    BOOST_CHECK_THROW(einsum("i", xt::xarray<double>{1}), VarError);
    BOOST_CHECK_THROW(einsum("", std::vector<Operand>{}), VarError);
    BOOST_CHECK_THROW(einsum("ij,k,l->m", A, xt::xarray<double>{1, 2}, 3), ShapeError);
    BOOST_CHECK_THROW(einsum("i", Var()), VarError);
    BOOST_TEST(tape.size() == with_mask);
    BOOST_TEST(with_mask == before + 2); // the 0 and the comparison
    BOOST_TEST(other.size() == before_other);
}
