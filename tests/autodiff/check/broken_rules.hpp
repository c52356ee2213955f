#pragma once

/// Operations that are broken in one place, by hand and as people break them, each beside the same operation
/// as it is right: what a check that cannot be fooled must tell apart.

#include <xtape/autodiff/autodiff.hpp>

#include <functional>
#include <string>
#include <vector>

namespace broken {

/// What is done to a right definition to break it.
using Damage = std::function<void(xtape::Definition&)>;
using Rule = std::function<xtape::Var(const xtape::Pullback&)>;

struct BrokenRule {
    std::string name;
    std::string mistake; ///< in a sentence
    xtape::Op right;
    Damage damage;
    std::string caught_by; ///< the line of the report that must fail; empty where several may

    [[nodiscard]] xtape::Op wrong() const {
        xtape::Definition definition = right.definition();
        definition.name = "broken::" + name;
        damage(definition);
        return xtape::Op(definition);
    }
};

/// Another rule for one operand; the others stay right.
[[nodiscard]] inline Damage rule(Rule wrong, std::size_t operand = 0) {
    return [=](xtape::Definition& d) {
        d.vjp = [right = d.vjp, wrong, operand](const xtape::Pullback& p, std::size_t k) {
            return k == operand ? wrong(p) : right(p, k);
        };
    };
}

/// The right rule's cotangent, altered.
[[nodiscard]] inline Damage
altered(std::function<xtape::Var(const xtape::Pullback&, const xtape::Var&)> alter, std::size_t operand = 0) {
    return [=](xtape::Definition& d) {
        d.vjp = [right = d.vjp, alter, operand](const xtape::Pullback& p, std::size_t k) {
            return k == operand ? alter(p, right(p, k)) : right(p, k);
        };
    };
}

[[nodiscard]] inline const xtape::Var& g(const xtape::Pullback& p) { return p.cotangent(); }
[[nodiscard]] inline xtape::Shape same_shape(const xtape::Signature& s) { return s.shape(); }

/// The extents of the first operand of a Call, a matrix.
template <class Call>
[[nodiscard]] std::pair<std::size_t, std::size_t> rows_and_columns(const Call& call) {
    return {call.operand(0).extents()[0], call.operand(0).extents()[1]};
}

/// The scalar type of a Call, in a generic forward function.
template <class Call>
using value_of = typename std::decay_t<Call>::value_type;

[[nodiscard]] std::vector<BrokenRule> of_numbers();    ///< elementwise operations: the derivative is wrong
[[nodiscard]] std::vector<BrokenRule> of_broadcasts(); ///< right until an operand is broadcast
[[nodiscard]] std::vector<BrokenRule> of_cotangents(); ///< what is done to the cotangent, and order two
[[nodiscard]] std::vector<BrokenRule> of_matrices();   ///< products, transposes, linear algebra
[[nodiscard]] std::vector<BrokenRule> of_lines();      ///< reductions and scans
[[nodiscard]] std::vector<BrokenRule> of_positions();  ///< permutations, slices, windows, single entries
[[nodiscard]] std::vector<BrokenRule> of_contracts();  ///< what is declared is not what is done

} // namespace broken
