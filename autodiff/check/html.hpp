#pragma once

/// A report as a page for a browser.

#include <xtape/autodiff/check/report.hpp>

#include <span>
#include <string>

namespace xtape {

/// One self-contained HTML page, in UTF-8: the verdict; for each finding the sentence and the equations,
/// typeset; the table; and a heat map of the difference of every array that was compared, those that passed
/// folded up. It needs no network and no script, follows the reader's choice of light or dark, is usable by
/// keyboard and with a screen reader, and is well-formed XML too. Names are escaped, whatever is in them.
///
///     std::ofstream("report.html") << html(verify(cost, mine));
///
/// Of several reports, as of a class of students, each has a section and a line in a table at the top.
[[nodiscard]] std::string html(const Report& report);
[[nodiscard]] std::string html(std::span<const Report> reports);

} // namespace xtape
