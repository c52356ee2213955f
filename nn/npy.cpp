#include <xtape/autodiff/error.hpp>
#include <xtape/autodiff/shape.hpp>
#include <xtape/nn/npy.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>

namespace xtape::nn {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t highest_rank = 32; // NumPy's own

static_assert(std::endian::native == std::endian::little, "arrays are written as they are in memory");

template <class... Arguments>
[[noreturn]] void fail(const Member& where, fmt::format_string<Arguments...> what, Arguments&&... arguments) {
    throw DataError(where.to_string() + " " + fmt::format(what, std::forward<Arguments>(arguments)...));
}

/// What a header says of the elements and their order.
struct Header {
    std::string descr;
    bool fortran = false;
    std::vector<std::size_t> shape;
    std::size_t begin = 0; ///< of the elements
};

/// Reads the dictionary of a header: three keys in any order, each once, and nothing else.
class Dictionary {
public:
    Dictionary(std::string_view text, const Member& where) : text_(text), where_(where) {}

    void read(Header& header) {
        take('{');
        std::array<bool, 3> seen{};
        while (!skip('}')) {
            const std::string key = string();
            const auto known = std::ranges::find(keys, key);
            if (known == keys.end() ||
                std::exchange(seen[static_cast<std::size_t>(known - keys.begin())], true))
                malformed();
            take(':');
            if (key == "descr")
                header.descr = next() == '[' ? structured() : string();
            else if (key == "fortran_order")
                header.fortran = boolean();
            else
                header.shape = shape();
            if (!skip(',')) {
                take('}');
                break;
            }
        }
        if (!std::ranges::all_of(seen, std::identity{}) || next() != '\0') malformed();
    }

private:
    static constexpr std::array<std::string_view, 3> keys{"descr", "fortran_order", "shape"};

    [[noreturn]] void malformed() const {
        fail(where_, "has a header that is not NumPy's. Save it anew with np.savez.");
    }

    /// The next character that is no space; 0 at the end.
    char next() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n'))
            ++at_;
        return at_ < text_.size() ? text_[at_] : '\0';
    }
    bool skip(char c) {
        if (next() != c) return false;
        ++at_;
        return true;
    }
    void take(char c) {
        if (!skip(c)) malformed();
    }
    bool skip_word(std::string_view word) {
        next();
        if (!text_.substr(at_).starts_with(word)) return false;
        at_ += word.size();
        return true;
    }
    bool boolean() {
        if (skip_word("True")) return true;
        if (!skip_word("False")) malformed();
        return false;
    }
    std::string string() {
        const char quote = next();
        if (quote != '\'' && quote != '"') malformed();
        const std::size_t end = text_.find(quote, at_ + 1);
        if (end == std::string_view::npos) malformed();
        std::string result(text_.substr(at_ + 1, end - at_ - 1));
        at_ = end + 1;
        return result;
    }
    std::string structured() {
        fail(where_, "is a structured array, of several fields. Save each field as an array of its own.");
    }
    std::vector<std::size_t> shape() {
        take('(');
        std::vector<std::size_t> extents;
        while (!skip(')')) {
            extents.push_back(extent());
            if (extents.size() > highest_rank) fail(where_, "has more than {} dimensions.", highest_rank);
            if (!skip(',')) {
                take(')');
                if (extents.size() == 1) malformed(); // (3) is a number; NumPy writes (3,)
                break;
            }
        }
        return extents;
    }
    std::size_t extent() {
        if (next() == '-') fail(where_, "has a header with a negative extent.");
        std::size_t value = 0;
        const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
        if (error == std::errc::result_out_of_range)
            fail(where_, "has a header with an extent that no memory holds.");
        if (error != std::errc{}) malformed();
        at_ = static_cast<std::size_t>(end - text_.data());
        return value;
    }

    std::string_view text_;
    const Member& where_;
    std::size_t at_ = 0;
};

std::size_t little_endian(std::string_view bytes) {
    std::size_t value = 0;
    for (std::size_t k = bytes.size(); k-- > 0;)
        value = value << 8 | static_cast<unsigned char>(bytes[k]);
    return value;
}

Header read_header(std::string_view bytes, const Member& where) {
    if (!bytes.starts_with(magic)) fail(where, "is not an array that NumPy saved (.npy).");
    const std::size_t fixed = bytes.size() > 6 && bytes[6] == 1 ? 10 : 12;
    if (bytes.size() < fixed) fail(where, "ends within its header: the file is truncated.");
    const int major = static_cast<unsigned char>(bytes[6]), minor = static_cast<unsigned char>(bytes[7]);
    if (major < 1 || major > 3 || minor != 0)
        fail(where, "is in version {}.{} of NumPy's format; 1.0, 2.0 and 3.0 can be read.", major, minor);
    const std::size_t length = little_endian(bytes.substr(8, fixed - 8));
    if (length > longest_npy_header) fail(where, "has a header of {} bytes, which no array needs.", length);
    if (length > bytes.size() - fixed) fail(where, "ends within its header: the file is truncated.");
    Header header;
    header.begin = fixed + length;
    Dictionary(bytes.substr(fixed, length), where).read(header);
    return header;
}

/// The type of an element: NumPy's letter, its size, and whether its bytes are in the other order.
struct Type {
    char letter;
    std::size_t size;
    bool swapped;
};

/// What to do about an array of objects: a dictionary that was saved whole is one in no dimension.
[[noreturn]] void refuse_pickle(const Header& header, std::string_view pickle, const Member& where) {
    if (header.shape.empty() &&
        pickle.find('}') != std::string_view::npos) // the opcode of an empty dictionary
        fail(where, "is a pickled dict: save with np.savez(\"{}\", **{}).", where.file, where.name);
    fail(where,
         "holds pickled Python objects, which are not read since they may run code. Save each array under a "
         "name of its own.");
}

Type type_of(const Header& header, std::string_view elements, const Member& where) {
    const std::string& descr = header.descr;
    const std::string_view body = std::string_view(descr).substr(std::min<std::size_t>(descr.size(), 1));
    const char order = descr.empty() ? '\0' : descr[0];
    if (body.starts_with('O')) refuse_pickle(header, elements, where);
    for (const char* known : {"f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"}) {
        if (body != known) continue;
        const Type type{known[0], static_cast<std::size_t>(known[1] - '0'), order == '>'};
        if (order == '<' || order == '>' || (order == '|' && type.size == 1)) return type;
    }
    const char letter = body.empty() ? '\0' : body[0];
    const std::string what = letter == 'f'                    ? "other floating-point numbers"
                             : letter == 'c'                  ? "complex numbers"
                             : letter == 'U' || letter == 'S' ? "text"
                             : letter == 'M' || letter == 'm' ? "dates or times"
                                                              : "an unknown type";
    std::string shown = descr.substr(0, 20);
    std::ranges::replace_if(
        shown, [](unsigned char c) { return c < ' ' || c > '~'; }, '?');
    fail(where, "holds {} (dtype '{}'). Save float64, float32, integers or bool: array.astype(np.float64).",
         what, shown);
}

/// The number of elements, such that neither it nor the bytes that they take overflow.
std::size_t count(const Header& header, std::size_t element_size, const Member& where) {
    std::size_t product = 1;
    bool empty = false;
    for (const std::size_t extent : header.shape) {
        empty = empty || extent == 0;
        if (extent > 0 && product > std::numeric_limits<std::ptrdiff_t>::max() / element_size / extent)
            fail(where, "has a header with the shape ({}), which no memory holds.",
                 fmt::join(header.shape, ", "));
        product *= std::max<std::size_t>(extent, 1);
    }
    return empty ? 0 : product;
}

template <class S>
S element_at(const char* from, bool swapped) {
    std::array<char, sizeof(S)> bytes;
    std::memcpy(bytes.data(), from, sizeof(S));
    if (swapped) std::ranges::reverse(bytes);
    return std::bit_cast<S>(bytes);
}

/// Elements of S in the file as elements of T, row by row.
template <class S, ArrayElement T>
AnyArray convert(const Header& header, std::string_view elements, bool swapped, const Member& where) {
    const std::size_t rank = header.shape.size(), n = elements.size() / sizeof(S);
    auto [array, to] = AnyArray::zeros<T>(Extents(header.shape.begin(), header.shape.end()));
    std::vector<std::size_t> position(rank, 0), strides(rank, 1);
    for (std::size_t k = 1; k < rank; ++k) {
        if (header.fortran)
            strides[k] = strides[k - 1] * header.shape[k - 1];
        else
            strides[rank - 1 - k] = strides[rank - k] * header.shape[rank - k];
    }
    std::size_t from = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const S value = element_at<S>(elements.data() + from * sizeof(S), swapped);
        if constexpr (std::same_as<S, std::uint64_t>)
            if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
                fail(where, "holds {}, which is beyond the range of int64.", value);
        if constexpr (std::same_as<T, bool>) {
            if (value > 1) fail(where, "is bool and holds a byte {}, neither 0 nor 1.", value);
            to[i] = value != 0;
        } else {
            to[i] = static_cast<T>(value);
        }
        for (std::size_t axis = rank; axis-- > 0;) {
            from += strides[axis];
            if (++position[axis] < header.shape[axis]) break;
            from -= strides[axis] * header.shape[axis];
            position[axis] = 0;
        }
    }
    return array;
}

} // namespace

std::size_t npy_size(std::string_view bytes, const Member& where) {
    const Header header = read_header(bytes, where);
    const Type type = type_of(header, bytes.substr(header.begin), where);
    return header.begin + count(header, type.size, where) * type.size;
}

AnyArray parse_npy(std::string_view bytes, const Member& where) {
    const Header header = read_header(bytes, where);
    const std::string_view elements = bytes.substr(header.begin);
    const Type type = type_of(header, elements, where);
    const std::size_t n = count(header, type.size, where);
    if (elements.size() != n * type.size)
        fail(where, "has {} bytes of elements where its shape ({}) needs {} of {}: {}.", elements.size(),
             fmt::join(header.shape, ", "), n, type.size,
             elements.size() < n * type.size ? "it is truncated" : "there are too many");
    const auto as = [&]<class S, class T>(S, T) {
        return convert<S, T>(header, elements, type.swapped, where);
    };
    switch (type.letter) {
    case 'f':
        return type.size == 4 ? as(float{}, float{}) : as(double{}, double{});
    case 'b':
        return as(std::uint8_t{}, bool{});
    case 'i':
        return type.size == 1   ? as(std::int8_t{}, std::int64_t{})
               : type.size == 2 ? as(std::int16_t{}, std::int64_t{})
               : type.size == 4 ? as(std::int32_t{}, std::int64_t{})
                                : as(std::int64_t{}, std::int64_t{});
    default:
        return type.size == 1   ? as(std::uint8_t{}, std::int64_t{})
               : type.size == 2 ? as(std::uint16_t{}, std::int64_t{})
               : type.size == 4 ? as(std::uint32_t{}, std::int64_t{})
                                : as(std::uint64_t{}, std::int64_t{});
    }
}

std::string format_npy(const AnyArray& array) {
    const AnyArray written = array.element() == Element::f80 ? array.as<double>() : array;
    const auto with_elements = [&](const char* descr, const void* data, std::size_t element_size) {
        std::string shape;
        for (const std::size_t extent : written.extents())
            shape += fmt::format("{},", extent);
        if (written.rank() > 1) shape.pop_back();
        std::string header =
            fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, shape);
        header.resize((magic.size() + 4 + header.size() + 1 + 63) / 64 * 64 - magic.size() - 4 - 1, ' ');
        header += '\n';
        std::string bytes(magic);
        bytes +=
            {'\x01', '\x00', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
        bytes += header;
        if (written.size() > 0) bytes.append(static_cast<const char*>(data), written.size() * element_size);
        return bytes;
    };
    switch (written.element()) {
    case Element::f32:
        return with_elements("<f4", written.data<float>(), 4);
    case Element::i64:
        return with_elements("<i8", written.data<std::int64_t>(), 8);
    case Element::b8:
        return with_elements("|b1", written.data<bool>(), 1);
    default:
        return with_elements("<f8", written.data<double>(), 8);
    }
}

} // namespace xtape::nn
