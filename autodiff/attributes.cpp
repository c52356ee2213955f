#include <xtape/autodiff/attributes.hpp>
#include <xtape/autodiff/error.hpp>
#include <xtape/autodiff/hash.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace xtape {
namespace {

std::string text_of(std::int64_t value) { return fmt::to_string(value); }
std::string text_of(long double value) { return fmt::format("{}", static_cast<double>(value)); }
std::string text_of(const std::string& value) { return value; }
std::string text_of(const Axes& value) { return fmt::format("[{}]", fmt::join(value, ", ")); }
std::string text_of(const Dim& value) { return value.to_string(); }
std::string text_of(const Shape& value) { return value.to_string(); }
std::string text_of(const Graph& value) { return value.to_string(); }

std::size_t hash_of(const Attribute& attribute) {
    std::size_t seed = attribute.index();
    if (const auto* number = std::get_if<long double>(&attribute)) {
        detail::mix(seed, std::hash<long double>{}(*number));
    } else if (const auto* graph = std::get_if<Graph>(&attribute)) {
        detail::mix(seed, graph->hash());
    } else {
        detail::mix(seed, std::hash<std::string>{}(
                              std::visit([](const auto& value) { return text_of(value); }, attribute)));
    }
    return seed;
}

} // namespace

// Defined here, so that a program that includes the header need not instantiate the variant's copies.
Attributes::Attributes() = default;
Attributes::Attributes(std::initializer_list<Entry> entries) : entries_(entries) {}
Attributes::Attributes(std::vector<Entry> entries) : entries_(std::move(entries)) {}
Attributes::Attributes(const Attributes&) = default;
Attributes::Attributes(Attributes&&) noexcept = default;
Attributes& Attributes::operator=(const Attributes&) = default;
Attributes& Attributes::operator=(Attributes&&) noexcept = default;
Attributes::~Attributes() = default;

bool Attributes::operator==(const Attributes& other) const { return entries_ == other.entries_; }

bool Attributes::contains(const std::string& name) const {
    return std::ranges::any_of(entries_, [&](const Entry& entry) { return entry.first == name; });
}

const Attribute& Attributes::find(const std::string& name) const {
    for (const auto& [key, value] : entries_)
        if (key == name) return value;
    throw OpError(
        fmt::format("No attribute is called {}; there is: {}.", name, empty() ? "none" : to_string()));
}

void Attributes::throw_wrong_type(const std::string& name) const {
    throw OpError(
        fmt::format("Attribute {} has another type than was asked for, in: {}.", name, to_string()));
}

std::size_t Attributes::hash() const {
    std::size_t seed = entries_.size();
    for (const auto& [key, value] : entries_) {
        detail::mix(seed, std::hash<std::string>{}(key));
        detail::mix(seed, hash_of(value));
    }
    return seed;
}

std::string Attributes::to_string() const {
    std::string text;
    for (const auto& [key, value] : entries_)
        text += fmt::format("{}{}={}", text.empty() ? "" : ", ", key,
                            std::visit([](const auto& v) { return text_of(v); }, value));
    return text;
}

} // namespace xtape
