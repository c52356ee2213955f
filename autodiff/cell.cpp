#include <xtape/autodiff/cell.hpp>
#include <xtape/autodiff/error.hpp>
#include <xtape/autodiff/shape.hpp>

#include <fmt/format.h>

namespace xtape {

void Cell::assign(AnyArray array) {
    if (array.extents() != array_.extents() || array.element() != array_.element())
        throw BindingError(
            fmt::format("A cell holds an array {} and cannot take one {} or of another element type. "
                        "Convert it first.",
                        to_string(array_.extents()), to_string(array.extents())));
    array_ = array.owned();
    ++version_;
}

} // namespace xtape
