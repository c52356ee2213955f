#include <xtape/autodiff/print/latex_symbols.hpp>

namespace xtape::detail::latex {

const Symbols& letters() {
    static const Symbols all{
        {"alpha", "α"},      {"beta", "β"},  {"gamma", "γ"},    {"delta", "δ"},   {"epsilon", "ϵ"},
        {"varepsilon", "ε"}, {"zeta", "ζ"},  {"eta", "η"},      {"theta", "θ"},   {"vartheta", "ϑ"},
        {"iota", "ι"},       {"kappa", "κ"}, {"lambda", "λ"},   {"mu", "μ"},      {"nu", "ν"},
        {"xi", "ξ"},         {"pi", "π"},    {"rho", "ρ"},      {"sigma", "σ"},   {"tau", "τ"},
        {"upsilon", "υ"},    {"phi", "ϕ"},   {"varphi", "φ"},   {"chi", "χ"},     {"psi", "ψ"},
        {"omega", "ω"},      {"Gamma", "Γ"}, {"Delta", "Δ"},    {"Theta", "Θ"},   {"Lambda", "Λ"},
        {"Xi", "Ξ"},         {"Pi", "Π"},    {"Sigma", "Σ"},    {"Upsilon", "Υ"}, {"Phi", "Φ"},
        {"Psi", "Ψ"},        {"Omega", "Ω"}, {"partial", "∂"},  {"nabla", "∇"},   {"ell", "ℓ"},
        {"infty", "∞"},      {"top", "⊤"},   {"emptyset", "∅"}, {"hbar", "ℏ"},    {"ldots", "…"},
        {"dots", "…"},       {"cdots", "⋯"}, {"forall", "∀"},   {"exists", "∃"},  {"bot", "⊥"}};
    return all;
}

const Symbols& signs() {
    static const Symbols all{
        {"circ", "∘"},   {"cdot", "⋅"},       {"times", "×"},  {"odot", "⊙"},    {"otimes", "⊗"},
        {"oplus", "⊕"},  {"pm", "±"},         {"mp", "∓"},     {"div", "÷"},     {"ast", "∗"},
        {"le", "≤"},     {"leq", "≤"},        {"ge", "≥"},     {"geq", "≥"},     {"ne", "≠"},
        {"neq", "≠"},    {"approx", "≈"},     {"sim", "∼"},    {"equiv", "≡"},   {"propto", "∝"},
        {"in", "∈"},     {"subset", "⊂"},     {"cup", "∪"},    {"cap", "∩"},     {"to", "→"},
        {"mapsto", "↦"}, {"rightarrow", "→"}, {"neg", "¬"},    {"land", "∧"},    {"wedge", "∧"},
        {"lor", "∨"},    {"vee", "∨"},        {"mid", "∣"},    {"prime", "′"},   {"lVert", "‖"},
        {"rVert", "‖"},  {"Vert", "‖"},       {"lvert", "|"},  {"rvert", "|"},   {"vert", "|"},
        {"lfloor", "⌊"}, {"rfloor", "⌋"},     {"lceil", "⌈"},  {"rceil", "⌉"},   {"langle", "⟨"},
        {"rangle", "⟩"}, {"lbrace", "{"},     {"rbrace", "}"}, {"lbrack", "["},  {"rbrack", "]"},
        {"|", "‖"},      {"{", "{"},          {"}", "}"},      {"setminus", "∖"}};
    return all;
}

const Symbols& large_signs() {
    static const Symbols all{{"sum", "∑"}, {"prod", "∏"}};
    return all;
}

const Symbols& accents() {
    static const Symbols all{{"hat", "^"},   {"widehat", "^"}, {"bar", "¯"}, {"overline", "¯"},
                             {"tilde", "~"}, {"vec", "→"},     {"dot", "˙"}, {"ddot", "¨"}};
    return all;
}

const Symbols& spaces() {
    static const Symbols all{{",", "0.167em"}, {":", "0.222em"}, {">", "0.222em"}, {";", "0.278em"},
                             {" ", "0.333em"}, {"quad", "1em"},  {"qquad", "2em"}, {"!", "-0.167em"}};
    return all;
}

} // namespace xtape::detail::latex
