#include "../wrong_gradients/student.hpp"
#include "judge.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

using namespace second_corpus;
using judge::Answer;
using judge::Finding;

namespace {

/// On these another seed's data are drawn, for the equations to be evaluated.
constexpr std::uint64_t elsewhere = 1'000'003;

/// Wrong arrays with what they are.
using Equations = std::map<std::string, std::string>;

/// All sets of equations that explain a case: those of its lines, or of alternatives in the place of one
/// mistake's or both, in terms of what is saved.
std::vector<Equations> explanations(const Case& wrong) {
    std::vector<std::vector<Lines>> choices{{}};
    for (const Mistake& mistake : wrong.mistakes) {
        std::vector<Lines> either{mistake.lines};
        either.insert(either.end(), mistake.alternatives.begin(), mistake.alternatives.end());
        std::vector<std::vector<Lines>> longer;
        for (const auto& choice : choices)
            for (const Lines& lines : either) {
                longer.push_back(choice);
                longer.back().push_back(lines);
            }
        choices = std::move(longer);
    }
    Setting converted = wrong.setting;
    converted.exact = !converted.exact;
    const Lines converse = program(converted);
    std::vector<Equations> result;
    const auto add = [&](const Lines& equations) {
        Equations named;
        for (const std::string& line : equations)
            named[name_of(line)] = formula_of(line);
        // None: an alternative that is one only in the other convention.
        if (!named.empty()) result.push_back(std::move(named));
    };
    for (const auto& choice : choices) {
        Case other = wrong;
        Lines lines;
        for (std::size_t i = 0; i < choice.size(); ++i) {
            other.mistakes[i].lines = choice[i];
            lines.insert(lines.end(), choice[i].begin(), choice[i].end());
        }
        try {
            add(other.wrong_equations());
        } catch (const std::invalid_argument&) { // these lines are no program
        }
        if (&choice == &choices.front()) continue;
        // What holds between the saved arrays. A line that is right in the other convention for the mean is
        // no mistake.
        std::erase_if(lines, [&](const auto& line) { return std::ranges::count(converse, line) > 0; });
        add(lines);
    }
    return result;
}

struct Judgement {
    bool culprits = false; ///< exactly the wrong arrays are said to be wrong by themselves
    bool first = false;    ///< and of each the first cause is right
    std::string note;
};

Judgement judged(const Case& wrong, const Answer& answer) {
    Judgement best;
    Case other = wrong;
    other.seed += elsewhere;
    const Memory data = other.run();
    const Lines right = program(wrong.setting);
    std::set<std::string> told;
    for (const Finding& f : answer.findings)
        told.insert(f.array);
    for (const Equations& equations : explanations(wrong)) {
        if (!std::ranges::equal(told, equations, {}, {}, &Equations::value_type::first)) continue;
        best.culprits = true;
        try {
            best.first = std::ranges::all_of(answer.findings, [&](const Finding& f) {
                const auto line = std::ranges::find(right, f.array, name_of);
                if (line == right.end()) return false;
                return judge::gives(f, data, data.evaluate(formula_of(*line)),
                                    data.evaluate(equations.at(f.array)));
            });
        } catch (const std::exception& error) {
            best.note = error.what();
        }
        if (best.first) break;
    }
    return best;
}

/// Inputs of a shape that the command does not take are answered by what it says of them.
struct Refused {
    const char *id, *says;
};
constexpr Refused refusals[] = {
    // X is (17 × 6), W1 (5 × 6): which of them is turned cannot be known.
    {"tanh-bce-deep/X/shape", "transpose what is not"},
    // The same of W2 behind W1.
    {"sigmoid-squares-deep-rows/W2/shape", "transpose what is not"},
};

/// Shapes that the command documents as conventions that it takes.
constexpr const char* conventions[] = {
    "tanh-bce/Y/shape", // labels of one output may be (n,)
};

struct Count {
    int made = 0, culprits = 0, first = 0;
};

class Scores {
public:
    void add(const std::string& kind, const Case& wrong, const Answer& answer) {
        if (std::ranges::find(conventions, wrong.id) != std::end(conventions)) {
            BOOST_CHECK_EQUAL(answer.status, 0);
            accepted_ += "accepted as a convention: " + wrong.id + '\n';
            return;
        }
        Judgement j;
        if (const auto refused = std::ranges::find(refusals, wrong.id, &Refused::id);
            refused != std::end(refusals))
            j.culprits = j.first =
                answer.status == 3 && answer.error.find(refused->says) != std::string::npos;
        else
            j = judged(wrong, answer);
        add(kind, j);
        if (j.first) return;
        missed_ += fmt::format("{} {}: {}\n", j.culprits ? "CAUSE  " : "CULPRIT", wrong.id, answer.text());
        if (!j.note.empty()) missed_ += "    " + j.note + '\n';
        for (const Equations& equations : explanations(wrong)) {
            missed_ += "    it is";
            for (const auto& [name, formula] : equations)
                missed_ += fmt::format(" {} = {};", name, formula);
            missed_ += '\n';
        }
    }
    void add(const std::string& kind, const Judgement& j) {
        for (Count* count : {&by_kind_[kind], &all_}) {
            ++count->made;
            count->culprits += j.culprits;
            count->first += j.first;
        }
    }
    void miss(const std::string& text) { missed_ += text + '\n'; }
    [[nodiscard]] const Count& all() const { return all_; }
    void print(const std::string& title) const {
        std::string text = fmt::format("{:50} {:>4} {:>8} {:>5}\n", title, "made", "culprits", "cause");
        const auto line = [&](const std::string& kind, const Count& c) {
            text += fmt::format("{:50} {:4} {:8} {:5}\n", kind, c.made, c.culprits, c.first);
        };
        for (const auto& [kind, count] : by_kind_)
            line(kind, count);
        line("all", all_);
        BOOST_TEST_MESSAGE(text << accepted_ << missed_);
    }

private:
    std::map<std::string, Count> by_kind_;
    Count all_;
    std::string accepted_, missed_;
};

/// tanh-bce/dZ1/z_for_a/2: z_for_a.
std::string item_of(const std::string& id) {
    const std::size_t from = id.find('/', id.find('/') + 1) + 1;
    return id.substr(from, id.find_first_of("/ ", from) - from);
}

std::vector<Answer> verified(const std::vector<Case>& cases) {
    std::vector<judge::File> files;
    for (const Case& c : cases)
        files.push_back({c.arrays(), c.options()});
    return judge::verified(files);
}

} // namespace

BOOST_AUTO_TEST_CASE(single_mistakes) {
    const std::vector<Case> cases = singles();
    const std::vector<Answer> answers = verified(cases);
    Scores listed, beyond;
    for (std::size_t k = 0; k < cases.size(); ++k)
        (cases[k].mistakes[0].item == Item::beyond_list ? beyond : listed)
            .add(item_of(cases[k].id), cases[k], answers[k]);
    // The control: no case is explained by what is said of another kind of mistake.
    for (std::size_t k = 0; k < cases.size(); ++k)
        for (std::size_t other = 0; other < cases.size(); ++other)
            if (cases[other].setting.name == cases[k].setting.name &&
                cases[other].mistakes[0].item != cases[k].mistakes[0].item)
                BOOST_CHECK_MESSAGE(!judged(cases[k], answers[other]).first,
                                    cases[other].id << " explains " << cases[k].id);
    listed.print("single mistakes of the list");
    beyond.print("single mistakes beyond the list");
    BOOST_CHECK_EQUAL(listed.all().made, 134);
    BOOST_CHECK_GE(listed.all().culprits, 134);
    BOOST_CHECK_GE(listed.all().first, 132);
    BOOST_CHECK_EQUAL(beyond.all().made, 9);
    BOOST_CHECK_GE(beyond.all().first, 9);
}

BOOST_AUTO_TEST_CASE(pairs_of_mistakes) {
    const std::vector<Case> cases = pairs();
    const std::vector<Answer> answers = verified(cases);
    Scores scores;
    for (std::size_t k = 0; k < cases.size(); ++k) {
        const std::string second = cases[k].id.substr(cases[k].id.find(" + ") + 3);
        scores.add(item_of(cases[k].id) + " + " + item_of(second), cases[k], answers[k]);
    }
    scores.print("pairs");
    BOOST_CHECK_EQUAL(scores.all().made, 56);
    BOOST_CHECK_GE(scores.all().culprits, 56);
    BOOST_CHECK_GE(scores.all().first, 54);
}

/// A quarter of them, chosen by the corpus' own order; all 1,000 after `-- all`.
BOOST_AUTO_TEST_CASE(right_gradients) {
    const auto& suite = boost::unit_test::framework::master_test_suite();
    const std::vector<Case> cases = right(suite.argc > 1 && suite.argv[1] == std::string("all") ? 1000 : 250);
    const std::vector<Answer> answers = verified(cases);
    std::map<int, int> statuses;
    std::size_t diagnosed = 0;
    for (std::size_t k = 0; k < cases.size(); ++k) {
        ++statuses[answers[k].status];
        diagnosed += answers[k].findings.empty() ? 0 : 1;
        if (answers[k].status == 1 || answers[k].status == 3)
            BOOST_TEST_MESSAGE(cases[k].id << ' ' << cases[k].options() << ": " << answers[k].text());
    }
    for (const auto& [status, count] : statuses)
        BOOST_TEST_MESSAGE("status " << status << ": " << count);
    BOOST_CHECK_EQUAL(diagnosed, 0);
    BOOST_CHECK_EQUAL(statuses[1] + statuses[3], 0);
}

namespace {

Matrix copy(const wrong_gradients::Matrix& m) {
    Matrix result(xtape::Extents{m.shape()[0], m.shape()[1]});
    std::copy(m.begin(), m.end(), result.storage().begin());
    return result;
}

wrong_gradients::Notes derived(const wrong_gradients::Mistake& m, unsigned seed) {
    wrong_gradients::Notes s = wrong_gradients::forward(m.hidden_layers, seed);
    wrong_gradients::backward(s, {{m.array, m.step}});
    return s;
}

Matrix right_one(const wrong_gradients::Mistake& m, unsigned seed) {
    return copy(
        wrong_gradients::right_step(m.array.substr(0, 2), derived(m, seed), std::stoul(m.array.substr(2))));
}

Memory memory_of(const wrong_gradients::Notes& s) {
    Memory memory;
    memory.arrays = {{"X", copy(s.A[0])}, {"Y", copy(s.Y)}};
    for (std::size_t l = 1; l <= s.L; ++l)
        for (const auto& [name, list] : {std::pair("W", &s.W),
                                         {"b", &s.b},
                                         {"Z", &s.Z},
                                         {"A", &s.A},
                                         {"dZ", &s.dZ},
                                         {"dW", &s.dW},
                                         {"db", &s.db}})
            memory.arrays[fmt::format("{}{}", name, l)] = copy((*list)[l]);
    memory.arrays["n"] = Matrix(xtape::Extents{});
    memory.arrays["n"].storage()[0] = s.n;
    return memory;
}

} // namespace

/// The first corpus, of mistakes in words and in C++.
BOOST_AUTO_TEST_CASE(single_mistakes_of_the_first_corpus) {
    const auto mistakes = wrong_gradients::mistakes();
    std::vector<judge::File> files;
    for (const auto& m : mistakes) {
        judge::File file{{}, "--hidden tanh --output sigmoid --loss binary-cross-entropy"};
        for (const auto& [name, array] : memory_of(derived(m, 7)).arrays)
            if (name != "n") file.arrays.emplace_back(name, xtape::AnyArray::copy(array));
        files.push_back(std::move(file));
    }
    const std::vector<Answer> answers = judge::verified(files);
    Scores scores;
    for (std::size_t k = 0; k < mistakes.size(); ++k) {
        const auto& m = mistakes[k];
        const auto& findings = answers[k].findings;
        const Memory data = memory_of(derived(m, 8));
        Judgement j;
        j.culprits = findings.size() == 1 && findings[0].array == m.array;
        j.first = j.culprits && judge::gives(findings[0], data, right_one(m, 8), data.at(m.array));
        scores.add(m.kind, j);
        if (!j.first) scores.miss(m.array + " " + m.cause + ": " + answers[k].text());
    }
    scores.print("single mistakes of the first corpus");
    BOOST_CHECK_EQUAL(scores.all().made, 54);
    BOOST_CHECK_GE(scores.all().first, 54);
}
