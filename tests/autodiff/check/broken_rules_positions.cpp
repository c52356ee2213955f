#include "broken_rules.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace broken {

using namespace xtape;

namespace {

std::vector<Sample> vectors(Draw& draw) {
    return {{{draw.reals({5})}, {}}, {{draw.reals({1})}, {}}, {{draw.reals({0})}, {}}};
}

/// The permutation that sorts a vector, and a vector's entries taken from or put at positions.
const Op order_op = operation("right::order")
                        .operands({Kind::real})
                        .shape([](const Signature& s) {
                            return ResultType{s.shape(), Kind::index};
                        })
                        .forward([](auto& call) {
                            const auto* x = call.operand(0).template data<value_of<decltype(call)>>();
                            auto* to = call.template allocate<std::int64_t>();
                            const std::size_t n = call.operand(0).size();
                            std::iota(to, to + n, 0);
                            std::stable_sort(to, to + n, [x](auto a, auto b) { return x[a] < x[b]; });
                        })
                        .without_gradient()
                        .notation("order({0})", R"(\operatorname{order}({0}))")
                        .samples(vectors);

Var put(const Var& entries, const Var& positions, const Dim& extent);
Var take(const Var& entries, const Var& positions);

std::vector<Sample> entries_and_positions(Draw& draw) {
    return {{{draw.reals({4}), Array<std::int64_t>{2, 0, 2, 1, 2}}, {}}};
}

const Op take_op =
    operation("right::take")
        .operands({Kind::real, Kind::index})
        .shape([](const Signature& s) { return s.shape(1); })
        .forward([](auto& call) {
            auto* to = call.allocate();
            for (const std::int64_t at : call.index(1))
                *to++ = call.operand(0).template data<value_of<decltype(call)>>()[at];
        })
        .vjp([](const Pullback& p) { return put(g(p), p.input(1), p.input(0).shape()[0]); }, no_gradient)
        .notation("{0}[{1}]", "{0}_{{1}}")
        .samples(entries_and_positions);

const Op put_op = operation("right::put")
                      .operands({Kind::real, Kind::index})
                      .shape([](const Signature& s) { return s.attributes().shape("shape"); })
                      .forward([](auto& call) {
                          auto* to = call.allocate();
                          const auto* from = call.operand(0).template data<value_of<decltype(call)>>();
                          for (const std::int64_t at : call.index(1))
                              to[at] += *from++;
                      })
                      .vjp([](const Pullback& p) { return take(g(p), p.input(1)); }, no_gradient)
                      .notation("put({0}, {1})", R"(\operatorname{put}({0}, {1}))");

Var put(const Var& entries, const Var& positions, const Dim& extent) {
    return record(put_op, {entries, positions}, {{"shape", Shape{extent}}});
}
Var take(const Var& entries, const Var& positions) { return record(take_op, {entries, positions}); }
Var order(const Var& x) { return record(order_op, {x}); }

Op sort_op() {
    return operation("right::sort")
        .operands({Kind::real})
        .shape(same_shape)
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            const T* x = call.operand(0).template data<T>();
            T* to = call.allocate();
            std::partial_sort_copy(x, x + call.operand(0).size(), to, to + call.operand(0).size());
        })
        .kink("two entries tie",
              [](auto& call) {
                  const auto* x = call.operand(0).template data<value_of<decltype(call)>>();
                  auto at = Array<std::int64_t>::from_shape({call.operand(0).size()});
                  std::iota(at.begin(), at.end(), 0);
                  std::stable_sort(at.begin(), at.end(), [x](auto a, auto b) { return x[a] < x[b]; });
                  return at;
              })
        .vjp([](const Pullback& p) { return put(g(p), order(p.input()), p.input().shape()[0]); })
        .notation("sort({0})", R"(\operatorname{sort}({0}))")
        .samples([](Draw& draw) {
            Array<double> x{0.75, -1.5, 2.25, 0.25, -0.5}; // its permutation is not its own inverse
            for (double& entry : x)
                entry += draw.uniform(-0.1, 0.1);
            return std::vector<Sample>{{{std::move(x)}, {}}};
        });
}

/// Two vectors, one after the other.
Op joined_op() {
    const auto from = [](std::int64_t begin) {
        return [begin](const Pullback& p) { return slice(g(p), 0, begin, begin + 3); };
    };
    return operation("right::joined")
        .operands({Kind::real, Kind::real})
        .shape([](const Signature& s) { return Shape{s.shape(0)[0].extent() + s.shape(1)[0].extent()}; })
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            T* to = call.allocate();
            for (std::size_t k = 0; k < 2; ++k)
                to = std::copy_n(call.operand(k).template data<T>(), call.operand(k).size(), to);
        })
        .vjp(from(0), from(3))
        .notation("({0}; {1})", "({0}; {1})")
        .samples([](Draw& draw) {
            return std::vector<Sample>{{{draw.reals({3}), draw.reals({3})}, {}}};
        });
}

/// A vector with one zero before it and two after.
Op padded_op() {
    return operation("right::padded")
        .operands({Kind::real})
        .shape([](const Signature& s) { return Shape{s.shape()[0].extent() + 3}; })
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            std::copy_n(call.operand(0).template data<T>(), call.operand(0).size(), call.allocate() + 1);
        })
        .vjp([](const Pullback& p) {
            return slice(g(p), 0, 1, 1 + static_cast<std::int64_t>(p.input().shape()[0].extent()));
        })
        .notation("pad({0})", R"(\operatorname{pad}({0}))")
        .samples(vectors);
}

Var rolled(const Var& x, std::int64_t by) {
    const auto n = static_cast<std::int64_t>(x.shape()[0].extent());
    if (n == 0) return x;
    const std::int64_t cut = ((n - by) % n + n) % n;
    return concatenate({slice(x, 0, cut, n), slice(x, 0, 0, cut)}, 0);
}

Op roll_op() {
    return operation("right::roll")
        .operands({Kind::real})
        .shape(same_shape)
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            const std::size_t n = call.operand(0).size();
            T* to = call.allocate();
            for (std::size_t i = 0; i < n; ++i)
                to[(i + 2) % n] = call.operand(0).template data<T>()[i];
        })
        .vjp([](const Pullback& p) { return rolled(g(p), -2); })
        .notation("roll({0})", R"(\operatorname{roll}({0}))")
        .samples(vectors);
}

Op reversed_op() {
    return operation("right::reversed")
        .operands({Kind::real})
        .shape(same_shape)
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            const T* x = call.operand(0).template data<T>();
            std::reverse_copy(x, x + call.operand(0).size(), call.allocate());
        })
        .vjp([](const Pullback& p) { return flip(g(p), {0}); })
        .notation("reverse({0})", R"(\operatorname{reverse}({0}))")
        .samples(vectors);
}

/// A signal of five and a kernel of three: y_i = Σ_k x_(i+k) w_(2−k).
Op convolution_op() {
    const auto window = [](const Var& x, std::int64_t k) { return slice(x, 0, k, k + 3); };
    return operation("right::convolution")
        .operands({Kind::real, Kind::real})
        .shape([](const Signature&) { return Shape{3}; })
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            T* to = call.allocate();
            for (std::size_t i = 0; i < 3; ++i)
                for (std::size_t k = 0; k < 3; ++k)
                    to[i] +=
                        call.operand(0).template data<T>()[i + k] * call.operand(1).template data<T>()[2 - k];
        })
        .vjp(
            [](const Pullback& p) {
                const Var zeros = Operand(Array<double>{0, 0}).on(g(p).records());
                const Var wide = concatenate({zeros, g(p), zeros}, 0);
                std::vector<Var> parts;
                for (std::int64_t i = 0; i < 5; ++i)
                    parts.push_back(dot(slice(wide, 0, i, i + 3), p.input(1)));
                return stack(parts, 0);
            },
            [window](const Pullback& p) {
                std::vector<Var> parts;
                for (std::int64_t k = 2; k >= 0; --k)
                    parts.push_back(dot(window(p.input(0), k), g(p)));
                return stack(parts, 0);
            })
        .notation("{0} ∗ {1}", "{0} * {1}", 20)
        .samples([](Draw& draw) {
            return std::vector<Sample>{{{draw.reals({5}), draw.reals({3})}, {}}};
        });
}

/// The entries column by column.
Op columnwise_op() {
    return operation("right::columnwise")
        .operands({Kind::real})
        .shape([](const Signature& s) { return Shape{s.shape()[0].extent() * s.shape()[1].extent()}; })
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            const auto [rows, columns] = rows_and_columns(call);
            T* to = call.allocate();
            for (std::size_t j = 0; j < columns; ++j)
                for (std::size_t i = 0; i < rows; ++i)
                    *to++ = call.operand(0).template data<T>()[i * columns + j];
        })
        .vjp([](const Pullback& p) {
            const Shape s = p.input().shape();
            return transpose(reshape(g(p), {s[1], s[0]}));
        })
        .notation("vec({0})", R"(\operatorname{vec}({0}))")
        .samples([](Draw& draw) {
            return std::vector<Sample>{{{draw.reals({3, 3})}, {}}};
        });
}

/// sin of each of forty entries: a Jacobian of 1600 entries of which 1560 are zero.
Op sparse_op() {
    return operation("right::forty_sines")
        .operands({Kind::real})
        .shape(same_shape)
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            const T* x = call.operand(0).template data<T>();
            std::transform(x, x + call.operand(0).size(), call.allocate(), [](T v) { return std::sin(v); });
        })
        .vjp([](const Pullback& p) { return g(p) * cos(p.input()); })
        .notation("sin({0})", R"(\sin({0}))")
        .samples([](Draw& draw) {
            return std::vector<Sample>{{{draw.reals({40})}, {}}};
        });
}

/// Zeros, and `value` at one of forty entries.
Var at_entry(const Var& like, std::size_t entry, double value) {
    Array<double> zeros = xt::zeros<double>({std::size_t{40}});
    zeros(entry) = value;
    return Operand(zeros).on(like.records());
}

/// A vector's sum and the sum of its squares.
Op moments_op() {
    return operation("right::moments")
        .operands({Kind::real})
        .shape([](const Signature&) {
            return std::vector<ResultType>{Shape{}, Shape{}};
        })
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            T* first = call.allocate(0);
            T* second = call.allocate(1);
            for (const T v : call.real(0)) {
                *first += v;
                *second += v * v;
            }
        })
        .vjp([](const Pullback& p) { return p.cotangent(0) + 2 * p.cotangent(1) * p.input(); })
        .notation("moments({0})", R"(\operatorname{moments}({0}))")
        .samples(vectors);
}
} // namespace

std::vector<BrokenRule> of_positions() {
    const std::string first = "derivative";
    return {
        {"sort_not_put_back", "The cotangent in sorted order.", sort_op(),
         rule([](const Pullback& p) { return g(p); }), first},
        {"sort_by_the_inverse", "The permutation for its inverse.", sort_op(),
         rule([](const Pullback& p) { return take(g(p), order(p.input())); }), first},
        {"repeated_positions_averaged", "A position that is taken three times gets a third.", take_op,
         rule([](const Pullback& p) {
             const Dim extent = p.input(0).shape()[0];
             const Var times = put(ones_like(g(p)), p.input(1), extent);
             return put(g(p), p.input(1), extent) / maximum(times, 1);
         }),
         first},
        {"halves_swapped", "Each half's cotangent goes to the other.", joined_op(),
         [](Definition& d) {
             d.vjp = [right = d.vjp](const Pullback& p, std::size_t k) { return right(p, 1 - k); };
         },
         first},
        {"second_half_off_by_one", "The slice begins one entry too early.", joined_op(),
         rule([](const Pullback& p) { return slice(g(p), 0, 2, 5); }, 1), first},
        {"padding_ignored", "The first entries for those behind the padding.", padded_op(),
         rule([](const Pullback& p) {
             return slice(g(p), 0, 0, static_cast<std::int64_t>(p.input().shape()[0].extent()));
         }),
         first},
        {"rolled_the_same_way", "The cotangent is rolled on, not back.", roll_op(),
         rule([](const Pullback& p) { return rolled(g(p), 2); }), first},
        {"not_reversed", "The cotangent in the order of the result.", reversed_op(),
         rule([](const Pullback& p) { return g(p); }), first},
        {"kernel_not_flipped", "The kernel's cotangent in reverse order.", convolution_op(),
         altered([](const Pullback&, const Var& right) { return flip(right, {0}); }, 1), first},
        {"convolution_in_the_valid_part_only", "The borders of the signal get nothing.", convolution_op(),
         altered([](const Pullback&, const Var& right) {
             return right * Operand(Array<double>{0, 1, 1, 1, 0}).on(right.records());
         }),
         first},
        {"row_major_for_column_major", "Reshaped without the transpose; the matrix is square.",
         columnwise_op(), rule([](const Pullback& p) { return reshape(g(p), p.input().shape()); }), first},
        {"one_diagonal_entry_of_forty", "One part in ten thousand too much in one of 1600 entries.",
         sparse_op(),
         altered([](const Pullback&, const Var& right) { return right * (1 + at_entry(right, 17, 1e-4)); }),
         first},
        {"one_entry_among_zeros", "One of 1560 entries that are zero is 1e-4.", sparse_op(),
         altered([](const Pullback& p, const Var& right) {
             return right + at_entry(right, 17, 1e-4) * sum(slice(g(p), 0, 3, 4));
         }),
         first},
        {"errors_that_cancel", "+δ in one entry and −δ in another: no sum of the entries shows it.",
         sparse_op(), altered([](const Pullback& p, const Var& right) {
             return right + (at_entry(right, 5, 1e-3) - at_entry(right, 6, 1e-3)) * sum(g(p));
         }),
         first},
        {"errors_that_cancel_along_ones", "The rows of the Jacobian's error add up to zero.", sparse_op(),
         altered([](const Pullback& p, const Var& right) { return right + 1e-3 * (g(p) - mean(g(p))); }),
         first},
        {"neighbours_swapped", "Each entry's cotangent went to its neighbour.", sparse_op(),
         rule([](const Pullback& p) { return rolled(g(p) * cos(p.input()), 1); }), first},
        {"second_result_ignored", "The cotangent of the second result is not used.", moments_op(),
         rule([](const Pullback& p) { return broadcast_to(p.cotangent(0), p.input().shape()); }), first},
        {"results_swapped", "The cotangents of the two results are exchanged.", moments_op(),
         rule([](const Pullback& p) { return p.cotangent(1) + 2 * p.cotangent(0) * p.input(); }), first},
    };
}

} // namespace broken
