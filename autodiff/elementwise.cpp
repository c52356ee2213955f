#include <xtape/autodiff/define.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xtape::detail {
namespace {

/// Strides, in entries, with which an operand of these extents is read along the axes of the result: 0 where
/// it is broadcast.
std::vector<std::ptrdiff_t> broadcast_strides(const Extents& operand, const Extents& result) {
    std::vector<std::ptrdiff_t> strides(result.size(), 0);
    std::ptrdiff_t stride = 1;
    for (std::size_t back = 1; back <= operand.size(); ++back) {
        const std::size_t extent = operand[operand.size() - back];
        if (extent != 1) strides[result.size() - back] = stride;
        stride *= static_cast<std::ptrdiff_t>(extent);
    }
    return strides;
}

template <class T>
const void* entries(const AnyArray& array) {
    switch (array.element()) {
    case Element::i64:
        return array.data<std::int64_t>();
    case Element::b8:
        return array.data<bool>();
    default:
        return array.data<T>();
    }
}

std::size_t entry_size(Element element, std::size_t real) {
    return element == Element::i64 ? sizeof(std::int64_t) : element == Element::b8 ? sizeof(bool) : real;
}

} // namespace

template <std::floating_point T>
void run_elementwise(Call<T>& call, const RowLoop<T>& loop, const std::vector<std::string>& attributes,
                     Kind result) {
    const Extents& extents = call.extents();
    char* out = result == Kind::mask ? reinterpret_cast<char*>(call.template allocate<bool>())
                                     : reinterpret_cast<char*>(call.template allocate<T>());
    const std::size_t out_size = result == Kind::mask ? sizeof(bool) : sizeof(T);

    std::vector<T> numbers;
    numbers.reserve(attributes.size());
    std::vector<const void*> in;
    std::vector<std::vector<std::ptrdiff_t>> strides;
    std::vector<std::size_t> sizes;
    for (std::size_t k = 0; k < call.size(); ++k) {
        in.push_back(entries<T>(call.operand(k)));
        strides.push_back(broadcast_strides(call.operand(k).extents(), extents));
        sizes.push_back(entry_size(call.operand(k).element(), sizeof(T)));
    }
    for (const std::string& name : attributes) {
        numbers.push_back(static_cast<T>(call.attributes().real(name)));
        in.push_back(&numbers.back());
        strides.emplace_back(extents.size(), 0);
        sizes.push_back(sizeof(T));
    }

    // Rows are the innermost axis; the axes before it are counted like an odometer.
    const std::size_t rank = extents.size();
    const std::size_t row = rank == 0 ? 1 : extents[rank - 1];
    std::vector<std::ptrdiff_t> row_strides(in.size(), 0);
    if (rank > 0)
        for (std::size_t k = 0; k < in.size(); ++k)
            row_strides[k] = strides[k][rank - 1];
    std::size_t rows = row == 0 ? 0 : size_of(extents) / row;
    std::vector<std::size_t> position(rank, 0);
    std::vector<const void*> at = in;
    for (; rows > 0; --rows, out += row * out_size) {
        loop(at.data(), row_strides.data(), out, row);
        for (std::size_t axis = rank < 2 ? 0 : rank - 1; axis-- > 0;) {
            if (++position[axis] < extents[axis]) break;
            position[axis] = 0;
        }
        for (std::size_t k = 0; k < in.size(); ++k) {
            std::ptrdiff_t offset = 0;
            for (std::size_t axis = 0; axis + 1 < rank; ++axis)
                offset += strides[k][axis] * static_cast<std::ptrdiff_t>(position[axis]);
            at[k] = static_cast<const char*>(in[k]) + offset * static_cast<std::ptrdiff_t>(sizes[k]);
        }
    }
}

template void run_elementwise(Call<float>&, const RowLoop<float>&, const std::vector<std::string>&, Kind);
template void run_elementwise(Call<double>&, const RowLoop<double>&, const std::vector<std::string>&, Kind);
template void run_elementwise(Call<long double>&, const RowLoop<long double>&,
                              const std::vector<std::string>&, Kind);

void elementwise_shape(const Signature& signature, const std::vector<std::string>& attributes, Kind result,
                       std::vector<ResultType>& results) {
    for (const auto& [name, value] : signature.attributes().entries())
        if (std::ranges::find(attributes, name) == attributes.end())
            throw OpError(
                fmt::format("{}: it has no attribute {}; it has {}.", signature.call(), name,
                            attributes.empty() ? "none" : fmt::format("{}", fmt::join(attributes, ", "))));
    for (const std::string& name : attributes)
        try {
            (void)signature.attributes().real(name);
        } catch (const OpError& error) {
            throw OpError(fmt::format("{}: {} Give it a real number: {{{{\"{}\", 0.5}}}}.", signature.call(),
                                      error.what(), name));
        }
    results.emplace_back(signature.broadcast(), result);
}

} // namespace xtape::detail
