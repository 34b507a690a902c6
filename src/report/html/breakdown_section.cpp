// SPDX-License-Identifier: MIT
// Breakdowns: the largest keys of each column with their users and their conversion.
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "funnel/report/text_table.hpp"
#include "glossary.hpp"
#include "markup.hpp"
#include "plot.hpp"
#include "rows.hpp"
#include "sections.hpp"
#include "svg_figure.hpp"
#include "words.hpp"

namespace funnel::report::html {
namespace {

constexpr std::size_t kMaxBreakdowns = 8, kDrawn = 10, kListed = 50;
constexpr std::int64_t kFewest =
    20;  // entries of a row that is drawn: below, the interval is most of the axis
constexpr auto kColumns = std::to_array<std::string_view>(
    {"uv", "visits", "pv", "ctr", "conversion_user", "cart_abandon_session", "orders", "revenue"});

using Segment = metrics::SegmentResult;
using Segments = std::vector<const Segment*>;

std::int64_t entered(const Segment* segment) {
    return segment->steps.empty() ? 0 : segment->steps.front().reached;
}

bool is_in_order(std::string_view by) {
    return by == "hour" || by == "day" || by == "week" || by == "month";
}

/// Of one column: in the order of time, or the largest first and what has no value last.
Segments segments_of(const Page& page, std::string_view by) {
    Segments segments;
    for (const Segment& segment : page.numbers.whole.breakdown) {
        if (segment.by == by) segments.push_back(&segment);
    }
    if (is_in_order(by)) return segments;
    std::ranges::stable_sort(segments, std::ranges::greater{}, [](const Segment* segment) {
        return segment->key ? entered(segment) : std::int64_t{-1};
    });
    return segments;
}

std::string key_of(const Segment& segment, std::size_t limit = 40) {
    return segment.key ? printable(*segment.key, limit) : "(missing)";
}

Estimate estimate_of(const Segment& segment, std::string_view name) {
    const metrics::Metric* metric = metrics::find(segment.metrics, name);
    if (metric == nullptr) return {};
    return {.value = metric->value, .low = metric->low, .high = metric->high, .text = value_of(*metric)};
}

/// Who entered the funnel with an event of the row, and the share that came to its end, wherever that was.
PairRow row_of(const Segment& segment) {
    const metrics::FunnelStep& last = segment.steps.back();
    PairRow row{.label = key_of(segment, 30), .size = {}, .rate = {}};
    row.size = {.value = static_cast<double>(entered(&segment)), .text = format_count(entered(&segment))};
    row.rate = {.value = last.overall_rate, .text = percent(last.overall_rate)};
    if (last.overall_interval) {
        row.rate.low = last.overall_interval->low;
        row.rate.high = last.overall_interval->high;
    }
    return row;
}

HtmlTable table(std::string_view by, const Segments& segments) {
    std::vector<Column> columns{{std::string(by), true}};
    for (const std::string_view name : kColumns)
        columns.push_back({term_of(name).title});
    columns.push_back({"Entered the funnel"});
    columns.push_back({"Came to its end"});
    HtmlTable table("By " + std::string(by), std::move(columns), kListed);
    for (const Segment* segment : segments) {
        std::vector<std::string> cells{datum(key_of(*segment))};
        for (const std::string_view name : kColumns)
            cells.push_back(estimate_of(*segment, name).text);
        cells.push_back(format_count(entered(segment)));
        cells.push_back(segment->steps.empty() ? "" : percent(segment->steps.back().overall_rate));
        table.add_row(cells);
    }
    return table;
}

std::string largest_figure(const Page& page, std::string_view by, const std::string& id) {
    const Segments segments = segments_of(page, by);
    const metrics::MetricsResult& whole = page.numbers.whole;
    const std::int64_t fewest = entered(segments.front()) >= kFewest ? kFewest : 1;
    std::vector<PairRow> rows;
    for (const Segment* segment : segments) {
        if (rows.size() < kDrawn && entered(segment) >= fewest) rows.push_back(row_of(*segment));
    }
    if (rows.empty()) return {};
    const std::string first = printable(whole.steps.front().name, 20),
                      last = printable(whole.steps.back().name, 20);
    const std::string label = "By " + std::string(by) + ", " + std::to_string(rows.size()) +
                              " rows; the largest is " + rows.front().label + " with " +
                              rows.front().size.text + " " + entities(whole.entity) + ", of whom " +
                              rows.front().rate.text + " came to " + last;
    const std::string drawn =
        pair_rows(label, first + ", " + entities(whole.entity), "of them to " + last, rows);
    return figure(id, "By " + printable(by, 40), "", drawn + left_out(segments.size(), rows.size(), "rows"),
                  table(by, segments));
}

/// Users as columns and their conversion as dots, in the order of the keys.
std::string ordered_figure(const Page& page, std::string_view by, const std::string& id) {
    Segments segments = segments_of(page, by);
    constexpr std::size_t kColumnsAtMost = 60;
    const std::size_t all = segments.size();
    if (all > kColumnsAtMost) segments.erase(segments.begin(), segments.end() - kColumnsAtMost);
    const auto count = static_cast<double>(segments.size());
    std::string charts;
    for (const std::string_view name : {"uv", "conversion_user"}) {
        std::vector<PlotPoint> points;
        double most = 0;
        for (const Segment* segment : segments) {
            const Estimate estimate = estimate_of(*segment, name);
            points.push_back({static_cast<double>(points.size()), estimate.value, estimate.low, estimate.high,
                              plain(key_of(*segment) + ": " + estimate.text)});
            most = std::max({most, estimate.value.value_or(0), estimate.high.value_or(0)});
        }
        Axis x{Scale::exact(-0.5, count - 0.5), {}};
        for (std::size_t i = 0; i < segments.size(); i += std::max<std::size_t>(1, (segments.size() + 3) / 4))
            x.ticks.push_back({x.scale.at(static_cast<double>(i)), key_of(*segments[i])});
        const bool share = name == "conversion_user";
        Plot plot(std::move(x), Axis::of(Scale::linear(0, most, 3), share ? short_percent : short_number));
        if (share) {
            plot.dots(points);
        } else {
            plot.columns(points, 0.7);
        }
        const Term term = term_of(name);
        charts += chart(term.title, "", plot.svg(term.title + " by " + std::string(by)), term.meaning);
    }
    return figure(
        id, "By " + printable(by, 40), "In the time zone " + plain(page.time_zone) + ".",
        element("div", "class=\"charts four\"", charts) + left_out(all, segments.size(), "earlier rows"),
        table(by, segments));
}

}  // namespace

std::string breakdown_section(const Page& page) {
    std::vector<std::string_view> columns;
    for (const Segment& segment : page.numbers.whole.breakdown) {
        const bool known = std::ranges::find(columns, segment.by) != columns.end();
        if (segment.by != page.numbers.trend && !known) columns.push_back(segment.by);
    }
    if (columns.empty()) return {};
    std::string largest, ordered;
    const std::size_t shown = std::min(columns.size(), kMaxBreakdowns);
    std::size_t figures = 0;
    for (std::size_t i = 0; i < shown; ++i) {
        figures += !is_in_order(columns[i]);
        const std::string id = "breakdown-" + std::to_string(i + 1);
        (is_in_order(columns[i]) ? ordered : largest) += is_in_order(columns[i])
                                                             ? ordered_figure(page, columns[i], id)
                                                             : largest_figure(page, columns[i], id);
    }
    if (!largest.empty()) {
        largest =
            element("p",
                    "The largest rows: who entered the funnel with an event of the row, and the share of "
                    "them that came to its end, in whatever row that was. One may count in several rows, "
                    "so rows do not add up. A row is no cause: it may only gather other users.") +
            element("div",
                    figures == 1   ? "class=\"charts lone\""
                    : figures == 2 ? "class=\"charts four\""
                                   : "class=\"charts\"",
                    largest);
    }
    if (largest.empty() && ordered.empty()) return {};
    return section("breakdowns", "Where it comes from",
                   largest + ordered + left_out(columns.size(), shown, "breakdowns"));
}

}  // namespace funnel::report::html
