#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// Whether a reduced axis stays, with extent one, or goes.
enum class Keep { none, dims };

/// Reductions over the given axes (negative ones count from the end), or over all. Throws ShapeError for an
/// axis that there is not. Over no entries a sum is 0, a product 1, a mean NaN; the largest entry is an error
/// when evaluated.
Var sum(const Var& x);
Var sum(const Var& x, const Axes& axes, Keep keep = Keep::none);

/// The sum divided by the extents of the axes, which are recorded as such: 1/n. An extent that is known to
/// be one divides nothing.
Var mean(const Var& x);
Var mean(const Var& x, const Axes& axes, Keep keep = Keep::none);

/// The largest and the smallest entry; NaN where there is one. Entries that tie share the derivative equally.
Var amax(const Var& x);
Var amax(const Var& x, const Axes& axes, Keep keep = Keep::none);
Var amin(const Var& x);
Var amin(const Var& x, const Axes& axes, Keep keep = Keep::none);

/// The product, whose derivative is right where entries are 0. The extents of the axes must be known.
Var prod(const Var& x);
Var prod(const Var& x, const Axes& axes, Keep keep = Keep::none);

/// log(sum(exp(x))); nothing overflows. Its derivative is the softmax; where all entries are −∞ it is 0,
/// since no finite change of one changes the result.
Var logsumexp(const Var& x);
Var logsumexp(const Var& x, const Axes& axes, Keep keep = Keep::none);

/// The Euclidean norm; nothing overflows. Its derivatives at 0, where there are none, are taken as 0.
Var norm(const Var& x);
Var norm(const Var& x, const Axes& axes, Keep keep = Keep::none);

/// exp(x) / sum(exp(x)) along one axis, and its logarithm; nothing overflows.
Var softmax(const Var& x, std::int64_t axis);
Var log_softmax(const Var& x, std::int64_t axis);

[[nodiscard]] std::span<const Op> reduction_ops();

} // namespace xtape
