#pragma once

#include <xtape/autodiff/cell.hpp>
#include <xtape/autodiff/var.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace xtape {

/// An append-only list of records: what was computed, and the gradients appended to it. There is no global
/// tape: two threads use two.
class Tape {
public:
    Tape();
    /// A tape that was moved from is empty, as a new one.
    Tape(Tape&& other);
    Tape& operator=(Tape&& other);

    /// A leaf that is bound to an array when its tape is evaluated. Throws NameError where the name is taken.
    Var input(const std::string& name, Shape shape, Kind kind = Kind::real);

    /// A leaf with a value of its own, copied from an array of real numbers; dimensions may be named: `{"n1",
    /// "n0"}`.
    Var variable(const std::string& name, const AnyArray& value, const std::vector<std::string>& dims = {});

    /// A leaf whose value is shared with whoever else holds the cell.
    Var variable(const std::string& name, std::shared_ptr<Cell> cell,
                 const std::vector<std::string>& dims = {});

    /// Replaces the value of a variable by an array of the same extents, which is converted to its element
    /// type.
    void assign(const Var& variable, const AnyArray& value);

    /// A leaf that is what it says; an array is copied.
    Var constant(const Operand& value);

    /// The position up to which `rewind` goes back.
    class Mark {
        friend class Tape;
        const Records* records = nullptr;
        std::uint32_t count = 0;
        std::uint64_t serial = 0;
    };
    [[nodiscard]] Mark mark() const;

    /// Forgets all that was recorded after the mark, so that a loop records again and again without growing.
    /// Vars of what is forgotten throw when used. Throws VarError for a mark of another tape or one that was
    /// itself rewound.
    void rewind(const Mark& mark);

    /// The number of records.
    [[nodiscard]] std::size_t size() const;

    /// The Var of this name. Throws NameError, suggesting the nearest, where there is none.
    [[nodiscard]] Var operator[](const std::string& name) const;

    /// All names in the order of recording.
    [[nodiscard]] std::vector<std::string> names() const;

    [[nodiscard]] const std::shared_ptr<Records>& records() const { return records_; }

private:
    std::shared_ptr<Records> records_;
};

/// Gives a Var a name, for messages, printing and `verify`; a Var may have several. Throws NameError where
/// another Var bears it.
Var named(const std::string& name, Var var);

} // namespace xtape
