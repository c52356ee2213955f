#include <xtape/autodiff/check/heat_map.hpp>
#include <xtape/autodiff/print/mathml.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace xtape::detail {
namespace {

constexpr int steps = 5;                                                ///< of colour on each side
constexpr std::size_t most_columns_written = 8, most_rows_written = 16; ///< where the numbers have room
constexpr std::size_t every_label = 8;                                  ///< on a map that is larger

/// An array as a matrix of cells.
class Map {
public:
    explicit Map(const EntryDifferences& differences) : d_(differences) {
        columns_ = d_.extents.empty() ? 1 : d_.extents.back();
        rows_ = columns_ == 0 ? 0 : d_.values.size() / columns_;
        const auto block = [](std::size_t n) {
            return std::max<std::size_t>((n + most_cells - 1) / most_cells, 1);
        };
        block_rows_ = block(rows_);
        block_columns_ = block(columns_);
        for (std::size_t k = 0; k < d_.values.size(); ++k) {
            if (!std::isfinite(d_.values[k]))
                ++not_finite_;
            else if (!within(k)) {
                ++beyond_;
                largest_ = std::max(largest_, std::abs(d_.values[k]));
            }
        }
    }

    std::string html(const std::string& name) const {
        if (d_.values.empty()) return "";
        const bool written = columns_ <= most_columns_written && rows_ <= most_rows_written;
        if (!written && beyond_ + not_finite_ == 0) // one grey
            return fmt::format("<figure>\n<figcaption>{}</figcaption>\n</figure>\n", caption(name));
        std::string table = fmt::format(
            "<figure>\n<figcaption>{}</figcaption>\n<div class=\"map\" tabindex=\"0\" role=\"region\" "
            "aria-label=\"Differences of {}\"><table class=\"heat {}\">\n<tr><td></td>",
            caption(name), escaped_html(name), written ? "numbers" : "colours");
        const std::size_t across = (columns_ + block_columns_ - 1) / block_columns_,
                          down = (rows_ + block_rows_ - 1) / block_rows_;
        for (std::size_t j = 0; j < across; ++j)
            table += header("col", j, block_columns_, across);
        table += "</tr>\n";
        for (std::size_t i = 0; i < down; ++i) {
            table += "<tr>" + header("row", i, block_rows_, down);
            for (std::size_t j = 0; j < across; ++j)
                table += cell(i, j, written);
            table += "</tr>\n";
        }
        return table + "</table></div>\n" + scale() + "</figure>\n";
    }

private:
    [[nodiscard]] bool within(std::size_t k) const { return std::abs(d_.values[k]) <= d_.tolerance[k]; }

    /// Whether the first of two entries is shown before the second.
    [[nodiscard]] bool worse(std::size_t a, std::size_t b) const {
        const auto rank = [&](std::size_t k) { return !std::isfinite(d_.values[k]) ? 2 : within(k) ? 0 : 1; };
        if (rank(a) != rank(b)) return rank(a) > rank(b);
        return std::abs(d_.values[a]) > std::abs(d_.values[b]);
    }

    [[nodiscard]] std::size_t worst(std::size_t i, std::size_t j) const {
        const std::size_t top = i * block_rows_, left = j * block_columns_;
        std::size_t result = top * columns_ + left;
        for (std::size_t row = top; row < std::min(top + block_rows_, rows_); ++row)
            for (std::size_t column = left; column < std::min(left + block_columns_, columns_); ++column)
                if (worse(row * columns_ + column, result)) result = row * columns_ + column;
        return result;
    }

    /// Its class: how far and to which side.
    [[nodiscard]] std::string colour(std::size_t k) const {
        const double value = d_.values[k];
        if (!std::isfinite(value)) return "x";
        if (within(k)) return "z";
        const int level =
            std::clamp(static_cast<int>(std::ceil(steps * (std::abs(value) / largest_))), 1, steps);
        return fmt::format("{}{}", value < 0 ? 'n' : 'p', level);
    }

    [[nodiscard]] std::string position(std::size_t k) const {
        std::vector<std::size_t> index(d_.extents.size());
        for (std::size_t axis = index.size(); axis-- > 0; k /= d_.extents[axis])
            index[axis] = k % d_.extents[axis];
        return fmt::format("[{}]", fmt::join(index, ","));
    }

    [[nodiscard]] std::string cell(std::size_t i, std::size_t j, bool written) const {
        const std::size_t k = worst(i, j);
        const double value = d_.values[k];
        return fmt::format("<td class=\"{}\" title=\"{} {}\">{}</td>", colour(k), position(k), value,
                           written ? short_text(value) : "");
    }

    /// With a sign, that of typography.
    [[nodiscard]] static std::string short_text(double value) {
        const std::string digits = value == 0 ? "0" : fmt::format("{:.2g}", std::abs(value));
        return value == 0 || std::isnan(value) ? digits : (value < 0 ? "−" : "+") + digits;
    }

    [[nodiscard]] static std::string header(const char* scope, std::size_t cell, std::size_t block,
                                            std::size_t cells) {
        const bool shown = cells <= most_rows_written || cell % every_label == 0;
        return fmt::format("<th scope=\"{}\">{}</th>", scope, shown ? fmt::to_string(cell * block) : "");
    }

    [[nodiscard]] std::string caption(const std::string& name) const {
        std::string text = fmt::format("<b>{}</b>, yours − right: ", escaped_html(name));
        const std::size_t n = d_.values.size();
        if (beyond_ + not_finite_ == 0)
            text += n == 1 ? "within its tolerance" : fmt::format("all {} entries within their tolerance", n);
        else
            text += fmt::format("{} of {} {} beyond tolerance", beyond_ + not_finite_, n,
                                n == 1 ? "entry" : "entries");
        if (not_finite_ > 0) text += fmt::format(", {} not finite", not_finite_);
        if (block_rows_ * block_columns_ > 1 && beyond_ + not_finite_ > 0)
            text += fmt::format("; each cell is the worst of {} × {}", block_rows_, block_columns_);
        return text;
    }

    [[nodiscard]] std::string scale() const {
        if (beyond_ + not_finite_ == 0) return "";
        std::string text = "<p class=\"scale\">";
        const auto swatch = [&](const std::string& colour) {
            text += fmt::format("<span class=\"{}\"></span>", colour);
        };
        if (beyond_ > 0) {
            text += fmt::format("−{:.2g} ", largest_);
            for (int level = steps; level > 0; --level)
                swatch(fmt::format("n{}", level));
            swatch("z");
            for (int level = 1; level <= steps; ++level)
                swatch(fmt::format("p{}", level));
            text += fmt::format(" +{:.2g} ", largest_);
        }
        text += "<span class=\"key\">";
        swatch("z");
        text += " within tolerance</span>";
        if (not_finite_ > 0) {
            text += "<span class=\"key\">";
            swatch("x");
            text += " NaN or infinite</span>";
        }
        return text + "</p>\n";
    }

    const EntryDifferences& d_;
    std::size_t rows_, columns_, block_rows_, block_columns_, beyond_ = 0, not_finite_ = 0;
    double largest_ = 0;
};

} // namespace

std::string heat_map(const std::string& name, const EntryDifferences& differences) {
    return Map(differences).html(name);
}

const char* heat_map_style() {
    // Neither < nor & nor >, which XML and HTML read differently here. Blue and orange stay apart for people
    // who see no red or no green.
    return R"(
:root { --z: #ececea; --p1: #fde3d0; --p2: #fbc39b; --p3: #f3985f; --p4: #b9530f; --p5: #6f2d03;
  --n1: #dce9f5; --n2: #b2d0ea; --n3: #7eb0da; --n4: #3576ad; --n5: #1a5289; --x: #8331a7; --weak: #222; --strong: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --z: #2e2e2e; --p1: #4d341f; --p2: #6b4120; --p3: #96541f; --p4: #e08a45; --p5: #ffbe85;
    --n1: #233d57; --n2: #2b5075; --n3: #3a6c9c; --n4: #6aa9e2; --n5: #b1d7fb; --x: #b86fda; --weak: #eee; --strong: #111; }
}
.z { background: var(--z); } .x { background: var(--x); color: var(--strong); }
.p1 { background: var(--p1); } .p2 { background: var(--p2); } .p3 { background: var(--p3); }
.p4 { background: var(--p4); } .p5 { background: var(--p5); } .n1 { background: var(--n1); }
.n2 { background: var(--n2); } .n3 { background: var(--n3); } .n4 { background: var(--n4); }
.n5 { background: var(--n5); } .heat td, .scale span { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.heat { border-collapse: separate; border-spacing: 1px; font-size: .8rem; color: var(--weak); }
.heat .p4, .heat .p5, .heat .n4, .heat .n5 { color: var(--strong); }
figure { margin: 0 0 1.4rem; } figcaption { padding-bottom: .3rem; }
.heat th { font-weight: normal; color: var(--faint); padding: 0 .3rem; text-align: right; }
.heat.numbers td[title] { padding: .25rem .5rem; min-width: 3.6rem; text-align: right; font-variant-numeric: tabular-nums; }
.heat.numbers th[scope=col] { text-align: center; }
.heat.colours { border-spacing: 0; }
.heat.colours td { width: 10px; height: 10px; min-width: 10px; padding: 0; }
.heat.colours th { font-size: .65rem; line-height: 10px; max-width: 10px; padding: 0; overflow: visible; white-space: nowrap; }
.heat.colours th[scope=col] { text-align: left; height: 14px; }
.heat.colours th[scope=row] { max-width: none; padding-right: .3rem; }
.scale { font-size: .8rem; margin: .3rem 0 0; }
.scale span:not(.key) { display: inline-block; width: 1.1rem; height: .8rem; vertical-align: -.05rem; }
.scale .key { margin-left: 1rem; white-space: nowrap; }
)";
}

} // namespace xtape::detail
