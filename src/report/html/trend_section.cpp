// SPDX-License-Identifier: MIT
// Trends: six metrics over the days (weeks, months) of the log, small and side by side on one time axis.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "funnel/base/time.hpp"
#include "funnel/metrics/segments.hpp"
#include "glossary.hpp"
#include "markup.hpp"
#include "plot.hpp"
#include "sections.hpp"
#include "svg_figure.hpp"
#include "words.hpp"

namespace funnel::report::html {
namespace {

constexpr std::size_t kMaxPeriods = 400;
constexpr auto kShown =
    std::to_array<std::string_view>({"uv", "pv", "ctr", "conversion_user", "orders", "revenue"});

/// One day, week or month; without a segment nothing happened in it.
struct PeriodOfTrend {
    std::string key;
    const metrics::SegmentResult* segment = nullptr;
};

/// The keys of all days of the log, also of those without an event, in order.
std::vector<std::string> calendar(const Page& page) {
    std::vector<std::string> keys;
    const std::int64_t first = base::floor_div(page.numbers.from, base::kDay);
    const std::int64_t last = base::floor_div(page.numbers.to, base::kDay);
    if (last - first > 40'000) return keys;  // a clock that was wrong: no gaps of a century
    for (std::int64_t day = first; day <= last; ++day) {
        std::string key = page.numbers.trend == "week" ? metrics::format_week(day) : base::format_day(day);
        if (page.numbers.trend == "month") key.resize(key.size() - 3);
        if (keys.empty() || keys.back() != key) keys.push_back(std::move(key));
    }
    return keys;
}

std::vector<PeriodOfTrend> periods_of(const Page& page) {
    std::map<std::string, const metrics::SegmentResult*> known;
    for (const metrics::SegmentResult& segment : page.numbers.whole.breakdown) {
        if (segment.by == page.numbers.trend && segment.key) known[*segment.key] = &segment;
    }
    for (const std::string& key : calendar(page))
        known.try_emplace(key, nullptr);
    std::vector<PeriodOfTrend> periods;
    for (const auto& [key, segment] : known)
        periods.push_back({key, segment});
    return periods;
}

std::string label_of(const std::string& trend, const std::string& key) {
    return trend == "day" ? short_date(key) : key;
}

const metrics::Metric* metric_of(const PeriodOfTrend& period, std::string_view name) {
    return period.segment == nullptr ? nullptr : metrics::find(period.segment->metrics, name);
}

/// Without any event counts and sums are 0, rates undefined.
std::optional<double> value_in(const PeriodOfTrend& period, std::string_view name, metrics::Unit unit) {
    if (const metrics::Metric* metric = metric_of(period, name)) return metric->value;
    return unit == metrics::Unit::count || unit == metrics::Unit::money ? std::optional(0.0) : std::nullopt;
}

Axis time_axis(const std::string& trend, const std::vector<PeriodOfTrend>& periods) {
    const auto last = static_cast<double>(periods.size() - 1);
    Axis axis{Scale::exact(-0.5, last + 0.5), {}};
    std::set<std::size_t> labelled;
    for (std::size_t i = 0; i <= 3; ++i)
        labelled.insert((periods.size() - 1) * i / 3);
    for (const std::size_t i : labelled)
        axis.ticks.push_back({axis.scale.at(static_cast<double>(i)), label_of(trend, periods[i].key)});
    return axis;
}

std::string summary(const std::string& title, const std::string& trend, metrics::Unit unit,
                    const std::vector<PeriodOfTrend>& periods, const std::vector<PlotPoint>& points) {
    const auto defined = [](const PlotPoint& point) { return point.y.has_value(); };
    const auto value = [](const PlotPoint& point) { return point.y.value_or(-1); };
    const auto most = std::ranges::max_element(points, {}, value);
    const auto some = std::ranges::find_if(points, defined);
    if (some == points.end()) return title + " by " + trend + ": undefined throughout";
    auto least = some;
    for (auto point = some; point != points.end(); ++point) {
        if (point->y && *point->y < *least->y) least = point;
    }
    const auto name = [&](auto at) { return periods[static_cast<std::size_t>(at - points.begin())].key; };
    return title + " by " + trend + ": between " + value_of(unit, least->y) + " (" + name(least) + ") and " +
           value_of(unit, most->y) + " (" + name(most) + ")";
}

std::string trend_chart(const Page& page, const metrics::Metric& metric,
                        const std::vector<PeriodOfTrend>& periods) {
    std::vector<PlotPoint> points;
    double most = 0, widest = 0;
    for (std::size_t i = 0; i < periods.size(); ++i) {
        PlotPoint point{.x = static_cast<double>(i), .y = value_in(periods[i], metric.name, metric.unit)};
        if (const metrics::Metric* part = metric_of(periods[i], metric.name)) {
            point.low = part->low;
            point.high = part->high;
        }
        point.hint = plain(periods[i].key + ": " + value_of(metric.unit, point.y));
        most = std::max(most, point.y.value_or(0));
        widest = std::max(widest, point.high.value_or(0));
        points.push_back(std::move(point));
    }
    const auto label = metric.unit == metrics::Unit::share ? short_percent : short_number;
    Plot plot(time_axis(page.numbers.trend, periods),
              Axis::of(Scale::linear(0, std::max(most, std::min(widest, 1.5 * most)), 3), label));
    plot.band(points);
    plot.line(points);
    if (periods.size() <= 100) plot.hints(points, 1);
    const Term term = term_of(metric.name);
    const std::string interval = interval_of(metric);
    const std::string whole =
        "Whole period: " + value_of(metric) + (interval.empty() ? "" : " (" + interval + ")");
    return chart(term.title, whole,
                 plot.svg(summary(term.title, page.numbers.trend, metric.unit, periods, points)),
                 term.meaning);
}

}  // namespace

std::string trend_section(const Page& page) {
    std::vector<PeriodOfTrend> periods = periods_of(page);
    if (periods.size() < 2) return {};
    const std::size_t all = periods.size();
    if (all > kMaxPeriods) periods.erase(periods.begin(), periods.end() - kMaxPeriods);
    std::string charts;
    std::vector<Column> columns{{page.numbers.trend, true}};
    std::vector<const metrics::Metric*> shown;
    for (const std::string_view name : kShown) {
        const metrics::Metric* metric = page.metric(name);
        if (metric == nullptr || !metric->value) continue;
        shown.push_back(metric);
        columns.push_back({term_of(name).title});
        charts += trend_chart(page, *metric, periods);
    }
    HtmlTable table("Figures by " + page.numbers.trend, std::move(columns));
    for (const PeriodOfTrend& period : periods) {
        std::vector<std::string> cells{escape(period.key)};
        for (const metrics::Metric* metric : shown)
            cells.push_back(value_of(metric->unit, value_in(period, metric->name, metric->unit)));
        table.add_row(cells);
    }
    std::string note = "Each " + page.numbers.trend + " in the time zone " + plain(page.time_zone) +
                       "; the first and the last may be incomplete. All axes begin at 0. Pale bands are 95 % "
                       "intervals where they are known, cut where they reach far beyond the line.";
    if (all > periods.size())
        note += " The " + std::to_string(all - periods.size()) + " earliest are left out.";
    return section(
        "trends", "Over time",
        figure("trend", "By " + page.numbers.trend, note, element("div", "class=\"charts\"", charts), table));
}

}  // namespace funnel::report::html
