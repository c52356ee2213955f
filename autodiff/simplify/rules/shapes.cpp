#include <xtape/autodiff/simplify/rules/examples.hpp>

#include <algorithm>

namespace xtape {
namespace {

using detail::leaf;

/// An elementwise operation repeats its operands by itself.
Var repeat_last(const Match& m) {
    const Expression& e = m.root();
    if (!e.op().definition().elementwise) return {};
    bool repeated = false;
    std::vector<Var> operands;
    for (std::size_t k = 0; k < e.size(); ++k) {
        const bool here = e[k].is(known().broadcast_to) && m.open(e[k]);
        repeated |= here;
        operands.push_back(here ? e[k][0].var() : e[k].var());
    }
    if (!repeated) return {};
    const Var result = record_all(e.op(), operands, e.attributes())[0];
    if (result.kind() != Kind::real && !same_extents(result.shape(), e.shape())) return {};
    return result.kind() == Kind::real ? with_shape_of(result, e) : result;
}

Var repeat_once(const Match& m) {
    Expression e = m[0];
    while (e.is(known().broadcast_to) || (e.is(known().reshape) && e.single()))
        e = e[0];
    return e == m[0] || !is_broadcast_of(m.root().shape(), e.shape()) ? Var()
                                                                      : with_shape_of(e.var(), m.root());
}

/// One entry under a shape of more axes is that entry repeated.
Var reshape_one_entry(const Match& m) {
    const Expression& e = m.root();
    return e.single() && m[0].shape().rank() < e.shape().rank() ? with_shape_of(m[0].var(), e) : Var();
}

Var reshape_once(const Match& m) {
    return m[0].is(known().reshape) ? reshape(m[0][0].var(), m.root().shape()) : Var();
}

/// The dimensions that are not known to be one, in order.
std::vector<Dim> wide_dims(const Shape& shape) {
    std::vector<Dim> dims;
    for (const Dim& dim : shape.dims())
        if (!dim.is_one()) dims.push_back(dim);
    return dims;
}

/// A sum of which the summed axes are put back has kept them.
Var sum_keeps(const Match& m) {
    if (!m[0].is(known().sum) || m[0].attributes().integer("keep") != 0) return {};
    const Var kept = sum(m[0][0].var(), m[0].attributes().axes("axes"), Keep::dims);
    return same_extents(kept.shape(), m.root().shape()) ? kept : Var();
}

/// New axes of one entry are given to the operands of an elementwise operation.
Var reshape_first(const Match& m) {
    const Expression inner = m[0];
    const Shape shape = m.root().shape(); // what is recorded here may move that of the root
    if (!inner.op().definition().elementwise || !m.open(inner) || inner.single()) return {};
    const std::vector<Dim> before = wide_dims(inner.shape()), after = wide_dims(shape);
    if (before.size() != inner.shape().rank() || !same_extents(Shape(before), Shape(after))) return {};
    std::vector<Var> operands;
    for (std::size_t k = 0; k < inner.size(); ++k) {
        const Var operand = inner[k].var();
        const bool number = operand.rank() == 0;
        if (operand.kind() != Kind::real || !(number || same_extents(operand.shape(), inner.shape())))
            return {};
        operands.push_back(number ? operand : reshape(operand, shape));
    }
    return record_all(inner.op(), operands, inner.attributes())[0];
}

bool is_matrix_transpose(const Expression& e) {
    return e.is(known().transpose) && e.attributes().axes("axes") == Axes{1, 0};
}

Var transpose_twice(const Match& m) {
    if (!m[0].is(known().transpose)) return {};
    const Axes &outer = m.root().attributes().axes("axes"), &inner = m[0].attributes().axes("axes");
    Axes both;
    for (const std::int64_t axis : outer)
        both.push_back(inner[static_cast<std::size_t>(axis)]);
    return both == all_axes(both.size()) ? m[0][0].var() : transpose(m[0][0].var(), both);
}

/// (A Bᵀ)ᵀ = B Aᵀ, where that leaves fewer transposes.
Var transpose_of_product(const Match& m) {
    const Expression product = m[0];
    if (!is_matrix_transpose(m.root()) || !product.is(known().matmul) || !m.free(product)) return {};
    if (!is_matrix_transpose(product[0]) && !is_matrix_transpose(product[1])) return {};
    return matmul(transpose(product[1].var()), transpose(product[0].var()));
}

Var sum_of_one(const Match& m) {
    const Expression& e = m.root();
    for (const std::int64_t axis : e.attributes().axes("axes"))
        if (!m[0].shape()[static_cast<std::size_t>(axis)].is_one()) return {};
    return reshape(m[0].var(), e.shape());
}

/// A sum over an axis along which all entries are the same is the extent times one of them.
Var sum_of_repeated(const Match& m) {
    if (!m[0].is(known().broadcast_to) || !m.open(m[0])) return {};
    const Var wide = m[0].var(), narrow = m[0][0].var();
    const std::size_t offset = wide.rank() - narrow.rank();
    std::vector<Dim> dims = wide.shape().dims();
    std::vector<Var> extents;
    Axes left;
    for (const std::int64_t axis : m.root().attributes().axes("axes")) {
        const auto k = static_cast<std::size_t>(axis);
        if (dims[k].is_one()) continue;
        if (k >= offset && !narrow.shape()[k - offset].is_one()) {
            left.push_back(axis);
            continue;
        }
        extents.push_back(extent(wide, axis));
        dims[k] = Dim(1);
    }
    if (extents.empty()) return {};
    Var result = broadcast_to(narrow, Shape(dims));
    if (!left.empty()) result = sum(result, left, Keep::dims);
    for (const Var& factor : extents)
        result = factor * result;
    return reshape(result, m.root().shape());
}

} // namespace

std::vector<Rule> shape_rules() {
    const Known& k = known();
    return {
        {"repeat last",
         Agreement::exact,
         Goal::both,
         {},
         "An elementwise operation repeats its operands by itself; where none of them has the full shape any "
         "more, the result is repeated.",
         repeat_last,
         {[](Tape& t, Draw& d) {
              const Var x = leaf(t, d, "x", {3, 1}), y = leaf(t, d, "y", {3, 4});
              return y * broadcast_to(x, {3, 4});
          },
          [](Tape& t, Draw& d) {
              return tanh(broadcast_to(leaf(t, d, "x", {1}), {2, 1}));
          },
          [](Tape& t, Draw& d) {
              return exp(broadcast_to(leaf(t, d, "x", {}), {0, 3}));
          }},
         {[](Tape& t, Draw& d) {
             return sum(broadcast_to(leaf(t, d, "x", {3, 1}), {3, 4}));
         }}},
        {"repeat once",
         Agreement::exact,
         Goal::both,
         {k.broadcast_to},
         "What is repeated twice, or put under a shape first, is repeated from where it began, if that "
         "broadcasts to the same shape.",
         repeat_once,
         {[](Tape& t, Draw& d) {
              return broadcast_to(broadcast_to(leaf(t, d, "x", {3, 1}), {3, 4}), {2, 3, 4});
          },
          [](Tape& t, Draw& d) {
              return broadcast_to(reshape(leaf(t, d, "x", {}), {1, 1}), {2, 3});
          }},
         {[](Tape& t, Draw& d) {
             return broadcast_to(reshape(leaf(t, d, "x", {3}), {3, 1}), {3, 3});
         }}},
        {"reshape one entry",
         Agreement::exact,
         Goal::both,
         {k.reshape},
         "A single entry under more axes is that entry, repeated once.",
         reshape_one_entry,
         {[](Tape& t, Draw& d) {
             return reshape(leaf(t, d, "x", {}), {1, 1});
         }},
         {[](Tape& t, Draw& d) {
              return reshape(leaf(t, d, "x", {1, 1}), {1});
          },
          [](Tape& t, Draw& d) {
              return reshape(leaf(t, d, "x", {2}), {1, 2});
          }}},
        {"reshape once",
         Agreement::exact,
         Goal::both,
         {k.reshape},
         "Of two shapes in a row the second counts.",
         reshape_once,
         {[](Tape& t, Draw& d) {
              return reshape(reshape(leaf(t, d, "x", {2, 3}), {6}), {3, 2});
          },
          [](Tape& t, Draw& d) {
              return reshape(reshape(leaf(t, d, "x", {0, 3}), {0}), {3, 0});
          }}},
        {"sum keeps its axes",
         Agreement::exact,
         Goal::both,
         {k.reshape},
         "A sum whose axes are put back is one that keeps them.",
         sum_keeps,
         {[](Tape& t, Draw& d) {
              return expand_dims(sum(leaf(t, d, "x", {2, 3}), {0}), {0});
          },
          [](Tape& t, Draw& d) {
              return expand_dims(sum(leaf(t, d, "x", {0, 3}), {0}), {0});
          }},
         {[](Tape& t, Draw& d) {
             return expand_dims(sum(leaf(t, d, "x", {2, 3}), {0}), {1});
         }}},
        {"reshape first",
         Agreement::exact,
         Goal::both,
         {k.reshape},
         "New axes of one entry may be given to the operands of an elementwise operation, each of which has "
         "the shape of the result or is one number.",
         reshape_first,
         {[](Tape& t, Draw& d) { return expand_dims(2 * leaf(t, d, "x", {3}) + leaf(t, d, "y", {3}), {1}); },
          [](Tape& t, Draw& d) { return expand_dims(tanh(leaf(t, d, "x", {0})), {0}); }},
         {[](Tape& t, Draw& d) {
              return reshape(tanh(leaf(t, d, "x", {2, 3})), {3, 2});
          },
          [](Tape& t, Draw& d) {
              return expand_dims(leaf(t, d, "x", {2, 3}) * leaf(t, d, "y", {3}), {0});
          }}},
        {"copy",
         Agreement::exact,
         Goal::both,
         {k.copy},
         "A copy is what it was made of.",
         [](const Match& m) { return m[0].var(); },
         {[](Tape& t, Draw& d) {
              return detail::copy_of(leaf(t, d, "x", {2, 3}));
          },
          [](Tape& t, Draw& d) {
              return tanh(detail::copy_of(leaf(t, d, "x", {0, 3})));
          }}},
        {"transpose twice",
         Agreement::exact,
         Goal::both,
         {k.transpose},
         "Two orders of axes in a row are one, and none where it is the given order.",
         transpose_twice,
         {[](Tape& t, Draw& d) {
              return transpose(transpose(leaf(t, d, "x", {2, 3})));
          },
          [](Tape& t, Draw& d) {
              return transpose(transpose(leaf(t, d, "x", {2, 3, 4}), {2, 0, 1}), {1, 0, 2});
          }}},
        {"transpose of a product",
         Agreement::rounding,
         Goal::both,
         {k.transpose},
         "(A Bᵀ)ᵀ = B Aᵀ, used where that leaves fewer transposes.",
         transpose_of_product,
         {[](Tape& t, Draw& d) {
              return transpose(matmul(leaf(t, d, "A", {2, 3}), transpose(leaf(t, d, "B", {4, 3}))));
          },
          [](Tape& t, Draw& d) {
              return transpose(
                  matmul(transpose(leaf(t, d, "A", {3, 2})), transpose(leaf(t, d, "B", {1, 3}))));
          }},
         {[](Tape& t, Draw& d) {
              return transpose(matmul(leaf(t, d, "A", {2, 3}), leaf(t, d, "B", {3, 4})));
          },
          // Axes in another order than a matrix's transpose has, or more of them.
          [](Tape& t, Draw& d) {
              return transpose(matmul(leaf(t, d, "A", {3, 3}), transpose(leaf(t, d, "B", {3, 3}))), {0, 1});
          },
          [](Tape& t, Draw& d) {
              return transpose(matmul(leaf(t, d, "A", {2, 4, 3}), transpose(leaf(t, d, "B", {5, 3}))));
          }}},
        {"extent of one",
         Agreement::exact,
         Goal::both,
         {k.extent},
         "An extent that is known to be one is the number 1, so that the mean over one example divides by "
         "nothing.",
         [](const Match& m) {
             return m.root().attributes().get<Dim>("dim").is_one()
                        ? Operand(1).on(m.records().shared_from_this())
                        : Var();
         },
         {[](Tape& t, Draw& d) {
             return extent(leaf(t, d, "x", {3, 1}), 1);
         }},
         {[](Tape& t, Draw& d) {
              return extent(leaf(t, d, "x", {3, 1}), 0);
          },
          [](Tape& t, Draw&) { return extent(t.input("x", {Dim("n")}), 0); }}},
        {"sum over one entry",
         Agreement::rounding,
         Goal::both,
         {k.sum},
         "A sum over axes of extent one is its operand (0 + x, so that −0 becomes 0).",
         sum_of_one,
         {[](Tape& t, Draw& d) {
              return sum(leaf(t, d, "x", {3, 1}), {1});
          },
          [](Tape& t, Draw& d) {
              return sum(leaf(t, d, "x", {1, 1}), {0, 1}, Keep::dims);
          }},
         {[](Tape& t, Draw& d) {
              return sum(leaf(t, d, "x", {1, 2}), {0, 1});
          },
          [](Tape& t, Draw& d) {
              return sum(leaf(t, d, "x", {0, 1}), {0});
          }}},
        {"sum of equal entries",
         Agreement::real,
         Goal::both,
         {k.sum},
         "Over an axis along which x is repeated, Σ x = n x. Real, since 0 · ∞ is NaN where the axis is "
         "empty.",
         sum_of_repeated,
         {[](Tape& t, Draw& d) {
              return sum(broadcast_to(leaf(t, d, "x", {3, 1}), {3, 4}), {1});
          },
          [](Tape& t, Draw& d) {
              return sum(broadcast_to(leaf(t, d, "x", {}), {2, 3}));
          },
          [](Tape& t, Draw& d) {
              return sum(broadcast_to(leaf(t, d, "x", {3, 1}), {3, 0}), {1}, Keep::dims);
          },
          [](Tape& t, Draw& d) {
              return sum(broadcast_to(leaf(t, d, "x", {3, 1}), {3, 4}));
          }},
         {[](Tape& t, Draw& d) {
             return sum(broadcast_to(leaf(t, d, "x", {3, 1}), {3, 4}), {0});
         }}},
    };
}

} // namespace xtape
