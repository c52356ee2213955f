#pragma once

/// The one header through which xtape includes xtensor.
///
/// It mends what Debian's xtensor 0.24 gets wrong in C++20, hides where newer versions moved their headers,
/// and fixes the array type of xtape's interface, so that no define of a user's build (XTENSOR_USE_XSIMD) can
/// change it.

#include <cstddef>
#include <cstdint>
#include <memory>

#if __has_include(<xtensor/containers/xarray.hpp>)
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xarray.hpp>
#include <xtensor/containers/xstorage.hpp>
#include <xtensor/containers/xtensor.hpp>
#include <xtensor/core/xexpression_traits.hpp>
#include <xtensor/core/xmath.hpp>
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xexpression_traits.hpp>
#include <xtensor/xstorage.hpp>

// g++ takes svector<size_t, 4> for a fixed-rank shape when __cplusplus > 201703L, so every temporary of a
// dynamic-rank expression becomes an xtensor<T, 4> and corrupts memory. xtensor 0.26 has the guard right;
// this is its effect here.
#include <xtensor/xtensor_config.hpp>
#if XTENSOR_VERSION_MAJOR == 0 && XTENSOR_VERSION_MINOR < 26
namespace xt::detail {
template <>
struct xtype_for_shape<xt::svector<std::size_t, 4>> { // Include <xtape/...> before using an xtensor array.
    template <class T, layout_type L>
    using type = xarray<T, L>;
};
} // namespace xt::detail
#endif

#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>
#endif

namespace xtape {

/// Extents of an array as numbers, outermost first.
using Extents = xt::svector<std::size_t, 4, std::allocator<std::size_t>, true>;

/// A dense row-major array that owns its elements: xt::xarray<T> itself in a build without XTENSOR_USE_XSIMD,
/// and the same type, convertible from and to any xtensor expression, in a build with it.
template <class T>
using Array = xt::xarray_container<xt::uvector<T, std::allocator<T>>, xt::layout_type::row_major, Extents>;

} // namespace xtape
