#include <xtape/autodiff/error.hpp>
#include <xtape/nn/csv.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <string>

using xtape::ArgumentError;
using xtape::DataError;
using xtape::NameError;
using xtape::nn::parse_csv;
using xtape::nn::read_csv;
using xtape::nn::Table;
using namespace std::string_literals;

namespace {

/// What reading the text, and then every cell as a number, complains of.
std::string complaint(const std::string& text, char delimiter = ',') {
    try {
        const Table table = parse_csv(text, "t.csv", delimiter);
        table.numbers(table.names());
    } catch (const DataError& error) {
        return error.what();
    }
    return "nothing";
}

struct Malformed {
    std::string text, where, what;
};

} // namespace

BOOST_AUTO_TEST_CASE(numbers_and_texts) {
    const Table table = parse_csv("a,b,label\n1,-2.5e3,x\n+0.25,.5,y z\n", "t.csv");
    BOOST_TEST(table.names() == (std::vector<std::string>{"a", "b", "label"}),
               boost::test_tools::per_element());
    BOOST_TEST(table.rows() == 2u);
    const auto numbers = table.numbers({"b", "a"});
    BOOST_TEST((numbers.dimension() == 2 && numbers.shape()[0] == 2 && numbers.shape()[1] == 2));
    BOOST_TEST(numbers(0, 0) == -2500);
    BOOST_TEST(numbers(0, 1) == 1);
    BOOST_TEST(numbers(1, 0) == 0.5);
    BOOST_TEST(numbers(1, 1) == 0.25);
    BOOST_TEST(table.texts("label") == (std::vector<std::string>{"x", "y z"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_number_is_read_to_the_last_bit) {
    const Table table =
        parse_csv("a,b,c,d\n0.1,1.7976931348623157e308,4.9406564584124654e-324,-0.0\n", "t.csv");
    BOOST_TEST(table.number(0, 0) == 0.1);
    BOOST_TEST(table.number(0, 1) == 0x1.fffffffffffffp1023);
    BOOST_TEST(table.number(0, 2) == 0x1p-1074);
    BOOST_TEST(std::signbit(table.number(0, 3)));
}

BOOST_AUTO_TEST_CASE(forms_that_programs_write) {
    for (const auto& text :
         {"a,b\n1,2\n"s, "a,b\n1,2"s, "a,b\r\n1,2\r\n"s, "a,b\r\n1,2"s, "\xEF\xBB\xBF"s + "a,b\n1,2\n",
          "\"a\",\"b\"\n\"1\",\"2\"\n"s, "a,b\n1,\"2\""s}) {
        const Table table = parse_csv(text, "t.csv");
        BOOST_TEST(table.names() == (std::vector<std::string>{"a", "b"}), boost::test_tools::per_element());
        BOOST_TEST(table.rows() == 1u);
        BOOST_TEST(table.number(0, 0) == 1);
        BOOST_TEST(table.number(0, 1) == 2);
    }
}

BOOST_AUTO_TEST_CASE(quoted_cells) {
    const Table table = parse_csv("\"a,b\",c\n\"line\nend, \"\"quoted\"\"\",\"\"\nx,y\n", "t.csv");
    BOOST_TEST(table.names()[0] == "a,b");
    BOOST_TEST(table.cell(0, 0).text == "line\nend, \"quoted\"");
    BOOST_TEST(table.cell(0, 1).text == "");
    BOOST_TEST(table.cell(1, 1).text == "y");
    BOOST_TEST(table.cell(1, 0).line == 4u); // the quoted line end counts
    BOOST_TEST(table.cell(1, 1).character == 3u);
}

BOOST_AUTO_TEST_CASE(characters_are_counted_not_bytes) {
    BOOST_TEST(complaint("größe,b\n1,2\n3,ä\n").starts_with("t.csv:3:3:"));
    BOOST_TEST(parse_csv("größe,b\nµ€,2\n", "t.csv").cell(0, 1).character == 4u);
}

BOOST_AUTO_TEST_CASE(another_delimiter_on_request) {
    const Table table = parse_csv("a;b\n1;2\n", "t.csv", ';');
    BOOST_TEST(table.number(0, 1) == 2);
    BOOST_TEST(parse_csv("a\tb\n1\t2\n", "t.csv", '\t').number(0, 1) == 2);
    for (const char impossible : {'"', '\n', '\r'})
        BOOST_CHECK_THROW(parse_csv("a\n1\n", "t.csv", impossible), ArgumentError);
}

BOOST_AUTO_TEST_CASE(one_column_and_one_row_are_enough) {
    BOOST_TEST(parse_csv("a\n7", "t.csv").number(0, 0) == 7);
}

BOOST_AUTO_TEST_CASE(what_is_malformed_is_named_with_its_place) {
    const std::vector<Malformed> cases{
        {"", "t.csv:", "is empty"},
        {"\xEF\xBB\xBF", "t.csv:", "is empty"},
        {"a,b\n", "t.csv:", "has a header but no rows"},
        {"a,b", "t.csv:", "has a header but no rows"},
        {"\n1,2\n", "t.csv:1:1:", "blank line"},
        {"a,b\n1,2,3\n", "t.csv:2:5:", "expected 2 cells, as in the header, found 3"},
        {"a,b\n1,2\n3\n", "t.csv:3:1:", "expected 2 cells, as in the header, found 1"},
        {"a,b\n1,2,\n", "t.csv:2:5:", "found 3"},
        {"a,b\n1,2\n\n3,4\n", "t.csv:3:1:", "blank line"},
        {"a,b\n1,2\n\n", "t.csv:3:1:", "blank line"},
        {"a,b\n1,1x\n", "t.csv:2:3:", "\"1x\" in column \"b\" is not a number"},
        {"a,b\nx1,1\n", "t.csv:2:1:", "\"x1\" in column \"a\" is not a number"},
        {"a,b\n1, 2\n", "t.csv:2:3:", "is not a number"},
        {"a,b\n1,2 \n", "t.csv:2:3:", "is not a number"},
        {"a,b\n+-1,2\n", "t.csv:2:1:", "is not a number"},
        {"a,b\n+,2\n", "t.csv:2:1:", "is not a number"},
        {"a,b\n0x10,2\n", "t.csv:2:1:", "is not a number"},
        {"a,b\n1,\n", "t.csv:2:3:", "is empty where a number is needed"},
        {"a,b\n1,?\n", "t.csv:2:3:", "is not a number"},
        {"a,b\n1,nan\n", "t.csv:2:3:", "is not finite"},
        {"a,b\n1,NaN\n", "t.csv:2:3:", "is not finite"},
        {"a,b\n-inf,2\n", "t.csv:2:1:", "is not finite"},
        {"a,b\n1,1e999\n", "t.csv:2:3:", "beyond the range"},
        {"a;b\n1;2\n", "t.csv:1:1:", "the delimiter seems to be ';', not ','"},
        {"a\tb\n1\t2\n", "t.csv:1:1:", "the delimiter seems to be '\\t', not ','"},
        {"a,b,a\n1,2,3\n", "t.csv:1:5:", "columns 1 and 3 are both called \"a\""},
        {"a,,c\n1,2,3\n", "t.csv:1:3:", "column 2 has no name"},
        {"a,b,\n1,2,3\n", "t.csv:1:5:", "column 3 has no name"},
        {"5.1,3.5,setosa\n4.9,3.0,setosa\n", "t.csv:1:1:", "is a number, not a column's name"},
        {"a,b\n1,2\"\n", "t.csv:2:4:", "a quote inside a cell"},
        {"a,b\n1,\"2\"3\n", "t.csv:2:6:", "text after the closing quote"},
        {"a,b\n1,\"2\n3,4\n", "t.csv:2:3:", "never closed"},
        {"a,b\n1,\"", "t.csv:2:3:", "never closed"},
        {"a,b\r1,2\r", "t.csv:1:4:", "carriage return"},
        {"a,b\n1,2\r", "t.csv:2:4:", "carriage return"},
        {"\xFF\xFE"s + "a\0,\0"s, "t.csv:", "UTF-16"},
        {"a,b\n1,2\0\n"s, "t.csv:", "not text"},
    };
    for (const auto& [text, where, what] : cases) {
        const std::string message = complaint(text);
        BOOST_TEST_CONTEXT("text " << text << "\nmessage " << message) {
            BOOST_TEST(message.starts_with(where));
            BOOST_TEST(message.find(what) != std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_well_formed_is_not_complained_of) {
    BOOST_TEST(complaint("a,b\n1,2\n") == "nothing");
    BOOST_TEST(complaint("0,1,2\n1,2,3\n") == "nothing"); // names that a data frame gives
    BOOST_TEST(complaint("a;b\n1\n", ',').find("delimiter") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(messages_stay_short_and_on_one_line) {
    const std::string message = complaint("a\n\"" + std::string(1000, 'x') + "\"\n");
    BOOST_TEST(message.size() < 200u);
    BOOST_TEST(complaint("a\n\"1\n2\"\n").find('\n') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(names_and_cells_that_do_not_exist) {
    const Table table = parse_csv("a,b\n1,2\n", "t.csv");
    BOOST_CHECK_EXCEPTION(table.column("c"), NameError, [](const NameError& error) {
        return std::string(error.what()) == "t.csv: no column is called \"c\". It has a, b.";
    });
    BOOST_CHECK_THROW(table.numbers({"a", "c"}), NameError);
    BOOST_CHECK_THROW(table.texts("c"), NameError);
    BOOST_CHECK_THROW(table.cell(1, 0), ArgumentError);
    BOOST_CHECK_THROW(table.number(0, 2), ArgumentError);
    BOOST_CHECK_THROW(Table("t.csv", {}, {}), ArgumentError);
    BOOST_CHECK_THROW(Table("t.csv", {"a", "b"}, {{"1", 2, 1}}), ArgumentError);
}

BOOST_AUTO_TEST_CASE(files_that_cannot_be_read) {
    BOOST_CHECK_EXCEPTION(read_csv("no/such/file.csv"), DataError, [](const DataError& error) {
        return std::string(error.what()).starts_with("no/such/file.csv: cannot be opened: ");
    });
    BOOST_CHECK_EXCEPTION(read_csv("."), DataError, [](const DataError& error) {
        return std::string(error.what()) == ".: is a directory, not a file.";
    });
}
