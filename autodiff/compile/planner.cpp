/// From records to steps: which operations share a loop, and where values lie.

#include <xtape/autodiff/compile/readers.hpp>
#include <xtape/autodiff/compile/step_builder.hpp>
#include <xtape/autodiff/step.hpp>

#include <algorithm>
#include <limits>
#include <map>

namespace xtape::detail {
namespace {

constexpr std::size_t most_folded = 4096; // entries that a plan may hold of a folded constant

template <class T>
Element element_of_kind(Kind kind) {
    return kind == Kind::real ? element_of<T> : kind == Kind::mask ? Element::b8 : Element::i64;
}

} // namespace

template <std::floating_point T>
class Planner : StepBuilder<T> {
public:
    Planner(Plan<T>& plan, std::size_t results, const std::vector<std::uint32_t>& outputs)
        : StepBuilder<T>(plan), records_(*plan.records_), readers_(records_, outputs, plan.environment_),
          views_(results), folded_(results) {}

    void take_inputs(const std::vector<std::pair<Shape, std::uint32_t>>& inputs) {
        for (std::size_t k = 0; k < inputs.size(); ++k) {
            const std::uint32_t id = inputs[k].second;
            if (id == static_cast<std::uint32_t>(-1)) continue;
            const Extents& extents = plan_.input_extents_[k];
            views_[id] =
                held(id, {Place::input, k, size_of(extents), element_of_kind<T>(records_.result(id).kind)},
                     extents);
        }
    }

    void take(std::uint32_t index) {
        const Record& record = records_.record(index);
        const std::uint32_t id = record.first_result;
        if (views_[id]) return; // an input
        plan(index, record);
        for (std::uint32_t k = 0; k < record.result_count; ++k)
            views_[id + k]->tiled = tiled_axis(id + k);
    }

    void finish(const std::vector<std::uint32_t>& outputs) {
        const bool may_throw = std::ranges::any_of(plan_.steps_, [](const PlanStep<T>& step) {
            return std::holds_alternative<Fallback>(step.work);
        });
        for (std::size_t k = 0; k < outputs.size(); ++k) {
            const ArrayView view = *views_[outputs[k]];
            plan_.output_extents_.push_back(plan_.environment_.extents(records_.result(outputs[k]).shape));
            Storage& storage = plan_.storages_[view.storage];
            // Rows of a tile lie apart where an axis comes before the tiled one.
            const Strides strides = row_major_strides(plan_.output_extents_.back());
            const bool adjacent = ArrayView{0, view.extents, strides}.contiguous();
            const std::size_t column =
                view.tiled ? static_cast<std::size_t>(strides[*view.tiled]) * sizeof(T) : 0;
            // Computed where it is asked for, unless what throws half way would leave it half done.
            if (!may_throw && adjacent && storage.place == Place::nowhere &&
                storage.element == element_of<T> && view.contiguous() &&
                size_of(view.extents) == storage.entries) {
                storage.place = Place::output;
                storage.at = k;
                storage.column = column;
                keep(view.storage);
                continue;
            }
            const std::size_t to =
                add({Place::output, k, size_of(view.extents), element_of<T>, view.tiled.has_value(), column},
                    none);
            const std::size_t step =
                may_throw ? new_loop(squeezed(view.extents), squeezed(view.tiled, view.extents))
                          : loop_for(squeezed(view.extents), {view});
            const std::size_t slot = load(step, view);
            Loop<T>& loop = *this->loop(step);
            loop.instructions.push_back({block_kernels<T>()[Primitive::copy], "copy", {slot}, loop.slots});
            loop.stores.push_back({loop.slots++, to, element_of<T>, squeezed(strides, view.extents)});
        }
    }

private:
    using Base = StepBuilder<T>;
    using Base::add;
    using Base::adjacent;
    using Base::barrier_;
    using Base::broadcast;
    using Base::carries;
    using Base::compute_in_loop;
    using Base::constant;
    using Base::keep;
    using Base::load;
    using Base::loop;
    using Base::loop_for;
    using Base::multiply;
    using Base::new_loop;
    using Base::none;
    using Base::plan_;
    using Base::producers_;
    using Base::read;
    using Base::slot_within;
    using Base::squeezed;
    using Base::whole;

    /// Where the result has the axis that is worked through in tiles.
    std::optional<std::size_t> tiled_axis(std::uint32_t id) const {
        const auto& axes = plan_.tiling_.axis.axes;
        return axes.empty() ? std::nullopt : axes[id];
    }

    /// Of what a leaf holds, that which a tile sees.
    ArrayView held(std::uint32_t id, Storage storage, const Extents& whole) {
        const Strides strides = row_major_strides(whole);
        const auto axis = tiled_axis(id);
        if (axis) {
            storage.carried = true;
            storage.column = static_cast<std::size_t>(strides[*axis]) * entry_size(storage.element);
        }
        return {add(storage), extents(id), strides, axis};
    }

    std::vector<ArrayView> operands(const Record& record) const {
        std::vector<ArrayView> result;
        for (const std::uint32_t id : records_.operands(record))
            result.push_back(*views_[id]);
        return result;
    }
    /// Of a tile.
    Extents extents(std::uint32_t id) const {
        Extents extents = plan_.environment_.extents(records_.result(id).shape);
        if (const auto axis = tiled_axis(id)) extents[*axis] = plan_.tiling_.width;
        return extents;
    }

    // Records

    void plan(std::uint32_t index, const Record& record) {
        const std::uint32_t id = record.first_result;
        if (const Leaf* leaf = records_.leaf(id)) {
            take_leaf(id, *leaf);
        } else if (!fold(record) && !take_view(record) && !take_scale(record) && !take_addend(record) &&
                   !take_elementwise(record) && !take_reduction(record) && !take_product(record)) {
            take_fallback(index, record);
        }
    }

    void take_leaf(std::uint32_t id, const Leaf& leaf) {
        if (const auto* cell = std::get_if<std::shared_ptr<Cell>>(&leaf)) {
            const AnyArray& array = (*cell)->array();
            const ArrayView view =
                held(id, {Place::variable, plan_.variables_.size(), array.size(), array.element()},
                     array.extents());
            plan_.variables_.push_back(*cell);
            plan_.variable_ids_.push_back(id);
            views_[id] = array.element() == element_of<T>
                             ? view
                             : compute_in_loop(block_kernels<T>()[Primitive::copy], "convert", {view},
                                               view.extents, element_of<T>);
            return;
        }
        hold(id, detail::constant<T>(records_, id));
    }

    void hold(std::uint32_t id, AnyArray array) {
        views_[id] = held(id, constant(array), array.extents());
        if (!tiled_axis(id)) folded_[id] = std::move(array);
    }

    /// Computes, while planning, what depends on constants alone, is small and the same for every tile.
    bool fold(const Record& record) {
        if (tiled_axis(record.first_result)) return false;
        std::vector<AnyArray> operands;
        for (const std::uint32_t id : records_.operands(record)) {
            if (!folded_[id]) return false;
            operands.push_back(*folded_[id]);
        }
        std::vector<Extents> extents;
        std::size_t entries = 0;
        for (std::uint32_t k = 0; k < record.result_count; ++k) {
            extents.push_back(this->extents(record.first_result + k));
            entries += size_of(extents.back());
        }
        if (entries > most_folded) return false;
        auto results = compute<T>(records_, record, std::move(operands), extents, plan_.environment_,
                                  [](const AnyArray& array) { return array; });
        for (std::uint32_t k = 0; k < record.result_count; ++k)
            hold(record.first_result + k, results[k].owned());
        return true;
    }

    /// What only shows the same entries in another way.
    bool take_view(const Record& record) {
        const std::string& name = records_.op(record).name();
        const std::uint32_t id = record.first_result;
        if (name == "xtape::reshape") {
            views_[id] = whole(adjacent(operands(record)[0]).storage, extents(id));
        } else if (name == "xtape::broadcast_to") {
            views_[id] = broadcast(operands(record)[0], extents(id));
        } else if (name == "xtape::stop_gradient") {
            views_[id] = operands(record)[0];
        } else if (name == "xtape::transpose") {
            const ArrayView view = operands(record)[0];
            ArrayView turned{view.storage, {}, {}};
            for (const std::int64_t axis : records_.attributes(record).axes("axes")) {
                turned.extents.push_back(view.extents[static_cast<std::size_t>(axis)]);
                turned.strides.push_back(view.strides[static_cast<std::size_t>(axis)]);
            }
            views_[id] = turned;
        } else {
            return false;
        }
        return true;
    }

    /// A product or sum times a number is one step, where nobody else wants it alone.
    bool take_scale(const Record& record) {
        if (records_.op(record).name() != "xtape::multiply") return false;
        const auto operands = records_.operands(record);
        for (const std::size_t k : {0U, 1U}) {
            const std::uint32_t number = operands[k], scaled = operands[1 - k];
            if (!folded_[number] || folded_[number]->size() != 1 || readers_.count(scaled) != 1 ||
                folded_[scaled] || views_[number]->extents.size() > views_[scaled]->extents.size())
                continue;
            T* scale = scale_of(scaled);
            if (!scale) continue;
            *scale *= folded_[number]->template data<T>()[0];
            views_[record.first_result] = *views_[scaled];
            return true;
        }
        return false;
    }

    /// By what a result is multiplied where it is computed; null where it cannot be.
    T* scale_of(std::uint32_t id) {
        const std::string& name = records_.op(records_.record_of(id)).name();
        const std::size_t storage = views_[id]->storage, step = producers_[storage];
        if (step == none) return nullptr;
        auto& work = plan_.steps_[step].work;
        if (auto* product = std::get_if<Product<T>>(&work); product && name == "xtape::matmul")
            return &product->scale;
        auto* loop = std::get_if<Loop<T>>(&work);
        if (!loop || name != "xtape::sum") return nullptr;
        const auto sum = std::ranges::find(loop->reductions, storage, &Loop<T>::Reduction::storage);
        return sum != loop->reductions.end() && sum->folds_rows() ? &sum->scale : nullptr;
    }

    /// What is added to a product, as a bias is, is one step with it, where nobody else wants it alone and
    /// what is added is there before.
    bool take_addend(const Record& record) {
        if (records_.op(record).name() != "xtape::add") return false;
        const auto operands = records_.operands(record);
        const Extents extents = this->extents(record.first_result);
        for (const std::size_t k : {0U, 1U}) {
            Product<T>* product = product_alone(operands[k]);
            if (!product || views_[operands[k]]->extents != extents) continue;
            const ArrayView view = broadcast(*views_[operands[1 - k]], extents);
            if (view.tiled && !views_[operands[k]]->tiled) continue; // a tile of one column
            const std::size_t producer = producers_[view.storage];
            if (producer != none && producer >= producers_[product->c]) continue;
            const auto stride = [&](std::size_t axis) {
                const std::ptrdiff_t s = extents[axis] == 1 ? 0 : view.strides[axis];
                return static_cast<std::size_t>(s);
            };
            const Addend addend = {view.storage, stride(extents.size() - 2), stride(extents.size() - 1)};
            if (plan_.storages_[view.storage].element != element_of<T> || !product->takes(addend)) continue;
            read(view);
            product->d = addend;
            plan_.steps_[producers_[product->c]].flops += static_cast<double>(size_of(extents));
            views_[record.first_result] = *views_[operands[k]];
            return true;
        }
        return false;
    }

    /// The product that this is, perhaps times a number, where only one record reads it.
    Product<T>* product_alone(std::uint32_t id) {
        const std::string& name = records_.op(records_.record_of(id)).name();
        const std::size_t step = producers_[views_[id]->storage];
        if (readers_.count(id) != 1 || step == none || (name != "xtape::matmul" && name != "xtape::multiply"))
            return nullptr;
        return std::get_if<Product<T>>(&plan_.steps_[step].work);
    }

    bool take_elementwise(const Record& record) {
        const BlockKernel<T> kernel = block_kernel<T>(records_.op(record));
        if (!kernel) return false;
        const std::uint32_t id = record.first_result;
        std::vector<ArrayView> in = operands(record);
        for (const std::string& name : records_.definition(record).attributes) {
            auto [number, data] = AnyArray::zeros<T>({});
            *data = static_cast<T>(records_.attributes(record).real(name));
            in.push_back(whole(add(constant(number)), {}));
        }
        views_[id] = compute_in_loop(kernel, records_.definition(record).short_name(), in, extents(id),
                                     element_of_kind<T>(records_.result(id).kind));
        return true;
    }

    bool take_reduction(const Record& record) {
        static const std::map<std::string_view, Fold> folds{{"xtape::sum", Fold::sum},
                                                            {"xtape::amax", Fold::maximum},
                                                            {"xtape::amin", Fold::minimum},
                                                            {"xtape::largest", Fold::maximum}};
        const auto fold = folds.find(records_.op(record).name());
        if (fold == folds.end()) return false;
        const std::uint32_t id = record.first_result;
        const ArrayView view = operands(record)[0];
        const std::size_t entries = size_of(extents(id));
        // Of nothing there is no largest entry: the operation itself says so.
        if (fold->first.starts_with("xtape::am") && size_of(view.extents) == 0 && entries > 0) return false;
        const std::size_t step = loop_for(squeezed(view.extents), {view}), slot = load(step, view);
        const bool carried = tiled_axis(id).has_value();
        const std::size_t storage = add({Place::nowhere, 0, entries, element_of<T>, carried}, step);
        loop(step)->reductions.push_back(
            {fold->second, slot, storage, entries,
             squeezed(reduced_strides(view.extents, records_.attributes(record).axes("axes")), view.extents),
             view.tiled && !carried});
        plan_.steps_[step].flops += static_cast<double>(size_of(view.extents));
        views_[id] = whole(storage, extents(id));
        return true;
    }

    bool take_product(const Record& record) {
        if (records_.op(record).name() != "xtape::matmul") return false;
        const std::vector<ArrayView> in = operands(record);
        const Extents extents = this->extents(record.first_result);
        const bool carried = tiled_axis(record.first_result).has_value(),
                   across_tiles = carries(in) && !carried;
        const std::size_t inner = in[0].extents.back();
        const auto limit = static_cast<std::size_t>(std::numeric_limits<int>::max()); // of a BLAS
        if (std::max({extents[extents.size() - 2], extents.back(), inner}) > limit) return false;
        if (inner != 1 || across_tiles || !readers_.in_loop(record.first_result)) {
            views_[record.first_result] = multiply(in, extents, carried);
            return true;
        }
        // Of one term it is an elementwise operation, which its readers' loop takes.
        views_[record.first_result] =
            compute_in_loop(block_kernels<T>()[Primitive::one_term], "one_term", in, extents, element_of<T>);
        return true;
    }

    void take_fallback(std::uint32_t index, const Record& record) {
        Fallback fallback{index, {}, {}, {}};
        plan_.calls_blas_ = true; // or LAPACK, which does
        if (carries(operands(record)) || tiled_axis(record.first_result)) plan_.tileable_ = false;
        for (const ArrayView& view : operands(record)) {
            fallback.operands.push_back(adjacent(view));
            read(fallback.operands.back());
        }
        const std::size_t step = plan_.steps_.size();
        for (std::uint32_t k = 0; k < record.result_count; ++k) {
            const std::uint32_t id = record.first_result + k;
            fallback.extents.push_back(extents(id));
            fallback.results.push_back(add({Place::nowhere, 0, size_of(fallback.extents.back()),
                                            element_of_kind<T>(records_.result(id).kind)},
                                           step));
            views_[id] = whole(fallback.results.back(), fallback.extents.back());
        }
        plan_.steps_.push_back({std::move(fallback), {}, 0});
        barrier_ = plan_.steps_.size();
    }

    const Records& records_;
    Readers readers_;
    std::vector<std::optional<ArrayView>> views_; ///< by id
    std::vector<std::optional<AnyArray>> folded_; ///< by id
};

template <std::floating_point T>
Plan<T>::Plan(std::shared_ptr<Records> records, const std::vector<std::uint32_t>& outputs,
              const std::vector<std::pair<Shape, std::uint32_t>>& inputs, const std::vector<Extents>& extents,
              Environment environment, Tiling tiling)
    : records_(std::move(records)), environment_(std::move(environment)), input_extents_(extents),
      tiling_(std::move(tiling)) {
    Planner<T> planner(*this, records_->result_count(), outputs);
    planner.take_inputs(inputs);
    for (std::uint32_t r = 0; r < records_->record_count(); ++r)
        planner.take(r);
    planner.finish(outputs);
}

template Plan<float>::Plan(std::shared_ptr<Records>, const std::vector<std::uint32_t>&,
                           const std::vector<std::pair<Shape, std::uint32_t>>&, const std::vector<Extents>&,
                           Environment, Tiling);
template Plan<double>::Plan(std::shared_ptr<Records>, const std::vector<std::uint32_t>&,
                            const std::vector<std::pair<Shape, std::uint32_t>>&, const std::vector<Extents>&,
                            Environment, Tiling);

} // namespace xtape::detail
