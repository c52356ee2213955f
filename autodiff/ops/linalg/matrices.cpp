#include <xtape/autodiff/ops/linalg/matrices.hpp>
#include <xtape/autodiff/ops/strided.hpp>

#include <fmt/format.h>

namespace xtape::detail {

Shape leading(const Shape& shape, std::size_t core) {
    const std::vector<Dim>& dims = shape.dims();
    return Shape(std::vector<Dim>(dims.begin(), dims.end() - static_cast<std::ptrdiff_t>(core)));
}

Extents leading(const Extents& extents, std::size_t core) {
    return Extents(extents.begin(), extents.end() - static_cast<std::ptrdiff_t>(core));
}

Shape with_dims(const Shape& shape, std::vector<Dim> last) {
    std::vector<Dim> dims = shape.dims();
    dims.insert(dims.end(), last.begin(), last.end());
    return Shape(std::move(dims));
}

Shape broadcast_leading(const Signature& signature, std::size_t core_of_first, std::size_t core_of_second) {
    const Shape first = leading(signature.shape(0), core_of_first),
                second = leading(signature.shape(1), core_of_second);
    auto both = broadcast(first, second);
    if (!both)
        signature.fail(fmt::format("the leading dimensions {} and {} do not broadcast: {}.",
                                   first.to_string(), second.to_string(), why_not_broadcast(first, second)));
    return *both;
}

Dim square(const Signature& signature, std::size_t k) {
    const Shape shape = signature.shape(k);
    const std::size_t rank = shape.rank();
    if (rank < 2 || !same_extent(shape[rank - 2], shape[rank - 1]))
        signature.fail(
            fmt::format("{} must be a square matrix, or an array of them in its last two dimensions.",
                        signature.operand(k)));
    return shape[rank - 1];
}

Shape square_matrices(const Signature& signature) {
    (void)square(signature);
    return signature.shape();
}

std::vector<std::size_t> offsets(const Extents& extents, std::size_t core, const Extents& leading) {
    const Extents own = detail::leading(extents, core);
    const std::size_t size =
        size_of(Extents(extents.end() - static_cast<std::ptrdiff_t>(core), extents.end()));
    std::vector<std::size_t> offsets(size_of(leading));
    for_each_position(leading, broadcast_strides(own, leading), [&](std::size_t i, std::ptrdiff_t at) {
        offsets[i] = static_cast<std::size_t>(at) * size;
    });
    return offsets;
}

std::string matrix_text(const std::string& name, std::size_t n, const Extents& leading,
                        std::size_t position) {
    return fmt::format("{}{} ({}×{})", name, brackets(position_of(position, leading)), n, n);
}

Array<double> draw_matrices(Draw& draw, const Extents& leading, std::size_t n) {
    Extents extents = leading;
    extents.push_back(n);
    extents.push_back(n);
    Array<double> matrices = draw.reals(extents, -0.5, 0.5);
    for (std::size_t k = 0; k < matrices.size(); ++k)
        if (const std::size_t row = k / n % n; row == k % n)
            matrices.data()[k] += static_cast<double>(n + 1 + 2 * row);
    return matrices;
}

} // namespace xtape::detail
