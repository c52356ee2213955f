#include "check.hpp"

#include <boost/test/unit_test.hpp>

using namespace xtape;
using check::complaint;

namespace {

std::string text(const std::optional<Shape>& shape) { return shape ? shape->to_string() : "does not fit"; }

const Dim n("n"), m("m");

} // namespace

BOOST_AUTO_TEST_CASE(a_dimension_has_a_name_or_an_extent_or_both) {
    BOOST_TEST(n.to_string() == "n");
    BOOST_TEST(Dim(4).to_string() == "4");
    BOOST_TEST(Dim("n1", 4).to_string() == "n1=4");
    BOOST_TEST(Dim("n1", 4).extent() == 4u);
    BOOST_TEST(!n.sized());
    BOOST_TEST(Dim(0).sized());
    BOOST_TEST(Dim("k", 1).is_one());
    BOOST_TEST(check::says(complaint<ShapeError>([] { (void)n.extent(); }), "Dim(\"n\", 400)"));
    BOOST_CHECK_THROW(Dim(-1), ShapeError);
    BOOST_CHECK_THROW(Dim("n", -3), ShapeError);
    BOOST_CHECK_THROW(Dim(std::string{}), ShapeError);
}

BOOST_AUTO_TEST_CASE(extents_decide_and_names_only_where_there_are_none) {
    BOOST_TEST(same_extent(Dim("a", 4), Dim("b", 4)));
    BOOST_TEST(same_extent(Dim("a", 4), 4));
    BOOST_TEST(!same_extent(Dim("a", 4), Dim("a", 5)));
    BOOST_TEST(same_extent(n, Dim("n")));
    BOOST_TEST(!same_extent(n, m));
    BOOST_TEST(!same_extent(n, Dim("n", 400)));
}

BOOST_AUTO_TEST_CASE(shapes) {
    const Shape shape{Dim("n1", 4), 3, n};
    BOOST_TEST(shape.to_string() == "(n1=4 × 3 × n)");
    BOOST_TEST(bare_shape(shape) == "(4 × 3 × n)");
    BOOST_TEST(Shape().to_string() == "()");
    BOOST_TEST(Shape().size() == 1u);
    BOOST_TEST(Shape({2, 0, 5}).size() == 0u);
    BOOST_TEST(Shape({2, 3}).sized());
    BOOST_TEST(!shape.sized());
    BOOST_CHECK_THROW((void)shape.size(), ShapeError);
    BOOST_TEST((Shape{2, 3} == Shape(Extents{2, 3})));
    BOOST_TEST((Shape{2, 3} != Shape{3, 2}));
    BOOST_TEST((Shape{Dim("a", 2)} != Shape{2}));
    BOOST_TEST(same_extents({Dim("a", 2)}, {2}));
}

BOOST_AUTO_TEST_CASE(broadcasting_is_numpys) {
    BOOST_TEST(text(broadcast({2, 3}, {3})) == "(2 × 3)");
    BOOST_TEST(text(broadcast({3}, {2, 3})) == "(2 × 3)");
    BOOST_TEST(text(broadcast({2, 1}, {1, 3})) == "(2 × 3)");
    BOOST_TEST(text(broadcast({5, 1, 3}, {4, 1})) == "(5 × 4 × 3)");
    BOOST_TEST(text(broadcast({}, {2})) == "(2)");
    BOOST_TEST(text(broadcast({}, {})) == "()");
    BOOST_TEST(text(broadcast({0, 3}, {1, 3})) == "(0 × 3)");
    BOOST_TEST(text(broadcast({1}, {0})) == "(0)");
    BOOST_TEST(text(broadcast({0}, {2})) == "does not fit");
    BOOST_TEST(text(broadcast({2, 3}, {2})) == "does not fit");
}

BOOST_AUTO_TEST_CASE(an_unsized_dimension_broadcasts_against_a_one_only) {
    BOOST_TEST(text(broadcast({4, n}, {4, 1})) == "(4 × n)");
    BOOST_TEST(text(broadcast({4, 1}, {n})) == "(4 × n)");
    BOOST_TEST(text(broadcast({n}, {n})) == "(n)");
    BOOST_TEST(text(broadcast({n}, {m})) == "does not fit");
    BOOST_TEST(text(broadcast({n}, {7})) == "does not fit");
}

BOOST_AUTO_TEST_CASE(names_travel) {
    BOOST_TEST(text(broadcast({2, 3}, {Dim("k", 3)})) == "(2 × k=3)");
    BOOST_TEST(text(broadcast({Dim("r", 2), 1}, {1, Dim("c", 3)})) == "(r=2 × c=3)");
    BOOST_TEST(text(broadcast({Dim("a", 3)}, {Dim("b", 3)})) == "(a=3)");
}

BOOST_AUTO_TEST_CASE(what_an_operand_was_broadcast_to) {
    BOOST_TEST(is_broadcast_of({2, 3}, {3}));
    BOOST_TEST(is_broadcast_of({2, 3}, {2, 1}));
    BOOST_TEST(is_broadcast_of({2, n}, {2, 1}));
    BOOST_TEST(is_broadcast_of({0}, {1}));
    BOOST_TEST(!is_broadcast_of({3}, {2, 3}));
    BOOST_TEST(!is_broadcast_of({1}, {2}));
    BOOST_TEST(!is_broadcast_of({1}, {0}));
}

BOOST_AUTO_TEST_CASE(why_shapes_do_not_broadcast) {
    BOOST_TEST(why_not_broadcast({2, 3}, {2, 4}) == "3 ≠ 4");
    BOOST_TEST(check::says(why_not_broadcast({n}, {7}), "n has no extent yet"));
    BOOST_TEST(check::says(why_not_broadcast({7}, {n}), "n has no extent yet"));
}

BOOST_AUTO_TEST_CASE(axes_count_from_either_end) {
    BOOST_TEST(normalised({-1, 0}, 3, "f") == (Axes{0, 2}), boost::test_tools::per_element());
    BOOST_TEST(normalised({}, 0, "f").empty());
    BOOST_TEST(
        check::says(complaint<ShapeError>([] { (void)normalised({2}, 2, "sum(x)"); }), "sum(x): axis 2"));
    BOOST_CHECK_THROW((void)normalised({-3}, 2, "f"), ShapeError);
    BOOST_CHECK_THROW((void)normalised({0}, 0, "f"), ShapeError);
    BOOST_CHECK_THROW((void)normalised({1, -1}, 2, "f"), ShapeError);
    BOOST_TEST(all_axes(3) == (Axes{0, 1, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(attributes) {
    const Attributes a{{"axes", Axes{0, 1}}, {"keep", std::int64_t{1}}, {"slope", 0.25L}};
    BOOST_TEST(a.to_string() == "axes=[0, 1], keep=1, slope=0.25");
    BOOST_TEST(a.integer("keep") == 1);
    BOOST_TEST(a.real("slope") == 0.25L);
    BOOST_TEST(a.axes("axes").size() == 2u);
    BOOST_TEST(a.contains("keep"));
    BOOST_TEST(!a.contains("dims"));
    BOOST_TEST(check::says(complaint<OpError>([&] { (void)a.real("alpha"); }), "alpha"));
    BOOST_TEST(check::says(complaint<OpError>([&] { (void)a.real("keep"); }), "another type"));

    const Attributes same{{"axes", Axes{0, 1}}, {"keep", std::int64_t{1}}, {"slope", 0.25L}};
    BOOST_TEST((a == same));
    BOOST_TEST(a.hash() == same.hash());
    for (const Attributes& other :
         {Attributes{{"axes", Axes{0, 1}}, {"keep", std::int64_t{0}}, {"slope", 0.25L}},
          Attributes{{"axes", Axes{1, 0}}, {"keep", std::int64_t{1}}, {"slope", 0.25L}},
          Attributes{{"axes", Axes{0, 1}}, {"keep", std::int64_t{1}}}}) {
        BOOST_TEST((a != other));
        BOOST_TEST(a.hash() != other.hash());
    }
    BOOST_TEST((Attributes{{"dim", n}} == Attributes{{"dim", Dim("n")}}));
    BOOST_TEST((Attributes{{"dim", n}} != Attributes{{"dim", Dim("n", 4)}}));
    BOOST_TEST((Attributes{{"shape", Shape{2, n}}}.shape("shape") == Shape{2, n}));
}

BOOST_AUTO_TEST_CASE(extents_that_no_memory_holds) {
    const std::size_t huge = std::size_t{1} << 32;
    BOOST_CHECK_THROW((void)size_of(Extents{huge, huge}), ShapeError);
    BOOST_CHECK_THROW((void)size_of(Extents{0, huge, huge}), ShapeError);
    BOOST_CHECK_THROW((void)Shape({Dim(3), Dim(0xAAAAAAAAAAAAAAACu)}).size(), ShapeError);
    BOOST_TEST(size_of(Extents{huge, 0}) == 0u);
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{1});
    const Var wide = broadcast_to(x, {huge, 1 << 20});
    BOOST_CHECK_THROW((void)wide.value(), Error);
    BOOST_CHECK_THROW((void)reshape(x, {huge, huge}), ShapeError);
}
