#include <xtape/autodiff/error.hpp>
#include <xtape/nn/excerpt.hpp>
#include <xtape/nn/npy.hpp>
#include <xtape/nn/npz.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <set>
#include <system_error>
#include <zip.h>

namespace xtape::nn {
namespace {

constexpr std::string_view suffix = ".npy";

struct Discard {
    void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct Close {
    void operator()(zip_file_t* member) const { zip_fclose(member); }
};
using Archive = std::unique_ptr<zip_t, Discard>;
using Stream = std::unique_ptr<zip_file_t, Close>;

/// What libzip calls the error that it returned a code for.
std::string reason(int code) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string text = zip_error_strerror(&error);
    zip_error_fini(&error);
    return text;
}

/// The first bytes of the file, after checks that say more than a zip library can.
std::string first_bytes(const std::filesystem::path& path, const std::string& file) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (std::filesystem::is_directory(status))
        throw DataError(fmt::format("{}: is a directory, not a file.", file));
    if (!std::filesystem::exists(status)) throw DataError(fmt::format("{}: there is no such file.", file));
    if (!std::filesystem::is_regular_file(status))
        throw DataError(fmt::format("{}: is not a regular file.", file));
    std::ifstream stream(path, std::ios::binary);
    if (!stream)
        throw DataError(
            fmt::format("{}: cannot be opened: {}.", file, std::generic_category().message(errno)));
    std::string bytes(8, '\0');
    stream.read(bytes.data(), 8);
    bytes.resize(static_cast<std::size_t>(stream.gcount()));
    return bytes;
}

Archive open(const std::filesystem::path& path, const std::string& file) {
    const std::string begin = first_bytes(path, file);
    if (begin.empty()) throw DataError(fmt::format("{}: is empty.", file));
    int code = 0;
    if (zip_t* archive = zip_open(path.c_str(), ZIP_RDONLY, &code)) return Archive(archive);
    if (begin.starts_with("\x93NUMPY"))
        throw DataError(
            fmt::format("{}: is one array (.npy), not an archive. Save with np.savez(\"mine.npz\", "
                        "X=X, Y=Y, W1=W1, …).",
                        file));
    if (begin.starts_with("PK"))
        throw DataError(
            fmt::format("{}: is truncated or damaged: {}. Save or copy it anew.", file, reason(code)));
    throw DataError(
        fmt::format("{}: is not a zip archive. Save with np.savez(\"mine.npz\", X=X, Y=Y, W1=W1, …).", file));
}

/// The array's name: that of its member without .npy.
std::string array_name(const char* member, const std::string& file) {
    const std::string_view name = member ? member : "";
    if (!name.ends_with(suffix) || name.size() == suffix.size() || name.find('/') != std::string_view::npos)
        throw DataError(fmt::format("{}: holds \"{}\", which is not an array (.npy). Save with np.savez.",
                                    file, excerpt(name)));
    if (std::ranges::any_of(name, is_control) || name.size() > 255)
        throw DataError(
            fmt::format("{}: holds an array with an impossible name, \"{}\".", file, excerpt(name)));
    return std::string(name.substr(0, name.size() - suffix.size()));
}

/// Reads until `bytes` has `size` or the member ends.
void read_to(std::string& bytes, std::size_t size, zip_file_t* stream, const Member& where) {
    std::array<char, 1 << 16> piece;
    while (bytes.size() < size) {
        const zip_int64_t count =
            zip_fread(stream, piece.data(), std::min(piece.size(), size - bytes.size()));
        if (count < 0)
            throw DataError(fmt::format("{} cannot be read: {}. Save or copy the file anew.",
                                        where.to_string(), zip_error_strerror(zip_file_get_error(stream))));
        if (count == 0) return;
        bytes.append(piece.data(), static_cast<std::size_t>(count));
    }
}

/// The bytes of one member. The header says how many there must be, and the archive must say the same, before
/// more than the header is read; memory grows with what is there, not with what is said to be.
std::string member_bytes(zip_t* archive, const zip_stat_t& status, std::size_t most, const Member& where) {
    constexpr zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if ((status.valid & needed) != needed)
        throw DataError(where.to_string() + " has no size in the archive's directory.");
    if (status.encryption_method != ZIP_EM_NONE)
        throw DataError(where.to_string() +
                        " is encrypted. Save it without a password: np.savez knows none.");
    if (status.comp_method != ZIP_CM_STORE && status.comp_method != ZIP_CM_DEFLATE)
        throw DataError(fmt::format("{} is compressed by a method ({}) that NumPy does not use.",
                                    where.to_string(), status.comp_method));
    const Stream stream(zip_fopen_index(archive, status.index, 0));
    if (!stream)
        throw DataError(fmt::format("{} cannot be read: {}.", where.to_string(), zip_strerror(archive)));
    std::string bytes;
    read_to(bytes, std::min<std::size_t>(status.size, longest_npy_header + 12), stream.get(), where);
    const std::size_t size = npy_size(bytes, where);
    if (size != status.size)
        throw DataError(
            fmt::format("{} should have {} bytes by the shape in its header, and has {} in the archive.",
                        where.to_string(), size, status.size));
    if (size > most)
        throw DataError(fmt::format("{} has {} bytes; the arrays of a file may have {} together.",
                                    where.to_string(), size, npz_most_bytes));
    read_to(bytes, size + 1, stream.get(), where); // one more, for what is beyond and for the checksum
    if (bytes.size() != size)
        throw DataError(fmt::format("{} has {} bytes where the archive says {}.", where.to_string(),
                                    bytes.size() < size ? std::to_string(bytes.size()) : "more", size));
    return bytes;
}

} // namespace

NamedArrays load_npz(const std::filesystem::path& path, const std::vector<std::string>& without) {
    const std::string file = path.string();
    const Archive archive = open(path, file);
    const zip_int64_t members = zip_get_num_entries(archive.get(), 0);
    if (members <= 0) throw DataError(fmt::format("{}: holds no array.", file));
    if (static_cast<std::size_t>(members) > npz_most_arrays)
        throw DataError(
            fmt::format("{}: holds {} arrays; a file may have {}.", file, members, npz_most_arrays));
    NamedArrays arrays;
    std::set<std::string> names;
    std::size_t left = npz_most_bytes;
    for (zip_int64_t k = 0; k < members; ++k) {
        zip_stat_t status;
        if (zip_stat_index(archive.get(), static_cast<zip_uint64_t>(k), 0, &status) != 0)
            throw DataError(fmt::format("{}: is damaged: {}.", file, zip_strerror(archive.get())));
        const std::string name =
            array_name((status.valid & ZIP_STAT_NAME) != 0 ? status.name : nullptr, file);
        const Member where{file, name};
        if (!names.insert(name).second) throw DataError(where.to_string() + " is there twice.");
        if (std::ranges::find(without, name) != without.end()) continue;
        const std::string bytes = member_bytes(archive.get(), status, left, where);
        left -= bytes.size();
        arrays.emplace_back(name, parse_npy(bytes, where));
    }
    for (const std::string& name : without)
        if (!names.contains(name)) throw_unknown(file + ": no array", name, {names.begin(), names.end()});
    return arrays;
}

void save_npz(const std::filesystem::path& path, const NamedArrays& arrays) {
    const std::string file = path.string();
    std::set<std::string> names;
    std::vector<std::string> members; // libzip reads them when it closes the archive
    for (const auto& [name, array] : arrays) {
        if (name.empty() || name.find('/') != std::string::npos || std::ranges::any_of(name, is_control))
            throw NameError(
                fmt::format("save_npz: \"{}\" cannot be the name of an array in a file.", excerpt(name)));
        if (!names.insert(name).second) throw NameError(fmt::format("save_npz: {} is given twice.", name));
        members.push_back(format_npy(array));
    }
    const auto refuse = [&](const std::string& why) {
        throw DataError(fmt::format("{}: cannot be written: {}.", file, why));
    };
    if (arrays.empty()) refuse("there are no arrays");
    int code = 0;
    Archive archive(zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code));
    if (!archive) refuse(reason(code));
    for (std::size_t k = 0; k < arrays.size(); ++k) {
        zip_source_t* source = zip_source_buffer(archive.get(), members[k].data(), members[k].size(), 0);
        if (!source) refuse(zip_strerror(archive.get()));
        const zip_int64_t index = zip_file_add(archive.get(), (arrays[k].first + std::string(suffix)).c_str(),
                                               source, ZIP_FL_ENC_UTF_8);
        if (index < 0) {
            zip_source_free(source);
            refuse(zip_strerror(archive.get()));
        }
        const auto member = static_cast<zip_uint64_t>(index);
        constexpr zip_uint16_t new_year_1980 = 0x21; // as np.savez does: the same arrays make the same file
        if (zip_set_file_compression(archive.get(), member, ZIP_CM_STORE, 0) != 0 ||
            zip_file_set_dostime(archive.get(), member, 0, new_year_1980, 0) != 0)
            refuse(zip_strerror(archive.get()));
    }
    if (zip_close(archive.get()) != 0) refuse(zip_strerror(archive.get()));
    archive.release(); // closed
}

} // namespace xtape::nn
