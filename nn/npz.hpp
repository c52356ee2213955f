#pragma once

/// NumPy's archives of named arrays, as np.savez and np.savez_compressed write them.

#include <xtape/autodiff/check/verify.hpp>

#include <filesystem>

namespace xtape::nn {

/// What an archive may hold, so that no file can fill the memory.
inline constexpr std::size_t npz_most_bytes = std::size_t{1} << 30; ///< all arrays together, uncompressed
inline constexpr std::size_t npz_most_arrays = 4096;

/// The arrays of an .npz file by their names, in the order of the file; they own their elements. float32 and
/// float64 keep their type, integers become int64, bool a mask; Fortran order is turned to C order.
///
/// Throws DataError, one line that begins with the file and names the array: for a file that cannot be read,
/// is no zip archive, is truncated, damaged (checksum), empty or larger than the limits above; for an array
/// that is encrypted, given twice, of another type, or a pickled object, which is never unpickled; and where
/// the shape in its header, the size in the archive and the bytes that are there do not agree. NaN and
/// infinities are read: what uses the arrays says where they matter.
///
/// Arrays named in `without` are not read, whatever they hold; NameError where the file has none of that
/// name.
[[nodiscard]] NamedArrays load_npz(const std::filesystem::path& path,
                                   const std::vector<std::string>& without = {});

/// Writes an .npz file that np.load and load_npz read, replacing the file where there is one. long double is
/// written as float64. Throws DataError where it cannot be written, NameError for a name that is empty,
/// holds a slash or a control character, or is given twice.
void save_npz(const std::filesystem::path& path, const NamedArrays& arrays);

} // namespace xtape::nn
