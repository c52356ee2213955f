#include "mistakes.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <ctime>

using namespace derivation;

namespace {

std::string with_layers(std::string text, std::size_t l) {
    for (const auto& [mark, layer] : {std::pair("{l}", l), {"{h}", l + 1}, {"{k}", l - 1}})
        for (std::size_t at; (at = text.find(mark)) != std::string::npos;)
            text.replace(at, 3, std::to_string(layer));
    return text;
}

/// A kind of network in which the mistakes are made.
struct Setting {
    std::vector<std::size_t> widths;
    std::vector<std::string> hidden;
    bool single, deferred;
};

const std::vector<Setting>& settings() {
    static const std::vector<Setting> all{
        {{3, 4, 2}, {"tanh"}, false, true},
        {{3, 6, 2}, {"sigmoid"}, true, false},
        {{3, 4, 2}, {"relu"}, false, false},
        {{2, 4, 3}, {"softplus"}, true, true},
        {{3, 4, 6, 2}, {"tanh", "tanh"}, true, true},
        {{2, 6, 4, 3}, {"relu", "relu"}, true, true},
        {{3, 4, 7, 2}, {"sigmoid", "relu"}, false, true},
        {{4, 3, 7, 2}, {"softplus", "tanh"}, false, false},
        {{3, 4, 6, 7, 2}, {"tanh", "relu", "sigmoid"}, false, true},
    };
    return all;
}

Hand hand_of(const Setting& s, unsigned seed) {
    Hand hand;
    hand.widths = s.widths;
    hand.hidden = s.hidden;
    hand.single = s.single;
    hand.deferred = s.deferred;
    hand.seed = seed;
    return hand;
}

/// Where the mistake is made in this setting; 0 where it cannot be.
std::size_t layer_of(const Mistake& m, const Setting& s) {
    const std::size_t layer = m.output ? s.hidden.size() + 1 : 1;
    const std::string& g = layer > s.hidden.size() ? "sigmoid" : s.hidden[layer - 1];
    const bool fits = m.only.empty() || (m.only[0] == '!' ? g != m.only.substr(1) : g == m.only);
    return fits ? layer : 0;
}

void make(Hand& hand, const Mistake& m, std::size_t layer) {
    m.prepare(hand);
    hand.mistakes[Hand::of(m.letter, layer)].push_back([&m, layer](Hand& h) { return m.wrong(h, layer); });
}

bool says(const std::string& cause, const Mistake& m, std::size_t layer) {
    return std::ranges::any_of(m.says, [&](const std::string& text) {
        return cause.find(with_layers(text, layer)) != std::string::npos;
    });
}

/// 1 where the cause is named first, 3 where among the first three, 0 where it is not.
int place(const std::map<std::string, std::vector<std::string>>& causes, const Mistake& m,
          std::size_t layer) {
    const auto found = causes.find(Hand::of(m.letter, layer));
    if (found == causes.end()) return 0;
    for (std::size_t k = 0; k < std::min<std::size_t>(3, found->second.size()); ++k)
        if (says(found->second[k], m, layer)) return k == 0 ? 1 : 3;
    return 0;
}

class Scores {
public:
    void add(const std::string& kind, int place, const Report& report) {
        for (Score* score : {&by_kind_[kind], &all_}) {
            ++score->made;
            score->first += place == 1;
            score->among_three += place != 0;
        }
        if (place != 1) missed_ += kind + ": " + report.to_string() + "\n";
    }
    void print() const {
        std::string text;
        for (const auto& [kind, s] : by_kind_)
            text +=
                fmt::format("{:30} {:3} first {:3} among three {:3}\n", kind, s.made, s.first, s.among_three);
        BOOST_TEST_MESSAGE(text << fmt::format("{:30} {:3} first {:3} among three {:3}\n", "all", all_.made,
                                               all_.first, all_.among_three)
                                << missed_);
    }
    [[nodiscard]] int made() const { return all_.made; }
    [[nodiscard]] double first() const { return double(all_.first) / all_.made; }
    [[nodiscard]] double among_three() const { return double(all_.among_three) / all_.made; }

private:
    struct Score {
        int made = 0, first = 0, among_three = 0;
    };
    std::map<std::string, Score> by_kind_;
    Score all_;
    std::string missed_;
};

} // namespace

BOOST_AUTO_TEST_CASE(single_mistakes) {
    Scores scores;
    for (const Mistake& m : mistakes())
        for (const Setting& s : settings()) {
            const std::size_t layer = layer_of(m, s);
            if (layer == 0) continue;
            Hand hand = hand_of(s, 7);
            make(hand, m, layer);
            const Report report = hand.derive().check();
            const auto causes = causes_in(report);
            scores.add(m.kind, causes.size() == 1 ? place(causes, m, layer) : 0, report);
        }
    scores.print();
    BOOST_TEST(scores.made() > 200);
    BOOST_TEST(scores.first() >= 0.95);
}

BOOST_AUTO_TEST_CASE(pairs_of_mistakes) {
    Scores scores;
    std::size_t turn = 0;
    for (std::size_t i = 0; i < mistakes().size(); ++i)
        for (std::size_t j = i + 1; j < mistakes().size(); ++j) {
            const Mistake &a = mistakes()[i], &b = mistakes()[j];
            const Setting& s = settings()[turn++ % settings().size()];
            const std::size_t la = layer_of(a, s), lb = layer_of(b, s);
            if (turn % 3 != 0 || la == 0 || lb == 0 || (a.letter == b.letter && la == lb)) continue;
            Hand hand = hand_of(s, 7);
            make(hand, a, la);
            make(hand, b, lb);
            const Report report = hand.derive().check();
            const auto causes = causes_in(report);
            const int pa = place(causes, a, la), pb = place(causes, b, lb);
            scores.add(a.letter + " and " + b.letter,
                       pa == 0 || pb == 0 || causes.size() > 2 ? 0 : std::max(pa, pb), report);
        }
    scores.print();
    BOOST_TEST(scores.made() > 60);
    BOOST_TEST(scores.among_three() >= 0.8);
}

BOOST_AUTO_TEST_CASE(two_mistakes_in_one_step) {
    const std::vector<std::pair<std::string, std::function<Matrix(Hand&)>>> pairs{
        {"dZ1", [](Hand& h) { return times(product(turned(h["dW2"]), h["dZ2"]), h["Z1"]); }},
        {"dZ1", [](Hand& h) { return times(times(-1, product(turned(h["dW2"]), h["dZ2"])), h.slope(1)); }},
        {"dZ1", [](Hand& h) { return product(turned(h["dW2"]), h["dZ2"]); }},
        {"dW1", [](Hand& h) { return times(2 / h.count(), product(h["dZ1"], turned(h["A1"]))); }},
        {"dZ1",
         [](Hand& h) { return times(product(turned(h["dW2"]), h["dZ2"]), each(h["Z1"], one_minus_square)); }},
    };
    for (const auto& [at, wrong] : pairs) {
        Hand hand;
        hand.mistakes[at].push_back(wrong);
        const Report report = hand.derive().check();
        const auto causes = causes_in(report);
        BOOST_TEST_CONTEXT(report.to_string()) {
            BOOST_TEST(causes.size() == 1u);
            BOOST_TEST((causes.contains(at) && causes.at(at)[0].find(" and ") != std::string::npos));
        }
    }
}

BOOST_AUTO_TEST_CASE(right_gradients_are_not_diagnosed) {
    for (unsigned seed = 1; seed <= 1000; ++seed) {
        Hand hand = hand_of(settings()[seed % settings().size()], seed);
        hand.deferred = seed % 2 == 0;
        hand.single = seed % 3 == 0;
        hand.squared = seed % 5 == 0;
        hand.own_loss = seed % 7 == 0;
        hand.lambda = seed % 4 == 0 ? 0.125 : 0;
        hand.n = 1 + seed % 8;
        const Report report = hand.derive().check();
        BOOST_TEST((report.verdict() != Verdict::fail), report.to_string());
        BOOST_TEST(causes_in(report).empty());
    }
}

BOOST_AUTO_TEST_CASE(neither_names_order_depth_loss_nor_an_operation_of_ones_own_change_a_verdict) {
    const auto verdicts = [](const Report& report, std::size_t suffix) {
        std::map<std::string, std::pair<Verdict, bool>> result;
        for (const Comparison& c : report.comparisons())
            result[c.name.substr(0, c.name.size() - suffix)] = {c.verdict, c.finding.empty()};
        return result;
    };
    std::size_t compared = 0, named = 0;
    for (const Mistake& m : mistakes()) {
        const Setting s{{3, 4, 6, 2}, {"tanh", "tanh"}, false, true};
        const std::size_t layer = layer_of(m, s);
        if (layer == 0) continue;
        Hand plain = hand_of(s, 5);
        make(plain, m, layer);
        const auto expected = verdicts(plain.derive().check(), 0);
        const std::vector<std::pair<const char*, std::function<void(Hand&)>>> changes{
            {"names", [](Hand& h) { h.suffix = "_x"; }},
            {"order", [](Hand& h) { h.other_order = true; }},
            {"operation",
             [](Hand& h) {
                 h.hidden = {"squash", "squash"};
             }},
            {"loss", [](Hand& h) { h.own_loss = true; }},
            {"depth",
             [](Hand& h) {
                 h.widths = {3, 4, 6, 7, 2}, h.hidden = {"tanh", "tanh", "tanh"};
             }},
        };
        for (const auto& [what, change] : changes) {
            Hand hand = hand_of(s, 5);
            change(hand);
            const std::size_t at = m.output ? hand.layers() : layer;
            make(hand, m, at);
            const Report report = hand.derive().check();
            const auto found = verdicts(report, hand.suffix.size());
            BOOST_TEST_CONTEXT(m.kind << " with another " << what << "\n" << report.to_string()) {
                for (const auto& [name, verdict] : expected) {
                    if (hand.layers() != plain.layers() && m.output) continue;
                    ++compared;
                    BOOST_TEST((found.at(name) == verdict), name);
                }
                const auto causes = causes_in(report);
                const auto it = causes.find(Hand::of(m.letter, at) + hand.suffix);
                BOOST_TEST(
                    (it != causes.end() && it->second[0].find("nothing reproduces") == std::string::npos));
                named += it != causes.end();
            }
        }
    }
    BOOST_TEST(compared > 1000u);
    BOOST_TEST(named > 100u);
}

BOOST_AUTO_TEST_CASE(numbers_drawn_at_random_are_not_explained) {
    for (const bool large : {false, true})
        for (const bool single : {false, true}) {
            Hand hand = hand_of({{3, 4, 6, 2}, {"tanh", "tanh"}, single, true}, 3);
            if (large) hand.widths = {30, 16, 8, 1}, hand.n = 455;
            for (const char* at : {"dZ1", "db3"})
                hand.mistakes[at].push_back([at](Hand& h) {
                    std::mt19937 generator(9);
                    std::normal_distribution<double> normal;
                    return each(h[at], [&](double) { return normal(generator); });
                });
            hand.derive();
            const std::clock_t start = std::clock();
            const Report report = hand.check();
            BOOST_TEST_MESSAGE("seconds: " << double(std::clock() - start) / CLOCKS_PER_SEC);
            auto causes = causes_in(report);
            BOOST_TEST_CONTEXT(report.to_string()) {
                BOOST_TEST(causes.size() == 2u);
                for (const char* at : {"dZ1", "db3"})
                    BOOST_TEST(causes[at].at(0).starts_with(": nothing reproduces it"));
            }
        }
}
