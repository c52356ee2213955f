#include "check.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <type_traits>

using namespace xtape;

namespace {

template <class T>
std::vector<T> entries(const AnyArray& array) {
    return {array.data<T>(), array.data<T>() + array.size()};
}

} // namespace

BOOST_AUTO_TEST_CASE(a_temporary_of_xarrays_is_an_xarray) {
    const xt::xarray<double> a{{1, 2, 3}, {4, 5, 6}};
    static_assert(std::is_same_v<std::decay_t<decltype(xt::eval(a + a))>, xt::xarray<double>>);
    static_assert(std::is_same_v<Array<double>, xt::xarray<double>>);
    const auto sum = xt::eval(a + a);
    BOOST_TEST(sum == 2 * a);
    BOOST_TEST(xt::eval(xt::sum(a, {1})) == (xt::xarray<double>{6, 15}));
}

BOOST_AUTO_TEST_CASE(a_named_row_major_container_is_referred_to) {
    const xt::xarray<double> a{{1, 2, 3}, {4, 5, 6}};
    const xt::xtensor<float, 2> b{{1, 2, 3}, {4, 5, 6}};
    const xt::xarray<std::int64_t> c{7, 8};
    std::vector<double> storage{1, 2, 3, 4};
    const auto adapted = xt::adapt(storage, std::vector<std::size_t>{2, 2});
    BOOST_TEST(AnyArray(a).data<double>() == a.data());
    BOOST_TEST(AnyArray(b).data<float>() == b.data());
    BOOST_TEST(AnyArray(c).data<std::int64_t>() == c.data());
    BOOST_TEST(AnyArray(adapted).data<double>() == storage.data());
    BOOST_TEST((AnyArray(b).extents() == Extents{2, 3}));
}

BOOST_AUTO_TEST_CASE(everything_else_is_copied_into_row_major_order) {
    const std::vector<double> rows{1, 2, 3, 4, 5, 6};
    const xt::xarray<double> a{{1, 2, 3}, {4, 5, 6}};
    const xt::xarray<double, xt::layout_type::column_major> columns = a;
    BOOST_TEST(entries<double>(columns) == rows, boost::test_tools::per_element());
    const xt::xtensor<double, 2, xt::layout_type::column_major> fixed = a;
    BOOST_TEST(entries<double>(fixed) == rows, boost::test_tools::per_element());

    const auto strided = xt::view(a, xt::all(), xt::range(0, 3, 2));
    BOOST_TEST(entries<double>(strided) == (std::vector<double>{1, 3, 4, 6}),
               boost::test_tools::per_element());
    const auto row = xt::view(a, 1);
    BOOST_TEST(entries<double>(row) == (std::vector<double>{4, 5, 6}), boost::test_tools::per_element());
    BOOST_TEST(entries<double>(a * 2) == (std::vector<double>{2, 4, 6, 8, 10, 12}),
               boost::test_tools::per_element());
    BOOST_TEST(entries<double>(xt::transpose(a)) == (std::vector<double>{1, 4, 2, 5, 3, 6}),
               boost::test_tools::per_element());

    const xt::xtensor<int, 1> integers{3, -1};
    BOOST_TEST(entries<std::int64_t>(integers) == (std::vector<std::int64_t>{3, -1}),
               boost::test_tools::per_element());
    const xt::xarray<unsigned char> bytes{255, 0};
    BOOST_TEST(entries<std::int64_t>(bytes) == (std::vector<std::int64_t>{255, 0}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_temporary_is_moved_in_and_owned) {
    xt::xarray<double> a{1, 2, 3};
    const double* const data = a.data();
    const AnyArray moved(std::move(a));
    BOOST_TEST(moved.data<double>() == data);
    BOOST_TEST(moved.owned().data<double>() == data); // it owns its elements already

    const xt::xarray<double> b{1, 2, 3};
    const AnyArray copy = AnyArray::copy(b), referred = b;
    BOOST_TEST(copy.data<double>() != b.data());
    BOOST_TEST(referred.owned().data<double>() != b.data());
    BOOST_TEST(entries<double>(copy) == entries<double>(referred), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(size_zero_and_one) {
    const xt::xarray<double> one = 5, empty = xt::xarray<double>::from_shape({0, 3});
    BOOST_TEST(AnyArray(one).rank() == 0u);
    BOOST_TEST(AnyArray(one).size() == 1u);
    BOOST_TEST(AnyArray(one).data<double>()[0] == 5);
    BOOST_TEST(AnyArray(empty).size() == 0u);
    BOOST_TEST((AnyArray(empty).extents() == Extents{0, 3}));
    BOOST_TEST((AnyArray(empty + 1).extents() == Extents{0, 3}));
    BOOST_TEST(AnyArray::copy(empty).to<float>().size() == 0u);
    BOOST_TEST(AnyArray(empty).all_finite());
    BOOST_TEST(AnyArray::number(2.5L).data<long double>()[0] == 2.5L);
    const auto [zeros, data] = AnyArray::zeros<float>({2, 0});
    BOOST_TEST(zeros.size() == 0u);
    BOOST_TEST(data != nullptr);
}

BOOST_AUTO_TEST_CASE(element_types_convert_where_nothing_is_lost_but_digits) {
    const xt::xarray<double> real{0, 1.5};
    const xt::xarray<bool> mask{true, false};
    BOOST_TEST(AnyArray(real).as<double>().data<double>() == real.data()); // itself
    BOOST_TEST(AnyArray(real).to<float>()(1) == 1.5f);
    BOOST_TEST(AnyArray(mask).to<double>()(0) == 1);
    BOOST_TEST(AnyArray(mask).to<std::int64_t>()(0) == 1);
    BOOST_CHECK_THROW((void)AnyArray(real).to<std::int64_t>(), KindError);
    BOOST_CHECK_THROW((void)AnyArray(real).to<bool>(), KindError);
    BOOST_CHECK_THROW((void)AnyArray(real).data<float>(), KindError);
    BOOST_CHECK_THROW((void)AnyArray(mask).view<double>(), KindError);
}

BOOST_AUTO_TEST_CASE(reshaped_shares_its_elements) {
    const xt::xarray<double> a{{1, 2, 3}, {4, 5, 6}};
    const AnyArray tall = AnyArray(a).reshaped({3, 2});
    BOOST_TEST(tall.data<double>() == a.data());
    BOOST_TEST(tall.view<double>() == (xt::xarray<double>{{1, 2}, {3, 4}, {5, 6}}));
    BOOST_CHECK_THROW((void)AnyArray(a).reshaped({4, 2}), ShapeError);
}

BOOST_AUTO_TEST_CASE(not_finite) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    BOOST_TEST(!AnyArray(xt::xarray<double>{1, infinity}).all_finite());
    BOOST_TEST(!AnyArray(xt::xarray<double>{std::numeric_limits<double>::quiet_NaN()}).all_finite());
    BOOST_TEST(AnyArray(xt::xarray<int>{1, 2}).all_finite());
}

BOOST_AUTO_TEST_CASE(printing) {
    BOOST_TEST(AnyArray(xt::xarray<double>{{1, 2.5}, {3, 4}}).to_string() == "{{1, 2.5},\n {3, 4}}");
    BOOST_TEST(AnyArray(xt::xarray<double>{1, 2, 3}).to_string(2) == "{1, 2, …}");
    BOOST_TEST(AnyArray(xt::xarray<bool>{true}).to_string() == "{true}");
    BOOST_TEST(AnyArray(xt::xarray<double>(7)).to_string() == "7");
}
