#include "check.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace xtape;

// Each family's test asserts that every one of its own operations is tested there, by name.
BOOST_AUTO_TEST_CASE(all_families_are_in_the_list_once) {
    std::set<std::string> names;
    for (const Op& op : builtin_ops()) {
        BOOST_TEST(names.insert(op.name()).second, op.name() << " is there twice");
        BOOST_TEST(op.name().starts_with("xtape::"));
        BOOST_TEST(!op.definition().notation.text.empty(), op.name() << " has no notation");
        BOOST_TEST(!op.definition().notation.latex.empty(), op.name() << " has no notation");
    }
    std::size_t count = 0;
    for (const auto& family : {arithmetic_ops(), exponential_ops(), trigonometric_ops(), hyperbolic_ops(),
                               activation_ops(), piecewise_ops(), product_ops(), reduction_ops(),
                               shaping_ops(), slicing_ops(), indexing_ops(), diagonal_ops()})
        for (const Op& op : family) {
            BOOST_TEST(names.contains(op.name()), op.name() << " is not built in");
            ++count;
        }
    BOOST_TEST(count == names.size());
}

BOOST_AUTO_TEST_CASE(every_operation_computes_in_every_scalar_and_differentiates_or_says_that_it_does_not) {
    for (const Op& op : builtin_ops()) {
        const Definition& definition = op.definition();
        BOOST_TEST(static_cast<bool>(std::get<0>(definition.forward)), op.name());
        BOOST_TEST(static_cast<bool>(std::get<1>(definition.forward)), op.name());
        BOOST_TEST(static_cast<bool>(std::get<2>(definition.forward)), op.name());
        BOOST_TEST((definition.without_gradient || definition.vjp || definition.body), op.name());
    }
}
