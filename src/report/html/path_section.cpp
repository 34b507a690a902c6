// SPDX-License-Identifier: MIT
// Paths: the most frequent ways through a visit and how many of them end with a purchase.
#include <algorithm>
#include <vector>

#include "funnel/report/text_table.hpp"
#include "markup.hpp"
#include "rows.hpp"
#include "sections.hpp"
#include "svg_figure.hpp"
#include "words.hpp"

namespace funnel::report::html {
namespace {

constexpr std::size_t kPathsDrawn = 8, kPathsListed = 50;

std::string steps_text(const metrics::VisitPath& path, std::size_t name_limit = 100) {
    std::string out;
    for (const std::string& step : path.steps)
        out += (out.empty() ? "" : " \xE2\x80\xBA ") + printable(step, name_limit);
    if (path.counts.longer > 0) out += " \xE2\x80\xBA \xE2\x80\xA6";
    return out.empty() ? "nothing of the funnel" : out;
}

/// So short that it fits beside the rate on a phone.
std::string short_steps(const metrics::VisitPath& path) {
    constexpr std::size_t kPhone = 38;
    for (const std::size_t name_limit : {30u, 20u, 14u, 10u}) {
        std::string text = steps_text(path, name_limit);
        if (display_width(text) <= kPhone) return text;
    }
    return steps_text(path, 6);
}

PairRow row_of_path(const metrics::VisitPath& path) {
    PairRow row{.label = short_steps(path), .size = {}, .rate = {}};
    row.size = {.value = static_cast<double>(path.counts.visits), .text = format_count(path.counts.visits)};
    row.rate = {.value = path.conversion,
                .low = path.conversion_interval.low,
                .high = path.conversion_interval.high,
                .text = percent(path.conversion)};
    return row;
}

HtmlTable table_of_paths(const metrics::Paths& paths) {
    HtmlTable table("Paths of visits",
                    {{"Path", true},
                     {"Visits"},
                     {"Share"},
                     {"Users"},
                     {"Go on"},
                     {"Bought"},
                     {"Share that bought"},
                     {"95 % interval"},
                     {"Orders"},
                     {"Revenue"}},
                    kPathsListed);
    for (const metrics::VisitPath& path : paths.rows) {
        const metrics::PathCounts& counts = path.counts;
        table.add_row(
            {datum(steps_text(path), 300), format_count(counts.visits), percent(path.share),
             format_count(counts.users), format_count(counts.longer), format_count(counts.bought),
             percent(path.conversion),
             percent(path.conversion_interval.low) + " to " + percent(path.conversion_interval.high),
             format_count(counts.orders),
             paths.has_amounts && counts.priced() ? amount(counts.revenue.value()) : "n/a"});
    }
    return table;
}

}  // namespace

std::string path_section(const Page& page) {
    const metrics::Paths& paths = page.numbers.paths;
    std::vector<PairRow> rows;
    std::int64_t without = 0, shown = 0;
    for (const metrics::VisitPath& path : paths.rows) {
        if (path.steps.empty()) {
            without = path.counts.visits;
        } else if (rows.size() < kPathsDrawn) {
            rows.push_back(row_of_path(path));
            shown += path.counts.visits;
        }
    }
    if (rows.size() < 2) return {};
    std::string note = "The stages that a visit goes through, at most " + std::to_string(paths.length) +
                       " of them, repeats as one; and the visits that bought, also later on. Drawn are " +
                       format_count(shown) + " of " + format_count(paths.visits) + " visits.";
    if (without > 0)
        note += " " + format_count(without) + " (" +
                percent(static_cast<double>(without) / static_cast<double>(paths.visits)) +
                ") hold nothing of the funnel.";
    const std::string label = "The " + std::to_string(rows.size()) + " most frequent paths; the first is " +
                              rows.front().label + " with " + rows.front().size.text + " visits, of which " +
                              rows.front().rate.text + " bought";
    return section("paths", "Ways through a visit",
                   figure("top-paths", "The most frequent paths", note,
                          pair_rows(label, "visits", "of them bought", rows), table_of_paths(paths)));
}

}  // namespace funnel::report::html
