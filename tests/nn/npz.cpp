#include <xtape/autodiff/error.hpp>
#include <xtape/nn/npy.hpp>
#include <xtape/nn/npz.hpp>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>
#include <sys/resource.h>
#include <zip.h>

using namespace xtape;
using nn::load_npz;
using nn::parse_npy;
using nn::save_npz;
using namespace std::string_literals;

namespace {

const std::filesystem::path data = XTAPE_TEST_NPZ;

/// A file of this process that is gone at the end.
struct Scratch {
    std::filesystem::path path = std::filesystem::temp_directory_path() /
                                 fmt::format("xtape_npz_{}_{}.npz", getpid(), static_cast<void*>(this));
    Scratch() = default;
    explicit Scratch(const std::string& bytes) { write(bytes); }
    ~Scratch() { std::filesystem::remove(path); }
    void write(const std::string& bytes) const {
        std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
};

std::string read(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

const AnyArray& find(const NamedArrays& arrays, const std::string& name) {
    const auto it = std::ranges::find(arrays, name, &NamedArrays::value_type::first);
    BOOST_REQUIRE_MESSAGE(it != arrays.end(), name);
    return it->second;
}

/// A .npy file with this header and these elements.
std::string npy(std::string header, const std::string& elements, char major = 1) {
    header += '\n';
    std::string bytes = "\x93NUMPY"s + major + '\0';
    for (std::size_t k = 0; k < (major == 1 ? 2u : 4u); ++k)
        bytes += static_cast<char>(header.size() >> 8 * k & 0xff);
    return bytes + header + elements;
}

std::string described(const std::string& descr, const std::string& shape) {
    return fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", descr, shape);
}

/// An archive with one member of these bytes, deflated.
std::string archive(const std::string& member, const std::string& bytes, const char* password = nullptr) {
    const Scratch file;
    int code = 0;
    zip_t* zip = zip_open(file.path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
    const zip_int64_t index =
        zip_file_add(zip, member.c_str(), zip_source_buffer(zip, bytes.data(), bytes.size(), 0), 0);
    BOOST_REQUIRE(index == 0);
    if (password) BOOST_REQUIRE(zip_file_set_encryption(zip, 0, ZIP_EM_AES_256, password) == 0);
    BOOST_REQUIRE(zip_close(zip) == 0);
    return read(file.path);
}

/// The bytes with every `from` replaced.
std::string replaced(std::string bytes, const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = bytes.find(from, at)) != std::string::npos; at += to.size())
        bytes.replace(at, from.size(), to);
    return bytes;
}

/// A 32-bit number as an archive's directory has it.
std::string little_endian(std::uint32_t value) {
    std::string bytes;
    for (int k = 0; k < 4; ++k)
        bytes += static_cast<char>(value >> 8 * k & 0xff);
    return bytes;
}

/// What is said about a file of these bytes, without its name.
std::string complaint(const std::string& bytes) {
    const Scratch file(bytes);
    try {
        (void)load_npz(file.path);
    } catch (const DataError& error) {
        const std::string message = error.what(), name = file.path.string() + ": ";
        BOOST_TEST(message.starts_with(name), message);
        BOOST_TEST(message.find('\n') == std::string::npos, message);
        return message.substr(std::min(name.size(), message.size()));
    }
    return "nothing";
}

std::string npy_complaint(const std::string& bytes) {
    try {
        (void)parse_npy(bytes, {"mine.npz", "W1"});
    } catch (const DataError& error) {
        const std::string message = error.what(), where = "mine.npz: \"W1\" ";
        BOOST_TEST(message.starts_with(where), message);
        return message.substr(std::min(where.size(), message.size()));
    }
    return "nothing";
}

} // namespace

BOOST_AUTO_TEST_CASE(every_type_that_numpy_writes) {
    const NamedArrays arrays = load_npz(data / "types.npz");
    BOOST_TEST((find(arrays, "f4").element() == Element::f32));
    BOOST_TEST((find(arrays, "f4").extents() == Extents{}));
    BOOST_TEST(*find(arrays, "f4").data<float>() == 1.5f);
    BOOST_TEST(find(arrays, "f8").data<double>()[0] == 0.1);
    BOOST_TEST(find(arrays, "f8").data<double>()[1] == -2e300);
    BOOST_TEST((find(arrays, "big").extents() == Extents{1, 3}));
    BOOST_TEST(find(arrays, "big").data<double>()[2] == 3);
    const std::pair<const char*, std::int64_t> integers[] = {
        {"i1", -128}, {"i2", -32768}, {"i4", 7},          {"i8", std::numeric_limits<std::int64_t>::min()},
        {"u1", 255},  {"u2", 65535},  {"u4", 4294967295}, {"u8", std::numeric_limits<std::int64_t>::max()}};
    for (const auto& [name, value] : integers)
        BOOST_TEST(find(arrays, name).data<std::int64_t>()[0] == value, name);
    BOOST_TEST(find(arrays, "i1").data<std::int64_t>()[1] == 127);
    BOOST_TEST(find(arrays, "b1").data<bool>()[0]);
    BOOST_TEST(!find(arrays, "b1").data<bool>()[1]);
    BOOST_TEST((find(arrays, "none").extents() == Extents{0, 3}));
    const AnyArray& fortran = find(arrays, "fortran");
    BOOST_TEST((fortran.extents() == Extents{2, 3, 4}));
    for (int k = 0; k < 24; ++k)
        BOOST_TEST(fortran.data<double>()[k] == k);
}

BOOST_AUTO_TEST_CASE(names_keep_their_order_and_compressed_files_their_values) {
    const NamedArrays plain = load_npz(data / "columns.npz"), compressed = load_npz(data / "compressed.npz");
    BOOST_TEST(plain.size() == 18u);
    BOOST_TEST(plain[0].first == "X");
    BOOST_TEST(plain[17].first == "db1");
    const AnyArray &W1 = find(plain, "W1"), &single = find(compressed, "W1");
    BOOST_TEST((single.element() == Element::f32));
    BOOST_TEST((single.extents() == Extents{4, 3}));
    for (std::size_t k = 0; k < 12; ++k)
        BOOST_TEST(single.data<float>()[k] == static_cast<float>(W1.data<double>()[k]));
}

BOOST_AUTO_TEST_CASE(what_is_saved_is_loaded) {
    const xt::xarray<double> f8{{0.1, -0.0, 1e-310}, {1, 2, 3}}, none = xt::zeros<double>({0, 2}), one = 7.0;
    const xt::xarray<float> f4{0.25f, -3};
    const xt::xarray<long double> f80{1.0L / 3, 2};
    const xt::xarray<std::int64_t> i8{1, -9007199254740993};
    const xt::xarray<bool> b1{true, false, true};
    const NamedArrays arrays{{"f8", f8},   {"none", none}, {"one", one}, {"f4", f4},
                             {"f80", f80}, {"i8", i8},     {"b1", b1},   {"größe", f4}};
    const Scratch file;
    save_npz(file.path, arrays);
    const NamedArrays loaded = load_npz(file.path);
    BOOST_REQUIRE(loaded.size() == arrays.size());
    for (std::size_t k = 0; k < arrays.size(); ++k) {
        BOOST_TEST(loaded[k].first == arrays[k].first);
        BOOST_TEST((loaded[k].second.extents() == arrays[k].second.extents()), arrays[k].first);
    }
    BOOST_TEST((find(loaded, "f8").to<double>() == f8));
    BOOST_TEST(std::signbit(find(loaded, "f8").data<double>()[1]));
    BOOST_TEST((find(loaded, "f4").to<float>() == f4));
    BOOST_TEST(*find(loaded, "one").data<double>() == 7);
    BOOST_TEST(*find(loaded, "f80").data<double>() == 1.0 / 3);
    BOOST_TEST((find(loaded, "i8").to<std::int64_t>() == i8));
    BOOST_TEST((find(loaded, "b1").to<bool>() == b1));
    const std::string first = read(file.path);
    save_npz(file.path, arrays);
    BOOST_TEST((read(file.path) == first)); // the same arrays make the same file
}

BOOST_AUTO_TEST_CASE(what_cannot_be_saved_is_said) {
    const xt::xarray<double> a{1};
    const Scratch file;
    for (const char* name : {"", "a/b", "a\nb"})
        BOOST_CHECK_THROW(save_npz(file.path, {{name, a}}), NameError);
    BOOST_CHECK_THROW(save_npz(file.path, {{"a", a}, {"a", a}}), NameError);
    BOOST_CHECK_THROW(save_npz(file.path, {}), DataError);
    BOOST_CHECK_THROW(save_npz("no/such/directory/mine.npz", {{"a", a}}), DataError);
}

BOOST_AUTO_TEST_CASE(files_that_are_no_archive) {
    BOOST_TEST(complaint("") == "is empty.");
    BOOST_TEST(complaint("W1 = 1, 2").starts_with("is not a zip archive."));
    BOOST_TEST(complaint(npy(described("<f8", "()"), "12345678"))
                   .starts_with("is one array (.npy), not an archive. Save with np.savez("));
    BOOST_TEST(complaint("PK\5\6"s + std::string(18, '\0')) == "holds no array.");
    BOOST_TEST(complaint(archive("word/document.xml", "<xml>"))
                   .starts_with("holds \"word/document.xml\", which is not an array (.npy)."));
    BOOST_TEST(complaint(archive(".npy", "x")).find("not an array") != std::string::npos);
    BOOST_TEST(complaint(archive("a\x1b[31m.npy", "x")).find('\x1b') == std::string::npos);
    const std::pair<const char*, const char*> paths[] = {{"no/such/file.npz", "there is no such file."},
                                                         {".", "is a directory, not a file."},
                                                         {"/dev/null", "is not a regular file."}};
    for (const auto& [path, what] : paths) {
        const std::string expected = fmt::format("{}: {}", path, what);
        BOOST_CHECK_EXCEPTION((void)load_npz(path), DataError,
                              [&](const auto& error) { return error.what() == expected; });
    }
}

BOOST_AUTO_TEST_CASE(every_truncation_is_found) {
    const std::string whole = read(data / "compressed.npz");
    for (std::size_t size = 1; size < whole.size(); ++size)
        BOOST_TEST(complaint(whole.substr(0, size)) != "nothing", size);
    BOOST_TEST(complaint(whole.substr(0, 1000)).starts_with("is truncated or damaged"));
}

BOOST_AUTO_TEST_CASE(pickled_objects_are_never_unpickled) {
    BOOST_TEST(load_npz(data / "pickled.npz", {"grads"}).size() == 1u);
    BOOST_CHECK_THROW((void)load_npz(data / "columns.npz", {"dW3"}), NameError);
    BOOST_CHECK_EXCEPTION((void)load_npz(data / "pickled.npz"), DataError, [](const DataError& error) {
        const std::string file = (data / "pickled.npz").string();
        return error.what() == fmt::format("{0}: \"grads\" is a pickled dict: save with np.savez(\"{0}\", "
                                           "**grads).",
                                           file);
    });
    BOOST_TEST(
        npy_complaint(npy(described("|O", "(2,)"), "\x80\4}.")).starts_with("holds pickled Python objects"));
    BOOST_TEST(
        npy_complaint(npy(described("|O", "()"), "\x80\4K\1.")).starts_with("holds pickled Python objects"));
}

BOOST_AUTO_TEST_CASE(sizes_that_do_not_agree) {
    const std::string header = described("<f8", "(2, 3)");
    BOOST_TEST(complaint(archive("W1.npy", npy(header, std::string(48, 'x')))) == "nothing");
    const std::size_t right = npy(header, std::string(48, 'x')).size();
    BOOST_TEST(
        complaint(archive("W1.npy", npy(header, std::string(47, 'x')))) ==
        fmt::format("\"W1\" should have {} bytes by the shape in its header, and has {} in the archive.",
                    right, right - 1));
    // A bomb: ten million bytes behind a header of six numbers are not unpacked.
    BOOST_TEST(complaint(archive("W1.npy", npy(header, std::string(10'000'000, 'x'))))
                   .starts_with(fmt::format("\"W1\" should have {} bytes", right)));
    // Half a gigabyte by the header and by the archive's directory, and nothing there: nothing is allocated.
    const std::string large = npy(described("<f8", "(67108864,)"), std::string(100'000, 'x'));
    const auto declared = static_cast<std::uint32_t>(large.size());
    const std::string forged = replaced(archive("W1.npy", large), little_endian(declared),
                                        little_endian(declared - 100'000 + (1u << 29)));
    rusage before{}, after{};
    getrusage(RUSAGE_SELF, &before);
    BOOST_TEST(complaint(forged) != "nothing");
    getrusage(RUSAGE_SELF, &after);
    BOOST_TEST(after.ru_maxrss - before.ru_maxrss < 100'000); // kilobytes
    // Two gigabytes are beyond the limit, wherever they are.
    const std::string beyond = npy(described("<f8", "(268435456,)"), std::string(64, 'x'));
    const auto size = static_cast<std::uint32_t>(beyond.size());
    BOOST_TEST(complaint(replaced(archive("W1.npy", beyond), little_endian(size),
                                  little_endian(size - 64 + (1u << 31))))
                   .find("may have 1073741824 together") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(members_that_cannot_be_used) {
    const std::string good = npy(described("<f8", "()"), "12345678");
    BOOST_TEST(complaint(archive("W1.npy", good, "secret")).starts_with("\"W1\" is encrypted"));
    const xt::xarray<double> a{1, 2};
    const Scratch file;
    save_npz(file.path, {{"W1", a}, {"W2", a}});
    BOOST_TEST(complaint(replaced(read(file.path), "W2.npy", "W1.npy")) == "\"W1\" is there twice.");
    std::string damaged = read(file.path);
    damaged[damaged.find("\xf0\x3f")] ^= 1; // of the 1.0 in W1: the checksum tells
    BOOST_TEST(complaint(damaged).starts_with("\"W1\" cannot be read: CRC error"));
}

BOOST_AUTO_TEST_CASE(headers_that_are_malformed) {
    const auto says = [](const std::string& bytes, const std::string& what) {
        BOOST_TEST(npy_complaint(bytes).find(what) != std::string::npos, npy_complaint(bytes)
                                                                             << " | " << what);
    };
    const std::string eight = "12345678";
    BOOST_TEST(npy_complaint(npy(described("<f8", "(1,)"), eight)) == "nothing");
    BOOST_TEST(npy_complaint(npy(described("<f8", "(1, 1)"), eight, 2)) == "nothing");
    BOOST_TEST(npy_complaint(npy(described("<f8", "()"), eight, 3)) == "nothing");
    BOOST_TEST(npy_complaint(npy(R"({"shape":(1,),"fortran_order":True,"descr":">f8"})", eight)) ==
               "nothing");
    says("", "is not an array");
    says("\x93NUMPY", "truncated");
    says("\x93NUMPY\1"s + '\0' + "\xff\xff", "truncated");
    says("\x93NUMPY\2"s + '\0' + "\xff\xff\xff\xff", "has a header of 4294967295 bytes");
    says(npy(described("<f8", "()"), eight, 4), "version 4.0");
    for (const char* shape :
         {"(3)", "3", "[3]", "(1,,)", "(,)", "(1, 2", "(1 2)", "(1.5,)", "(0x1,)", "(True,)", "", "(+1,)"})
        says(npy(described("<f8", shape), eight), "header that is not NumPy's");
    for (const char* header :
         {"", "{}", "{'descr': '<f8'}", "{'descr': '<f8', 'fortran_order': False, 'shape': (), 'x': 1}",
          "{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': ()}",
          "{'descr': '<f8', 'fortran_order': Maybe, 'shape': ()}",
          "{'descr': '<f8', 'fortran_order': False, 'shape': ()",
          "{'descr': '<f8', 'fortran_order': False, 'shape': ()} + exec", "{'descr': '<f8"})
        says(npy(header, eight), "header that is not NumPy's");
    says(npy(described("<f8", "(-1,)"), eight), "negative extent");
    says(npy(described("<f8", "(99999999999999999999,)"), eight), "no memory holds");
    says(npy(described("<f8", "(4294967296, 4294967296)"), eight), "no memory holds");
    says(npy(described("<f8", "(0, 9223372036854775807)"), ""), "no memory holds");
    says(npy(described("<f8", "(2305843009213693952,)"), ""), "no memory holds"); // 2⁶¹ · 8 = 0 modulo 2⁶⁴
    std::string ones = "(1";
    for (int k = 0; k < 40; ++k)
        ones += ", 1";
    says(npy(described("<f8", ones + ")"), eight), "more than 32 dimensions");
    says(npy(described("<f8", "(2,)"), eight),
         "8 bytes of elements where its shape (2) needs 2 of 8: it is truncated");
    says(npy(described("<f8", "()"), eight + "9"), "there are too many");
    says(npy("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': ()}", eight), "structured array");
}

BOOST_AUTO_TEST_CASE(types_that_are_not_read) {
    const auto says = [](const std::string& descr, const std::string& what) {
        const std::string message = npy_complaint(npy(described(descr, "()"), "12345678"));
        BOOST_TEST(message.find(what) != std::string::npos, descr << ": " << message);
    };
    says("<c8", "complex numbers (dtype '<c8'). Save float64");
    says("<U2", "text");
    says("|S8", "text");
    says("<M8[ns]", "dates");
    says("<f2", "other floating-point numbers");
    says("<f16", "other floating-point numbers");
    for (const char* descr : {"", "f8", "=f8", "|f8", "<f8x", "<V8", "<i3", "|b8", "\x1b[31m"})
        says(descr, "dtype");
    BOOST_TEST(npy_complaint(npy(described("|b1", "()"), "\2")).find("neither 0 nor 1") != std::string::npos);
    BOOST_TEST(npy_complaint(npy(described("<u8", "()"), std::string(8, '\xff'))).find("int64") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(nan_and_infinity_are_read) {
    const xt::xarray<double> a{std::numeric_limits<double>::quiet_NaN(),
                               -std::numeric_limits<double>::infinity()};
    const Scratch file;
    save_npz(file.path, {{"a", a}});
    const NamedArrays loaded = load_npz(file.path);
    BOOST_TEST(std::isnan(loaded[0].second.data<double>()[0]));
    BOOST_TEST(loaded[0].second.data<double>()[1] == a(1));
}

// Whatever the bytes: arrays or a DataError, and nothing that the sanitizers would tell.
BOOST_AUTO_TEST_CASE(mutated_files_give_arrays_or_an_error) {
    std::mt19937 random(1); // the same numbers everywhere
    const auto below = [&](std::size_t n) { return random() % n; };
    const auto mutate = [&](std::string bytes) {
        for (std::size_t k = 1 + below(4); k > 0 && !bytes.empty(); --k) {
            const std::size_t at = below(bytes.size());
            switch (below(5)) {
            case 0:
                bytes[at] = static_cast<char>(below(256));
                break;
            case 1:
                bytes[at] = static_cast<char>(bytes[at] ^ 1 << below(8));
                break;
            case 2:
                bytes.erase(at, 1 + below(8));
                break;
            case 3:
                bytes.insert(at, bytes.substr(below(bytes.size()), 1 + below(8)));
                break;
            default:
                bytes.replace(at, 4, little_endian(static_cast<std::uint32_t>(random())), 0,
                              std::min<std::size_t>(4, bytes.size() - at));
            }
        }
        return bytes;
    };
    std::size_t read_all = 0, refused = 0;
    const auto survives = [&](const auto& load) {
        try {
            load();
            ++read_all;
        } catch (const DataError&) {
            ++refused;
        }
    };
    for (const char* name : {"columns.npz", "compressed.npz", "types.npz"}) {
        const std::string whole = read(data / name);
        for (int k = 0; k < 700; ++k) {
            const Scratch file(mutate(whole));
            survives([&] { (void)load_npz(file.path); });
        }
    }
    BOOST_TEST(refused > 1000u);
    for (const char* descr : {"<f8", ">f4", "|b1", "<u8"}) {
        const std::string whole =
            npy(described(descr, "(2, 3)"), std::string(6 * static_cast<std::size_t>(descr[2] - '0'), '\1'));
        for (int k = 0; k < 10'000; ++k) {
            const std::string bytes = mutate(whole);
            survives([&] { (void)parse_npy(bytes, {"mine.npz", "W1"}); });
        }
    }
    BOOST_TEST(read_all > 1000u); // some mutations only change elements
}
