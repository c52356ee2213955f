#pragma once

/// A report as a page for a browser.

#include <xtape/autodiff/check/report.hpp>
#include <xtape/autodiff/print/equation.hpp>

#include <string>
#include <vector>

namespace xtape {

/// One self-contained HTML page, in UTF-8: the verdict; for each finding the sentence and the equations,
/// typeset; the table; and a heat map of the difference of every array that was compared, those that passed
/// folded up. It needs no network and no script, follows the reader's choice of light or dark, is usable by
/// keyboard and with a screen reader, and is well-formed XML too. Names are escaped, whatever is in them.
///
///     std::ofstream("report.html") << html(verify(cost, mine));
///
/// The right equations are typeset below, where they are given: `equations(gradients, {.markup =
/// Markup::latex})`.
[[nodiscard]] std::string html(const Report& report, const std::vector<Equation>& equations = {});

/// A section of a page of several reports, as of a class of students.
struct ReportSection {
    Report report;
    std::vector<Equation> equations = {}; ///< in LaTeX
};

/// The same of several, with a table of them at the top.
[[nodiscard]] std::string html(const std::vector<ReportSection>& sections);

} // namespace xtape
