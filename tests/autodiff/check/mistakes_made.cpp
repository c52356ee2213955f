#include "mistakes.hpp"

namespace derivation {
namespace {

Matrix back(Hand& h, std::size_t l) {
    return product(turned(h[Hand::of("W", l + 1)]), h[Hand::of("dZ", l + 1)]);
}

Matrix with_slope(Hand& h, std::size_t l, const Matrix& slope) { return times(back(h, l), slope); }

Matrix own(Hand& h, const char* letter, std::size_t l) { return h[Hand::of(letter, l)]; }

Matrix penalised_by(Hand& h, std::size_t l, double c) {
    return plus(times(1 / h.later(), product(own(h, "dZ", l), turned(own(h, "A", l - 1)))),
                times(c, own(h, "W", l)));
}

/// Hidden layers as wide as the examples are many.
void square(Hand& h) { std::fill(h.widths.begin() + 1, h.widths.end() - 1, h.n); }
/// All hidden layers and the output of one width.
void one_width(Hand& h) { std::fill(h.widths.begin() + 1, h.widths.end(), 4); }
void penalised(Hand& h) { h.lambda = 0.7; }

} // namespace

const std::vector<Mistake>& mistakes() {
    static const std::vector<Mistake> all{
        {"extra 1/n",
         "dZ",
         [](Hand& h, std::size_t l) { return times(1 / h.count(), own(h, "dZ", l)); },
         {"has an extra factor 1/n"}},
        {"missing 1/n",
         "dW",
         [](Hand& h, std::size_t l) { return times(h.count(), own(h, "dW", l)); },
         {"lacks the factor 1/n", "has an extra factor n"}},
        {"missing 1/n",
         "db",
         [](Hand& h, std::size_t l) { return times(h.count(), own(h, "db", l)); },
         {"lacks the factor 1/n", "has an extra factor n"},
         [](Hand&) {},
         true},
        {"g' transposed",
         "dZ",
         [](Hand& h, std::size_t l) { return with_slope(h, l, turned(h.slope(l))); },
         {"transposed"},
         square},
        {"Z for g'(Z)",
         "dZ",
         [](Hand& h, std::size_t l) { return with_slope(h, l, own(h, "Z", l)); },
         {"has Z{l} where"}},
        {"A for g'(Z)",
         "dZ",
         [](Hand& h, std::size_t l) { return with_slope(h, l, own(h, "A", l)); },
         {"has A{l} where", "lacks the factor 1 − A{l}"}},
        {"1 - Z^2 for 1 - A^2",
         "dZ",
         [](Hand& h, std::size_t l) { return with_slope(h, l, each(own(h, "Z", l), one_minus_square)); },
         {"has Z{l} where A{l} belongs"},
         [](Hand&) {},
         false,
         "tanh"},
        {"no g'(Z)", "dZ", [](Hand& h, std::size_t l) { return back(h, l); }, {"lacks the"}},
        {"g'(A) for g'(Z)",
         "dZ",
         [](Hand& h, std::size_t l) {
             return with_slope(h, l, each(own(h, "A", l), activations().at(h.activation(l)).slope));
         },
         {"at A{l} in place of Z{l}", "has A{l} where Z{l} belongs"},
         [](Hand& h) { h.squared = false; },
         false,
         "!relu"},
        {"another derivative",
         "dZ",
         [](Hand& h, std::size_t l) {
             const bool logistic = h.activation(l) == "sigmoid";
             return with_slope(h, l,
                               each(own(h, "Z", l), activations().at(logistic ? "tanh" : "sigmoid").slope));
         },
         {"has the derivative of", "lacks the factor"}},
        {"dW for W",
         "dZ",
         [](Hand& h, std::size_t l) {
             return times(product(turned(own(h, "dW", l + 1)), own(h, "dZ", l + 1)), h.slope(l));
         },
         {"has dW{h} where W{h} belongs"}},
        {"matrix for elementwise",
         "dZ",
         [](Hand& h, std::size_t l) { return product(back(h, l), h.slope(l)); },
         {"a matrix product"},
         square},
        {"elementwise for matrix",
         "dW",
         [](Hand& h, std::size_t l) {
             return times(1 / h.later(), times(own(h, "dZ", l), own(h, "A", l - 1)));
         },
         {"an elementwise product"},
         one_width,
         true},
        {"no sum",
         "db",
         [](Hand& h, std::size_t l) { return times(1 / h.later(), own(h, "dZ", l)); },
         {"lacks the sum"}},
        {"wrong axis",
         "db",
         [](Hand& h, std::size_t l) { return times(1 / h.later(), column_sums(own(h, "dZ", l))); },
         {"sums over axis 0"}},
        {"lost dimension",
         "db",
         [](Hand& h, std::size_t l) {
             Matrix b = own(h, "db", l);
             b.reshape({h.widths[l]});
             return b;
         },
         {"the right entries in the shape"}},
        {"flipped sign",
         "dZ",
         [](Hand& h, std::size_t l) { return times(-1, own(h, "dZ", l)); },
         {"has the opposite sign"},
         [](Hand&) {},
         true},
        {"Y forgotten",
         "dZ",
         [](Hand& h, std::size_t l) { return own(h, "A", l); },
         {"lacks the term Y"},
         [](Hand&) {},
         true},
        {"W not transposed",
         "dZ",
         [](Hand& h, std::size_t l) {
             return times(product(own(h, "W", l + 1), own(h, "dZ", l + 1)), h.slope(l));
         },
         {"has W{h} not transposed"},
         one_width},
        {"another layer's A",
         "dW",
         [](Hand& h, std::size_t l) {
             return times(1 / h.later(), product(own(h, "dZ", l), turned(own(h, "A", l))));
         },
         {"has A{l} where"}},
        {"Z for A",
         "dW",
         [](Hand& h, std::size_t l) {
             return times(1 / h.later(), product(own(h, "dZ", l), turned(own(h, "Z", l - 1))));
         },
         {"has Z{k} where A{k} belongs"},
         [](Hand&) {},
         true},
        {"updated W",
         "dZ",
         [](Hand& h, std::size_t l) {
             const Matrix moved = minus(own(h, "W", l + 1), times(0.1, own(h, "dW", l + 1)));
             return times(product(turned(moved), own(h, "dZ", l + 1)), h.slope(l));
         },
         {"has W{h} − 0.1 dW{h} where W{h} belongs"}},
        {"accumulated",
         "dW",
         [](Hand& h, std::size_t l) { return times(2, own(h, "dW", l)); },
         {"has an extra factor 2"}},
        {"no L2 term",
         "dW",
         [](Hand& h, std::size_t l) { return penalised_by(h, l, 0); },
         {"lacks the term 0.7/n W{l}"},
         penalised},
        {"L2 term without 1/n",
         "dW",
         [](Hand& h, std::size_t l) { return penalised_by(h, l, h.lambda); },
         {"lacks the factor 1/n in its term"},
         penalised},
        {"L2 term halved",
         "dW",
         [](Hand& h, std::size_t l) { return penalised_by(h, l, h.lambda / h.count() / 2); },
         {"has an extra factor 1/2 in its term"},
         penalised,
         true},
        {"L2 term too much",
         "dW",
         [](Hand& h, std::size_t l) { return penalised_by(h, l, 0.3 / h.count()); },
         {"has an extra term 0.3/n W{l}"},
         [](Hand& h) { h.n = 11; }},
        {"bias by activation",
         "db",
         [](Hand& h, std::size_t l) {
             return times(1 / h.later(), row_sums(times(own(h, "dZ", l), own(h, "A", l))));
         },
         {"has an extra factor A{l}"}},
        {"g' twice",
         "dZ",
         [](Hand& h, std::size_t l) { return times(own(h, "dZ", l), h.slope(l)); },
         {"twice", "has an extra factor 1 − A{l}²"},
         [](Hand&) {},
         true},
        {"no bias",
         "Z",
         [](Hand& h, std::size_t l) { return product(own(h, "W", l), own(h, "A", l - 1)); },
         {"lacks the term b{l}"}},
        {"sign of the exponent",
         "A",
         [](Hand& h, std::size_t l) { return each(own(h, "Z", l), [](double z) { return logistic(-z); }); },
         {"has the opposite sign of Z{l}"},
         [](Hand&) {},
         true},
    };
    return all;
}

} // namespace derivation
