#pragma once

#include <xtape/autodiff/graph.hpp>
#include <xtape/autodiff/shape.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace xtape {

/// What an attribute can be: an axis, a slope, a flag as text, axes, the shape or the dimension that a result
/// has, the function that is applied.
using Attribute = std::variant<std::int64_t, long double, std::string, Axes, Dim, Shape, Graph>;

/// The attributes of one record, in the order in which the operation names them: comparable, hashable and
/// printable, because they are part of a record's identity.
class Attributes {
public:
    using printed_by_xtape = void;

    using Entry = std::pair<std::string, Attribute>;

    Attributes();
    Attributes(std::initializer_list<Entry> entries);
    explicit Attributes(std::vector<Entry> entries);
    Attributes(const Attributes&);
    Attributes(Attributes&&) noexcept;
    Attributes& operator=(const Attributes&);
    Attributes& operator=(Attributes&&) noexcept;
    ~Attributes();

    [[nodiscard]] bool empty() const { return entries_.empty(); }
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
    [[nodiscard]] bool contains(const std::string& name) const;

    /// The attribute of this name and type. Throws OpError, naming those that there are, where there is none.
    template <class A>
    [[nodiscard]] const A& get(const std::string& name) const {
        const auto* value = std::get_if<A>(&find(name));
        if (!value) throw_wrong_type(name);
        return *value;
    }
    [[nodiscard]] std::int64_t integer(const std::string& name) const { return get<std::int64_t>(name); }
    [[nodiscard]] long double real(const std::string& name) const { return get<long double>(name); }
    [[nodiscard]] const Axes& axes(const std::string& name) const { return get<Axes>(name); }
    [[nodiscard]] const Shape& shape(const std::string& name) const { return get<Shape>(name); }
    [[nodiscard]] const Graph& graph(const std::string& name) const { return get<Graph>(name); }

    bool operator==(const Attributes& other) const;
    [[nodiscard]] std::size_t hash() const;

    /// `axes=[0, 1], keep=1`.
    [[nodiscard]] std::string to_string() const;

private:
    [[nodiscard]] const Attribute& find(const std::string& name) const;
    [[noreturn]] void throw_wrong_type(const std::string& name) const;

    std::vector<Entry> entries_;
};

} // namespace xtape
