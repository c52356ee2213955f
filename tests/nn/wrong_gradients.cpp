#include "wrong_gradients/student.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace wrong_gradients;

namespace {
double distance(const Matrix& a, const Matrix& b) {
    BOOST_TEST_REQUIRE((a.shape() == b.shape()));
    double most = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double d = std::abs(a.flat(i) - b.flat(i));
        BOOST_TEST_REQUIRE(std::isfinite(d));
        most = std::max(most, d);
    }
    return most;
}
} // namespace

BOOST_AUTO_TEST_CASE(the_student_without_mistakes_is_right) {
    for (std::size_t hidden : {1U, 2U}) {
        Notes s = forward(hidden, 7);
        backward(s);
        // central differences: h^2 of truncation and eps/h of rounding, times derivatives of order one
        const double h = 1e-5, bound = 1e-8;
        for (std::size_t l = 1; l <= s.L; ++l)
            for (auto [parameter, derivative] :
                 {std::pair(&Notes::W, &Notes::dW), std::pair(&Notes::b, &Notes::db)})
                for (std::size_t i = 0; i < (s.*parameter)[l].size(); ++i) {
                    Notes up = s, down = s;
                    (up.*parameter)[l].flat(i) += h;
                    (down.*parameter)[l].flat(i) -= h;
                    BOOST_TEST(std::abs((cost(up) - cost(down)) / (2 * h) - (s.*derivative)[l].flat(i)) <
                               bound);
                }
    }
}

BOOST_AUTO_TEST_CASE(every_mistake_is_in_the_array_that_it_names_and_in_no_other_step) {
    const auto all = mistakes();
    BOOST_TEST(all.size() >= 50U);
    for (const Mistake& m : all)
        BOOST_TEST_CONTEXT(m.array << ": " << m.cause) {
            Notes s = forward(m.hidden_layers, 7);
            backward(s, {{m.array, m.step}});
            for (std::size_t l = 1; l <= s.L; ++l)
                for (auto [kind, list] :
                     {std::pair("dZ", &s.dZ), std::pair("dW", &s.dW), std::pair("db", &s.db)}) {
                    const double wrong = distance((*list)[l], right_step(kind, s, l));
                    if (kind + std::to_string(l) == m.array)
                        BOOST_TEST(wrong > 1e-4);
                    else
                        BOOST_TEST(wrong == 0);
                }
        }
}
