#include "compare.hpp"
#include "second_corpus/corpus.hpp"
#include <xtape/nn/npz.hpp>
#include <xtape/nn/random.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <unistd.h>

using namespace second_corpus;

namespace {

using Direction = std::map<std::string, Matrix>; ///< of the parameters

/// The cost at parameters + h direction.
double cost_at(const Setting& setting, Memory memory, const Lines& forward, const Direction& direction,
               double h) {
    for (const auto& [name, along] : direction) {
        Matrix& parameter = memory.arrays.at(name);
        for (std::size_t i = 0; i < parameter.size(); ++i)
            parameter.storage()[i] += h * along.storage()[i];
    }
    BOOST_REQUIRE(run(memory, forward));
    return memory.evaluate(cost(setting)).storage()[0];
}

/// Fails unless the gradients in memory have the slope that the cost has, by Richardson's extrapolation of
/// central differences with steps h and h/2. What is left of the truncation is of order h⁴, less than a
/// thousandth of what was extrapolated away; each cost is a sum of some hundreds of terms that are each
/// rounded some ten times, and those errors add up as a random walk: within 100 ε |J|.
bool slope_agrees(const Setting& setting, const Memory& memory, const Direction& direction,
                  double step = 1e-4) {
    const double h = step * std::min(setting.scale, 1.0);
    Lines forward = program(setting);
    forward.resize(2 * setting.layers());
    const auto J = [&](double step) { return cost_at(setting, memory, forward, direction, step); };
    const double whole = (J(h) - J(-h)) / (2 * h), half = (J(h / 2) - J(-h / 2)) / h;
    const double slope = (4 * half - whole) / 3;
    double mine = 0;
    for (const auto& [name, along] : direction)
        for (std::size_t i = 0; i < along.size(); ++i)
            mine += along.storage()[i] * memory.at("d" + name).storage()[i];
    const double rounding = 100 * std::numeric_limits<double>::epsilon() * (1 + std::abs(J(0))) * 3 / h;
    return std::abs(mine - slope) <= rounding + 1e-3 * std::abs(whole - half);
}

Direction zeros_like_parameters(const Memory& memory) {
    Direction result;
    for (const auto& [name, array] : memory.arrays)
        if (name[0] == 'W' || name[0] == 'b') {
            result[name] = array;
            for (double& x : result[name].storage())
                x = 0;
        }
    return result;
}

bool slopes_agree(const Setting& setting, const Memory& memory) {
    Direction direction = zeros_like_parameters(memory);
    for (auto& [name, along] : direction)
        for (double& x : along.storage()) {
            x = 1;
            if (!slope_agrees(setting, memory, direction)) return false;
            x = 0;
        }
    return true;
}

/// Fails unless each culprit of `mistake` is wrong beside the same program without it, and nothing before it
/// is.
void check_effect(const Case& wrong, std::size_t mistake) {
    Case without = wrong;
    without.mistakes.erase(without.mistakes.begin() + static_cast<std::ptrdiff_t>(mistake));
    const Memory mine = wrong.run(), theirs = without.run();
    std::set<std::string> culprits;
    for (const std::string& line : wrong.mistakes[mistake].lines)
        culprits.insert(name_of(line));
    for (const std::string& name : culprits) {
        const double difference = compare::relative_difference(mine.at(name), theirs.at(name));
        BOOST_CHECK_MESSAGE(difference > 1e-4, name << " differs by " << difference);
    }
    for (const std::string& line : program(wrong.setting)) {
        const std::string name = name_of(line);
        if (culprits.contains(name) || !mine.arrays.contains(name)) break;
        BOOST_CHECK_MESSAGE(mine.at(name) == theirs.at(name),
                            name << " comes before the mistake and differs");
    }
}

void check_wrong(const Case& wrong) {
    BOOST_TEST_CONTEXT(wrong.id) {
        Memory memory = start(wrong.setting, wrong.seed);
        Lines lines;
        for (std::size_t i = 0; i < wrong.mistakes.size(); ++i) {
            const Mistake& mistake = wrong.mistakes[i];
            check_effect(wrong, i);
            lines.insert(lines.end(), mistake.lines.begin(), mistake.lines.end());
            for (const Lines& alternative : mistake.alternatives)
                BOOST_CHECK_MESSAGE(wrong.is_explained_by(i, alternative), alternative[0]);
        }
        BOOST_CHECK_EQUAL(run(memory, program(wrong.setting, lines)), !wrong.stops);
        BOOST_CHECK(!wrong.wrong_equations().empty());
        const std::size_t n = wrong.setting.n;
        BOOST_CHECK(n >= 5 && n <= 40);
        for (const auto& [name, array] : wrong.arrays())
            BOOST_CHECK_MESSAGE(array.all_finite(), name);
    }
}

void check_ids(const std::vector<Case>& cases) {
    std::set<std::string> ids;
    for (const Case& c : cases)
        BOOST_CHECK_MESSAGE(ids.insert(c.id).second, c.id);
}

} // namespace

BOOST_AUTO_TEST_CASE(formulas_are_evaluated_as_numpy_does) {
    Memory memory;
    memory.arrays["A"] = Matrix{{1, 2, 3}, {4, 5, 6}};
    memory.arrays["v"] = Matrix{10, 20, 30};
    const auto is = [&](const char* formula, const Matrix& expected) {
        BOOST_CHECK_MESSAGE(memory.evaluate(formula) == expected, formula);
    };
    is("A A^T * A A^T / 2 - (1 - A A^T)", Matrix{{111, 543}, {543, 3040.5}});
    is("2 A + v", Matrix{{12, 24, 36}, {18, 30, 42}});
    is("A v", Matrix{140, 320});
    is("sum_examples(A) - sum_nodes(A)", Matrix{{1, -1, -3}, {10, 8, 6}});
    is("flat(-A^2)", Matrix{-1, -4, -9, -16, -25, -36});
    memory.rows = true;
    is("sum_examples(A)", Matrix{{5, 7, 9}});
    BOOST_CHECK_THROW((void)memory.evaluate("A A"), ShapesDisagree);
    BOOST_CHECK_THROW((void)memory.evaluate("A + A^T"), ShapesDisagree);
    for (const char* wrong : {"B", "A +", "(A", "A)", "A^3", ""})
        BOOST_CHECK_THROW((void)memory.evaluate(wrong), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(without_a_mistake_gradients_are_right) {
    for (const Setting& setting : settings())
        BOOST_TEST_CONTEXT(setting.name) {
            const Case student{setting.name, setting};
            BOOST_CHECK(slopes_agree(setting, student.run()));
            BOOST_CHECK(student.wrong_equations().empty());
        }
}

BOOST_AUTO_TEST_CASE(singles_are_wrong_where_they_say) {
    const std::vector<Case> cases = singles();
    check_ids(cases);
    std::vector<std::size_t> counts(items);
    std::size_t detected = 0;
    for (const Case& wrong : cases) {
        BOOST_REQUIRE_EQUAL(wrong.mistakes.size(), 1);
        ++counts[static_cast<std::size_t>(wrong.mistakes[0].item)];
        check_wrong(wrong);
        // The control of the differences above: wrong gradients of the right shapes do not agree with them.
        const Memory memory = wrong.run();
        const auto parameters = zeros_like_parameters(memory);
        if (wrong.mistakes[0].item == Item::beyond_list &&
            std::ranges::all_of(parameters, [&](const auto& p) {
                return memory.at("d" + p.first).shape() == p.second.shape();
            })) {
            BOOST_CHECK_MESSAGE(!slopes_agree(wrong.setting, memory), wrong.id);
            ++detected;
        }
    }
    BOOST_CHECK_GE(detected, 8);
    for (std::size_t item = 0; item < items; ++item)
        BOOST_CHECK_MESSAGE(counts[item] >= 3, "item " << item << ": " << counts[item]);
    BOOST_CHECK_GE(cases.size() - counts[static_cast<std::size_t>(Item::beyond_list)], 60);
}

BOOST_AUTO_TEST_CASE(pairs_are_two_independent_mistakes) {
    const std::vector<Case> cases = pairs();
    check_ids(cases);
    BOOST_CHECK_GE(cases.size(), 40);
    for (const Case& wrong : cases) {
        BOOST_REQUIRE_EQUAL(wrong.mistakes.size(), 2);
        BOOST_CHECK(wrong.mistakes[0].item != wrong.mistakes[1].item);
        const auto culprits = wrong.culprits();
        BOOST_CHECK_EQUAL(std::set<std::string>(culprits.begin(), culprits.end()).size(), culprits.size());
        check_wrong(wrong);
    }
}

BOOST_AUTO_TEST_CASE(right_gradients_are_right) {
    const std::vector<Case> cases = right();
    BOOST_CHECK_EQUAL(cases.size(), 1000);
    check_ids(cases);
    xtape::nn::Random random(7);
    for (const Case& c : cases) {
        const Memory memory = c.run();
        Direction direction = zeros_like_parameters(memory);
        for (auto& [name, along] : direction)
            for (double& x : along.storage())
                x = random.normal() / std::sqrt(static_cast<double>(along.size()));
        // Among so many, a relu or two has its kink within the step.
        const bool agrees = slope_agrees(c.setting, memory, direction) ||
                            (c.setting.hidden == "relu" && slope_agrees(c.setting, memory, direction, 1e-6));
        BOOST_CHECK_MESSAGE(agrees, c.id << ' ' << c.options());
    }
}

BOOST_AUTO_TEST_CASE(a_case_becomes_a_file) {
    const std::vector<Case> cases = singles();
    const Case& wrong = *std::ranges::find(cases, "tanh-bce-l2/dZ1/z_for_a", &Case::id);
    BOOST_CHECK_EQUAL(wrong.options(), "--hidden tanh --output sigmoid --loss binary-cross-entropy "
                                       "--examples columns --l2 0.7:half-lambda-over-n");
    BOOST_CHECK(wrong.wrong_equations() == Lines{"dZ1 = dA1 * (1 - Z1^2)"});
    Case terse = wrong;
    terse.saved = Saved::parameters;
    BOOST_CHECK(
        (terse.wrong_equations() == Lines{"dW1 = (1/n) ((W2^T (A2 - Y)) * (1 - Z1^2)) X^T + (lambda/n) W1",
                                          "db1 = (1/n) sum_examples(((W2^T (A2 - Y)) * (1 - Z1^2)))"}));
    const auto path =
        std::filesystem::temp_directory_path() / ("xtape_second_corpus_" + std::to_string(getpid()));
    xtape::nn::save_npz(path, wrong.arrays());
    const auto read = xtape::nn::load_npz(path);
    std::filesystem::remove(path);
    BOOST_CHECK_EQUAL(read.size(), 17);
    const auto dZ1 = std::ranges::find(read, "dZ1", [](const auto& array) { return array.first; });
    BOOST_REQUIRE(dZ1 != read.end());
    BOOST_CHECK(dZ1->second.to<double>() == wrong.run().at("dZ1"));
}
