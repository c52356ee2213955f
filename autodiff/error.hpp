#pragma once

/// Typed errors. Each message names the operation, its operands with their shapes, and what to do about it.

#include <stdexcept>
#include <string>
#include <vector>

namespace xtape {

/// The base of everything that xtape throws.
struct Error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Operands whose shapes do not fit each other, an axis out of range, an extent that is not known.
struct ShapeError : Error {
    using Error::Error;
};

/// A mask or an index where a real number is meant, or the reverse.
struct KindError : Error {
    using Error::Error;
};

/// A name that is taken, unknown, or ambiguous.
struct NameError : Error {
    using Error::Error;
};

/// An input that has no array, or an array that does not fit the leaf that it is bound to.
struct BindingError : Error {
    using Error::Error;
};

/// A Var that is empty, that belongs to another tape, or whose record was rewound.
struct VarError : Error {
    using Error::Error;
};

/// A gradient that does not exist: of something that is not one number, or with no path to it.
struct GradientError : Error {
    using Error::Error;
};

/// An operation whose definition is incomplete or contradicts what it does.
struct OpError : Error {
    using Error::Error;
};

/// An argument of a function that is outside what the function is defined for.
struct ArgumentError : Error {
    using Error::Error;
};

/// Values of operands at which an operation is not defined: a matrix that is not positive definite,
/// eigenvalues that coincide.
struct DomainError : Error {
    using Error::Error;
};

/// A matrix that has no inverse.
struct SingularError : DomainError {
    using DomainError::DomainError;
};

/// An index outside the axis that it counts along.
struct IndexError : Error {
    using Error::Error;
};

/// A file or its contents that cannot be used; the message names file, line and column where there are any.
struct DataError : Error {
    using Error::Error;
};

/// Throws NameError: `<nobody> is called <name>. There is: <candidates>. Did you mean <the nearest>?`
[[noreturn]] void throw_unknown(const std::string& nobody, const std::string& name,
                                const std::vector<std::string>& candidates);

} // namespace xtape
