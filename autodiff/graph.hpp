#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace xtape {

class Records;

/// A function from arrays to arrays, recorded once: the attribute of an operation that calls, maps or scans
/// it. It never changes, is shared by all who hold it, and is equal to another that does the same operations
/// in the same order, whatever its Vars are called.
class Graph {
public:
    using printed_by_xtape = void;

    /// Takes a list of records that nobody appends to any more; `inputs` are leaves of it.
    Graph(std::shared_ptr<Records> records, std::vector<std::uint32_t> inputs,
          std::vector<std::uint32_t> outputs);

    [[nodiscard]] const Records& records() const { return *records_; }
    [[nodiscard]] const std::vector<std::uint32_t>& inputs() const { return inputs_; }
    [[nodiscard]] const std::vector<std::uint32_t>& outputs() const { return outputs_; }

    bool operator==(const Graph& other) const;
    [[nodiscard]] std::size_t hash() const { return hash_; }

    /// `(x, W) ↦ tanh(matmul(W, x))`.
    [[nodiscard]] std::string to_string() const;

private:
    std::shared_ptr<Records> records_;
    std::vector<std::uint32_t> inputs_, outputs_;
    std::size_t hash_ = 0;
};

} // namespace xtape
