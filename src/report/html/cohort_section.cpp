// SPDX-License-Identifier: MIT
// Cohorts: users by the week of their first event, and who of them came and ordered in later weeks, as a grid
// whose cells are the darker the more users they hold.
#include <algorithm>
#include <functional>
#include <vector>

#include "../cohorts_report.hpp"
#include "funnel/report/text_table.hpp"
#include "markup.hpp"
#include "plot.hpp"
#include "sections.hpp"
#include "svg_figure.hpp"
#include "words.hpp"

namespace funnel::report::html {
namespace {

constexpr std::size_t kCohortsDrawn = 12, kWeeksDrawn = 8;
constexpr double kRowHeight = 26, kHead = 20, kUsersEnd = 0.42, kCells = 0.44;

using CellShare = std::function<double(const metrics::Cohort&, const metrics::CohortWeek&)>;
using CohortRows = std::vector<const metrics::Cohort*>;

CohortRows drawn_cohorts(const metrics::Cohorts& cohorts) {
    CohortRows rows;
    for (const metrics::Cohort& cohort : cohorts.rows) {
        if (!cohort.weeks.empty()) rows.push_back(&cohort);
    }
    if (rows.size() <= kCohortsDrawn) return rows;
    const bool there = rows.front()->already_there;
    const auto first = rows.begin() + (there ? 1 : 0);
    rows.erase(first, rows.end() - static_cast<std::ptrdiff_t>(kCohortsDrawn - (there ? 1 : 0)));
    return rows;
}

std::string grid_word(double x, double y, std::string_view anchor, std::string_view style,
                      std::string_view words) {
    return element("text",
                   "x=\"" + across(x) + "\" y=\"" + pixels(y) + "\" text-anchor=\"" + std::string(anchor) +
                       "\" class=\"" + std::string(style) + "\"",
                   escape(words));
}

std::string short_share(double share) {
    const double percent = share * 100;
    return format_number(percent, percent < 9.95 && percent > 0 ? 1 : 0);
}

/// Weeks from `first` on. The darkest cell is the one with the most. Empty where no cell has any.
std::string cohort_grid(std::string_view label, const CohortRows& rows, std::size_t first,
                        const CellShare& share) {
    std::size_t weeks = 0;
    double most = 0;
    for (const metrics::Cohort* cohort : rows) {
        weeks = std::max(weeks, std::min(cohort->weeks.size(), first + kWeeksDrawn));
        for (std::size_t k = first; k < std::min(cohort->weeks.size(), first + kWeeksDrawn); ++k)
            most = std::max(most, share(*cohort, cohort->weeks[k]));
    }
    if (most <= 0) return {};
    const double width = (1 - kCells) / static_cast<double>(std::max<std::size_t>(weeks - first, 1));
    std::string out = grid_word(kUsersEnd, 12, "end", "", "users");
    for (std::size_t k = first; k < weeks; ++k)
        out += grid_word(kCells + width * (static_cast<double>(k - first) + 0.48), 12, "middle", "",
                         std::to_string(k));
    double y = kHead;
    for (const metrics::Cohort* cohort : rows) {
        out += grid_word(0, y + 17, "start", "value", cohort->key);
        out += grid_word(kUsersEnd, y + 17, "end", "", format_count(cohort->users));
        for (std::size_t k = first; k < std::min(cohort->weeks.size(), weeks); ++k) {
            const double value = share(*cohort, cohort->weeks[k]);
            const double x = kCells + width * static_cast<double>(k - first);
            out += "<rect class=\"track\" x=\"" + across(x) + "\" width=\"" + across(width * 0.96) +
                   "\" y=\"" + pixels(y) + "\" height=\"" + pixels(kRowHeight - 2) + "\"/>";
            if (value > 0)
                out += "<rect class=\"mark\" fill-opacity=\"" + across(0.05 + 0.45 * value / most) +
                       "\" x=\"" + across(x) + "\" width=\"" + across(width * 0.96) + "\" y=\"" + pixels(y) +
                       "\" height=\"" + pixels(kRowHeight - 2) + "\"/>";
            out += grid_word(x + width * 0.48, y + 17, "middle", "value", short_share(value));
        }
        y += kRowHeight;
    }
    return element("svg",
                   "class=\"rows\" role=\"img\" width=\"100%\" height=\"" + pixels(y) + "\" aria-label=\"" +
                       plain(label, 400) + "\"",
                   out);
}

HtmlTable table_of_cohorts(const metrics::Cohorts& cohorts) {
    HtmlTable table("Cohorts, week by week", {{"First seen", true},
                                              {"Users"},
                                              {"Week"},
                                              {"Active"},
                                              {"Share"},
                                              {"Ordering"},
                                              {"Share"},
                                              {"Revenue per user"}});
    for (const metrics::Cohort& cohort : cohorts.rows) {
        for (std::size_t k = 0; k < cohort.weeks.size(); ++k) {
            const metrics::CohortWeek& week = cohort.weeks[k];
            table.add_row(
                {escape(cohort.key), format_count(cohort.users), std::to_string(k), format_count(week.active),
                 percent(cohort_share(cohort, week.active)), format_count(week.ordering),
                 percent(cohort_share(cohort, week.ordering)),
                 cohorts.has_amounts && week.priced() ? amount(revenue_per_user(cohort, week)) : "n/a"});
        }
    }
    return table;
}

std::string grid_chart(std::string_view title, std::string_view sub, const std::string& svg) {
    if (svg.empty()) return {};
    return element("div", "class=\"chart\"",
                   element("h4", escape(title)) + element("p", "class=\"sub\"", escape(sub)) + svg);
}

}  // namespace

std::string cohort_section(const Page& page) {
    const metrics::Cohorts& cohorts = page.numbers.cohorts;
    const CohortRows rows = drawn_cohorts(cohorts);
    if (cohorts.weeks < 2 || rows.size() < 2) return {};
    const CellShare active = [](const metrics::Cohort& c, const metrics::CohortWeek& w) {
        return cohort_share(c, w.active);
    };
    const CellShare ordering = [](const metrics::Cohort& c, const metrics::CohortWeek& w) {
        return cohort_share(c, w.ordering);
    };
    const metrics::Cohort& oldest = *rows.front();
    std::string label = "Users by the week they were first seen, " + std::to_string(rows.size()) + " cohorts";
    if (oldest.weeks.size() > 1)
        label += "; of " + oldest.key + " " + percent(active(oldest, oldest.weeks[1])) + " came a week later";
    const bool there = oldest.already_there;
    const std::string note =
        std::string(
            "Users by the week of their first event, and how many of 100 came and ordered in each "
            "later week. Weeks begin on Monday; only those that are over are counted.") +
        (there ? " Who was seen in the first 28 days may have come before the log began: they are one row, "
                 "whose week 0 is the last of these days."
               : "");
    const std::string grids = grid_chart("Came in that week", "% of the users, by week after the first",
                                         cohort_grid(label, rows, 1, active)) +
                              grid_chart("Ordered in that week", "% of the users, by week; 0 is the first",
                                         cohort_grid("The same users, and who ordered", rows, 0, ordering));
    if (grids.empty()) return {};
    return section("cohorts", "Who comes back",
                   figure("cohort-grid", "Users by the week they were first seen", note,
                          element("div", "class=\"charts four\"", grids), table_of_cohorts(cohorts)));
}

}  // namespace funnel::report::html
