#include "check.hpp"
#include <xtape/autodiff/records.hpp>
#include <xtape/autodiff/transform/ops.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <set>
#include <string>

using namespace xtape;

// Each family's test asserts that every one of its own operations is tested there, by name.
BOOST_AUTO_TEST_CASE(all_families_are_in_the_list_once) {
    std::set<std::string> names;
    for (const Op& op : builtin_ops()) {
        BOOST_TEST(names.insert(op.name()).second, op.name() << " is there twice");
        BOOST_TEST(op.name().starts_with("xtape::"));
        BOOST_TEST(!op.definition().notation.text.empty(), op.name() << " has no notation");
        BOOST_TEST(!op.definition().notation.latex.empty(), op.name() << " has no notation");
    }
    std::size_t count = 0;
    for (const auto& family :
         {arithmetic_ops(), exponential_ops(),   trigonometric_ops(), hyperbolic_ops(), activation_ops(),
          piecewise_ops(),  product_ops(),       reduction_ops(),     shaping_ops(),    slicing_ops(),
          indexing_ops(),   cumulative_ops(),    sorting_ops(),       einsum_ops(),     padding_ops(),
          diagonal_ops(),   linear_system_ops(), determinant_ops(),   cholesky_ops(),   eigen_ops(),
          special_ops(),    random_ops(),        transform_ops()})
        for (const Op& op : family) {
            BOOST_TEST(names.contains(op.name()), op.name() << " is not built in");
            ++count;
        }
    BOOST_TEST(count == names.size());
}

BOOST_AUTO_TEST_CASE(every_operation_computes_in_every_scalar_and_differentiates_or_says_that_it_does_not) {
    for (const Op& op : builtin_ops()) {
        const Definition& definition = op.definition();
        BOOST_TEST(static_cast<bool>(std::get<0>(definition.forward)), op.name());
        BOOST_TEST(static_cast<bool>(std::get<1>(definition.forward)), op.name());
        BOOST_TEST(static_cast<bool>(std::get<2>(definition.forward)), op.name());
        BOOST_TEST((definition.without_gradient || definition.vjp || definition.vjp_all || definition.body),
                   op.name());
    }
}

BOOST_AUTO_TEST_CASE(every_operation_on_whole_arrays_has_samples_that_record_and_evaluate) {
    for (const Op& op : builtin_ops()) {
        const Definition& definition = op.definition();
        if (definition.elementwise) continue;
        BOOST_REQUIRE_MESSAGE(static_cast<bool>(definition.samples), op.name() << " has no samples");
        Draw draw(1);
        std::size_t largest = 0;
        for (const Sample& sample : definition.samples(draw)) {
            Tape tape;
            Evaluation<double> evaluation;
            Evaluation<long double> exact;
            std::vector<Var> inputs;
            for (std::size_t k = 0; k < sample.operands.size(); ++k) {
                const AnyArray& operand = sample.operands[k];
                const Kind kind = definition.takes_any_kind() && operand.element() == Element::b8
                                      ? Kind::mask
                                      : definition.kind_of(k);
                inputs.push_back(tape.input("x" + std::to_string(k), Shape(operand.extents()), kind));
                evaluation.bind(inputs[k], operand);
                exact.bind(inputs[k], operand);
                largest = std::max(largest, operand.size());
                BOOST_TEST(operand.all_finite(), op.name());
            }
            const std::uint32_t first = tape.records()->append(op, inputs, sample.attributes);
            const Record& record = tape.records()->record_of(first);
            for (std::uint32_t k = 0; k < record.result_count; ++k) {
                const AnyArray& result = evaluation.array(tape.records()->var(first + k));
                BOOST_TEST(result.all_finite(), op.name() << ", " << sample.attributes.to_string());
            }
            if (!definition.branch) continue;
            // The branches are numbers that a check can compare: as many as there are, the same twice.
            std::vector<AnyArray> operands;
            for (const Var& input : inputs)
                operands.push_back(exact.array(input));
            std::vector<Extents> extents;
            for (std::uint32_t k = 0; k < record.result_count; ++k)
                extents.push_back(exact.array(tape.records()->var(first + k)).extents());
            const Environment environment;
            Call<long double> call(op.name(), operands, sample.attributes, extents, environment,
                                   [](std::size_t) { return "x"; });
            definition.branch(call);
            BOOST_REQUIRE(call.results()[0].has_value());
        }
        BOOST_TEST((largest > 1 || definition.operands.empty()), op.name() << ": no sample has entries");
    }
}
