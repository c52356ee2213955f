#pragma once

/// NumPy's file of one array, strictly read (numpy.lib.format, versions 1.0 to 3.0).
///
/// Nothing that a file says is believed: the header's shape and type must account for every byte that
/// follows. Whatever is wrong is a DataError that begins with the file and the array: `mine.npz: "W1"`.

#include <xtape/autodiff/any_array.hpp>

#include <string>
#include <string_view>

namespace xtape::nn {

/// Where an array comes from, for messages.
struct Member {
    std::string file; ///< mine.npz
    std::string name; ///< W1

    [[nodiscard]] std::string to_string() const { return file + ": \"" + name + "\""; }
};

/// The array in the bytes of a .npy file. float32 and
/// float64 keep their type, integers of any size become int64, bool a mask; either byte order, C or Fortran
/// order. Throws DataError for another type (with what to save instead), a pickled object, a header that is
/// not one, and a shape for which there are too few or too many bytes.
[[nodiscard]] AnyArray parse_npy(std::string_view bytes, const Member& where);

/// How many bytes a .npy file must have, header and all, by its header; `bytes` may end anywhere after the
/// header. Throws DataError as parse_npy does.
[[nodiscard]] std::size_t npy_size(std::string_view bytes, const Member& where);

/// The longest header that is read; NumPy's own limit is 10,000.
inline constexpr std::size_t longest_npy_header = 65536;

/// The bytes of a .npy file, version 1.0, little-endian, C order; long double is written as float64.
[[nodiscard]] std::string format_npy(const AnyArray& array);

} // namespace xtape::nn
