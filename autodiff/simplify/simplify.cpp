#include <xtape/autodiff/guards.hpp>
#include <xtape/autodiff/simplify/simplify.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xtape {
namespace {

constexpr std::uint32_t none = static_cast<std::uint32_t>(-1);

std::size_t mixed(std::size_t hash, std::size_t value) {
    return hash ^ (value + 0x9e3779b97f4a7c15ULL + (hash << 6) + (hash >> 2));
}

} // namespace

/// Copies records one by one to a tape of its own, each after its operands, merging equal ones and trying the
/// rules at each. What a rule records is treated in the same way before the walk goes on; what is left to do
/// is an explicit stack.
class Rewriter {
public:
    Rewriter(const std::vector<Var>& outputs, const SimplifyOptions& options)
        : outputs_(outputs), options_(options), given_(outputs[0].records()), work_(*tape_.records()) {
        for (const Var& output : outputs)
            if (output.records() != given_)
                throw VarError(
                    fmt::format("simplify({}, {}): they are on two tapes. Simplify each on its own.",
                                outputs[0].to_string(), output.to_string()));
        map_.assign(given_->result_count(), none);
        known_.reserve(given_->record_count());
        std::uint32_t last = 0;
        for (const Var& output : outputs)
            last = std::max(last, given_->result(output.id()).record);
        guards_ = detail::guards_of(*given_, last);
        classify_names();
    }

    Simplified run() {
        std::vector<bool> needed(given_->record_count(), false);
        for (const Var& output : outputs_)
            needed[given_->result(output.id()).record] = true;
        for (const std::uint32_t guard : guards_)
            needed[given_->result(guard).record] = true;
        for (std::uint32_t r = given_->record_count(); r-- > 0;)
            if (needed[r])
                for (const std::uint32_t operand : given_->operands(given_->record(r)))
                    needed[given_->result(operand).record] = true;
        for (std::uint32_t r = 0; r < given_->record_count(); ++r)
            if (needed[r]) rewrite(r);
        return finished();
    }

private:
    /// Records of the working tape that are to be rewritten: a replacement, or the traced body of an
    /// operation.
    struct Frame {
        std::uint32_t next, end; ///< records
        std::uint32_t root;      ///< the result that is asked for
        std::uint32_t owner;     ///< what it replaces, or whose body it is
        bool body;
        bool whole; ///< it replaces the record of the given tape itself
        std::vector<bool> needed;
    };

    void classify_names() {
        given_names_.assign(given_->result_count(), Match::Named::no);
        for (const auto& [id, name] : given_->names()) {
            const auto of = name.size() > 1 && name[0] == 'd' ? given_->find(name.substr(1)) : std::nullopt;
            auto& named = given_names_[id];
            named = std::max(named, of && *of < id ? Match::Named::as_adjoint : Match::Named::by_user);
        }
    }

    /// One record of the given tape, and all that rules make of it.
    void rewrite(std::uint32_t index) {
        const Record record = given_->record(index);
        at_ = record.first_result;
        operands_.clear();
        for (const std::uint32_t operand : given_->operands(record))
            operands_.push_back(map_[operand]);
        const std::uint32_t first = emit(*given_, record, true);
        std::size_t rounds = 0;
        while (!frames_.empty()) {
            if (++rounds > most_rounds || frames_.size() > deepest) throw_endless();
            step();
        }
        for (std::uint32_t k = 0; k < record.result_count; ++k) {
            const std::uint32_t id = canonical(first + k);
            map_[record.first_result + k] = id;
            if (named_.size() <= id) named_.resize(id + 1, Match::Named::no);
            if (given_names_[record.first_result + k] == Match::Named::no) continue;
            named_[id] = std::max(named_[id], given_names_[record.first_result + k]);
            const auto [begin, end] = given_->names().equal_range(record.first_result + k);
            for (auto it = begin; it != end; ++it)
                work_.name(id, it->second);
        }
    }

    /// One record of the topmost frame.
    void step() {
        Frame& frame = frames_.back();
        while (frame.next < frame.end && !frame.needed[frame.needed.size() - (frame.end - frame.next)])
            ++frame.next;
        if (frame.next == frame.end) {
            const Frame done = std::move(frames_.back());
            frames_.pop_back();
            const std::uint32_t root = canonical(done.root);
            if (!done.body)
                canonical_[done.owner] = root;
            else if (root > done.owner && !work_.leaf(root))
                canonical_[root] = done.owner; // what the body computes is called by the operation's name
            return;
        }
        const Record record = work_.record(frame.next++);
        const bool whole = frame.whole && record.first_result == frame.root;
        operands_.clear();
        for (const std::uint32_t operand : work_.operands(record))
            operands_.push_back(canonical(operand));
        // a + b that a rule replaced by b + a, for its order, is not to be taken for the same again.
        const bool replaces = !frames_.back().body && record.first_result == frames_.back().root;
        const std::uint32_t first = emit(work_, record, whole, replaces ? frames_.back().owner : none);
        grow();
        for (std::uint32_t k = 0; k < record.result_count; ++k)
            if (first + k != record.first_result + k) canonical_[record.first_result + k] = first + k;
    }

    /// The record with its operands replaced by `operands_`: one that is there already, or a new one, at
    /// which the rules are tried. `replaced` is not taken for it. Returns its first result.
    std::uint32_t emit(const Records& source, const Record& record, bool whole,
                       std::uint32_t replaced = none) {
        ++visited_;
        const Op op = source.op(record);
        const Attributes& attributes = source.attributes(record);
        const Leaf* leaf = source.leaf(record.first_result);
        const bool unique = leaf && !std::holds_alternative<long double>(*leaf);
        const std::size_t key = unique ? 0 : hash(op, attributes, leaf);
        const auto [begin, end] = unique ? std::pair(known_.end(), known_.end()) : known_.equal_range(key);
        for (auto it = begin; it != end; ++it)
            if (it->second != replaced && equal(it->second, op, attributes, leaf)) return it->second;
        std::uint32_t first = record.first_result;
        if (&source != &work_ || !std::ranges::equal(operands_, work_.operands(record))) {
            if (leaf) {
                const Result result = source.result(record.first_result);
                first = work_.append_leaf(op, result.shape, result.kind, *leaf);
            } else {
                std::vector<Var> operands;
                operands.reserve(operands_.size());
                for (const std::uint32_t id : operands_)
                    operands.push_back(work_.var(id));
                first = work_.append(op, operands, attributes);
            }
        }
        if (!unique) known_.emplace(key, first);
        grow();
        if (!leaf && record.result_count == 1) apply_rules(first, op, whole);
        return first;
    }

    void apply_rules(std::uint32_t id, const Op& op, bool whole) {
        const Match::Context context{options_.goal, options_.through_names,
                                     given_names_[at_] == Match::Named::as_adjoint, named_, find_};
        const Match match({work_, id}, context);
        for (const Rule* rule : rules_for(op)) {
            ++attempts_;
            const std::uint32_t mark = work_.record_count();
            const Var replacement = rule->replace(match);
            if (replacement.empty() || replacement.id() == id) {
                work_.truncate(mark);
                continue;
            }
            require_fit(*rule, id, replacement);
            grow();
            steps_.push_back({rule->name, rule->agreement, work_.var(id), replacement, at_, whole});
            push({mark, work_.record_count(), replacement.id(), id, false, whole, {}});
            return;
        }
        const Definition& definition = op.definition();
        if (definition.body && options_.goal == Goal::textbook) {
            const std::uint32_t mark = work_.record_count();
            const Var body = traced(id, definition);
            grow();
            push({mark, work_.record_count(), body.id(), id, true, false, {}});
        }
    }

    [[nodiscard]] Var traced(std::uint32_t id, const Definition& definition) {
        std::vector<Var> arguments;
        const Record record = work_.record_of(id);
        for (const std::uint32_t operand : work_.operands(record))
            arguments.push_back(work_.var(operand));
        for (const std::string& name : definition.attributes)
            arguments.push_back(Operand(work_.attributes(record).real(name)).on(work_.shared_from_this()));
        return definition.body(arguments);
    }

    /// Leaves out of a frame what its root does not need.
    void push(Frame frame) {
        frame.needed.assign(frame.end - frame.next, false);
        const auto need = [&](std::uint32_t result) {
            const std::uint32_t r = work_.result(result).record;
            if (r >= frame.next) frame.needed[r - frame.next] = true;
        };
        need(frame.root);
        for (std::uint32_t r = frame.end; r-- > frame.next;)
            if (frame.needed[r - frame.next])
                for (const std::uint32_t operand : work_.operands(work_.record(r)))
                    need(operand);
        frames_.push_back(std::move(frame));
    }

    void require_fit(const Rule& rule, std::uint32_t id, const Var& replacement) const {
        const Result& result = work_.result(id);
        if (replacement.records().get() == &work_ && replacement.kind() == result.kind &&
            same_extents(replacement.shape(), result.shape))
            return;
        throw OpError(
            fmt::format("simplify: rule \"{}\" replaced {} {} by {} {}. A replacement is on the same "
                        "tape and has the shape and the kind of what it replaces.",
                        rule.name, work_.describe(id), result.shape.to_string(), replacement.to_string(),
                        replacement.shape().to_string()));
    }

    [[noreturn]] void throw_endless() const {
        std::string names;
        for (std::size_t k = steps_.size() - std::min<std::size_t>(steps_.size(), 6); k < steps_.size(); ++k)
            if (names.find(steps_[k].rule) == std::string::npos)
                names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", steps_[k].rule);
        throw OpError(fmt::format("simplify: at {} rules keep replacing one another: {}. What a rule returns "
                                  "must be smaller in a measure that all of them lower.",
                                  given_->describe(at_), names));
    }

    [[nodiscard]] std::optional<std::uint32_t> find(const Op& op, std::uint32_t operand) const {
        const std::size_t key = mixed(std::hash<const void*>{}(&op.definition()), operand);
        const auto [begin, end] = known_.equal_range(key);
        for (auto it = begin; it != end; ++it) {
            const Expression e(work_, it->second);
            if (e.is(op) && e.size() == 1 && e[0].id() == operand && e.attributes().empty())
                return canonical(it->second);
        }
        return {};
    }

    [[nodiscard]] const std::vector<const Rule*>& rules_for(const Op& op) {
        const auto [it, added] = rules_by_op_.try_emplace(&op.definition());
        if (added)
            for (const Rule& rule : options_.rules)
                if ((rule.goal == Goal::both || rule.goal == options_.goal) &&
                    (rule.at.empty() || std::ranges::find(rule.at, op) != rule.at.end()))
                    it->second.push_back(&rule);
        return it->second;
    }

    [[nodiscard]] std::uint32_t canonical(std::uint32_t id) const {
        while (canonical_[id] != id)
            id = canonical_[id];
        return id;
    }
    void grow() {
        while (canonical_.size() < work_.result_count())
            canonical_.push_back(static_cast<std::uint32_t>(canonical_.size()));
    }

    /// a + b and b + a are one.
    [[nodiscard]] static bool commutes(const Op& op) { return op == known().add || op == known().multiply; }

    [[nodiscard]] std::size_t hash(const Op& op, const Attributes& attributes, const Leaf* leaf) const {
        std::size_t hash = std::hash<const void*>{}(&op.definition());
        if (commutes(op))
            hash = mixed(hash, std::size_t{operands_[0]} + operands_[1]);
        else
            for (const std::uint32_t operand : operands_)
                hash = mixed(hash, operand);
        if (!attributes.empty()) hash = mixed(hash, attributes.hash());
        if (const auto* number = leaf ? std::get_if<long double>(leaf) : nullptr)
            hash = mixed(hash, std::hash<long double>{}(*number));
        return hash;
    }

    [[nodiscard]] bool equal(std::uint32_t id, const Op& op, const Attributes& attributes,
                             const Leaf* leaf) const {
        const Record& record = work_.record_of(id);
        if (!(work_.op(record) == op) || record.operand_count != operands_.size()) return false;
        if (leaf) {
            const auto* number = std::get_if<long double>(leaf);
            const auto* other = std::get_if<long double>(work_.leaf(id));
            return number && other && *number == *other && std::signbit(*number) == std::signbit(*other);
        }
        const auto operands = work_.operands(record);
        const bool same = std::ranges::equal(operands, operands_) ||
                          (commutes(op) && operands[0] == operands_[1] && operands[1] == operands_[0]);
        return same && work_.attributes(record) == attributes;
    }

    /// What the outputs need, on a tape without the rest.
    Simplified finished() {
        Simplified result;
        Records& to = *result.tape.records();
        std::vector<std::uint32_t> moved(work_.result_count(), none);
        std::vector<bool> needed(work_.record_count(), false);
        for (const Var& output : outputs_)
            needed[work_.result(canonical(map_[output.id()])).record] = true;
        for (const std::uint32_t guard : guards_)
            needed[work_.result(canonical(map_[guard])).record] = true;
        // A body that became its operation's name may have been recorded after it: operands come first all
        // the same.
        std::vector<std::uint32_t> order;
        for (std::uint32_t r = work_.record_count(); r-- > 0;)
            if (needed[r]) {
                order.push_back(r);
                for (const std::uint32_t operand : work_.operands(work_.record(r)))
                    needed[work_.result(operand).record] = true;
            }
        std::ranges::reverse(order);
        for (const std::uint32_t r : order) {
            const Record record = work_.record(r);
            std::uint32_t first;
            if (const Leaf* leaf = work_.leaf(record.first_result)) {
                const Result leaf_result = work_.result(record.first_result);
                first = to.append_leaf(work_.op(record), leaf_result.shape, leaf_result.kind, *leaf);
            } else {
                std::vector<Var> operands;
                operands.reserve(record.operand_count);
                for (const std::uint32_t operand : work_.operands(record))
                    operands.push_back(to.var(moved[operand]));
                first = to.append(work_.op(record), operands,
                                  work_.op(record) == detail::decide_op()
                                      ? detail::guarding_all(work_.attributes(record))
                                      : work_.attributes(record));
            }
            for (std::uint32_t k = 0; k < record.result_count; ++k)
                moved[record.first_result + k] = first + k;
        }
        for (std::uint32_t& id : map_)
            if (id != none) id = moved[canonical(id)];
        for (const auto& [id, name] : given_->names())
            if (map_[id] != none) to.name(map_[id], name);
        result.steps = std::move(steps_);
        result.visited = visited_;
        result.attempts = attempts_;
        result.given_ = given_;
        result.map_ = std::move(map_);
        return result;
    }

    static constexpr std::size_t deepest = 200, most_rounds = 20'000;

    const std::vector<Var>& outputs_;
    const SimplifyOptions& options_;
    std::shared_ptr<Records> given_;
    Tape tape_;
    Records& work_;

    std::vector<std::uint32_t> map_;       ///< given result → working result
    std::vector<std::uint32_t> canonical_; ///< working result → what replaced it
    std::vector<std::uint32_t> guards_;    ///< of the given tape, on which some output rests
    std::vector<Match::Named> given_names_, named_;
    std::unordered_multimap<std::size_t, std::uint32_t> known_;
    std::unordered_map<const Definition*, std::vector<const Rule*>> rules_by_op_;
    std::vector<Frame> frames_;
    std::vector<std::uint32_t> operands_;
    std::vector<Step> steps_;
    std::uint32_t at_ = 0;
    const Match::Find find_ = [this](const Op& op, std::uint32_t operand) { return find(op, operand); };
    std::size_t visited_ = 0, attempts_ = 0;
};

Simplified simplify(const std::vector<Var>& outputs, const SimplifyOptions& options) {
    if (outputs.empty())
        throw ArgumentError("simplify: there are no outputs. Give the Vars that are wanted.");
    return Rewriter(outputs, options).run();
}

Var Simplified::operator()(const Var& given) const {
    if (given.records() != given_)
        throw VarError(fmt::format("{} is not on the tape that was simplified.", given.to_string()));
    const std::uint32_t id = given.id() < map_.size() ? map_[given.id()] : none;
    return id == none ? Var() : tape.records()->var(id);
}

} // namespace xtape
