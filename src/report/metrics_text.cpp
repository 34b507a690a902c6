// SPDX-License-Identifier: MIT
#include "funnel/report/metrics_text.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "bots_in_words.hpp"
#include "comparisons_text.hpp"
#include "funnel/base/time.hpp"
#include "funnel/report/text_table.hpp"
#include "funnel_text.hpp"
#include "metrics_tables.hpp"

namespace funnel::report {

namespace {

std::string span_of(const LogSummary& log) {
    if (!log.from || !log.to) return "no events";
    const double days = static_cast<double>(*log.to - *log.from) / static_cast<double>(base::kDay);
    return base::format_time(*log.from) + " to " + base::format_time(*log.to) + " (" +
           format_number(days, 1) + " days)";
}

// The events of the log, the most frequent first.
std::string events_of(const LogSummary& log) {
    std::vector<std::pair<std::string, std::int64_t>> events(log.by_event.begin(), log.by_event.end());
    std::ranges::stable_sort(events, std::ranges::greater{}, [](const auto& event) { return event.second; });
    constexpr std::size_t kShown = 12;
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < std::min(events.size(), kShown); ++i) {
        texts.push_back(printable(events[i].first, 40) + " " + format_count(events[i].second));
    }
    if (events.size() > kShown)
        texts.push_back(counted(static_cast<std::int64_t>(events.size() - kShown), "more"));
    return joined(texts);
}

std::string head_text(const LogSummary& log, const Paint& paint) {
    TextTable table({{"", Align::left}, {"", Align::left}});
    if (!log.files.empty()) table.add_row({"files", joined(log.files)});
    if (!log.schema.empty()) table.add_row({"schema", printable(log.schema)});
    std::vector<std::string> rows = {counted(log.rows, "read"), counted(log.accepted, "accepted"),
                                     counted(log.rejected, "rejected"), counted(log.ignored, "ignored")};
    if (log.after > 0) rows.push_back(counted(log.after, "after --as-of"));
    if (log.events + log.after != log.accepted) rows.push_back(counted(log.events, "events of them"));
    if (log.ahead > 0) rows.push_back(counted(log.ahead, "ahead of their clock"));
    if (log.behind > 0) rows.push_back(counted(log.behind, "behind their clock"));
    if (log.outside > 0) rows.push_back(counted(log.outside, "outside the period"));
    if (log.duplicates) rows.push_back(counted(*log.duplicates, "exact duplicates"));
    table.add_row({"rows", joined(rows)});
    for (const auto& [reason, count] : log.rejected_by_reason) {
        table.add_row({"", "rejected: " + printable(reason) + " " + format_count(count)});
    }
    if (!log.where.empty())
        table.add_row({"only where", printable(log.where, 200) + ": " + counted(log.fitting, "rows fit")});
    table.add_row({"holds", joined({counted(log.users, "users"), counted(log.items, "items"),
                                    counted(log.sessions, "visits")})});
    table.add_row({"time", span_of(log)});
    if (!log.period.whole()) {
        const auto end = [](const std::optional<std::int64_t>& time, const char* open) {
            return time ? base::format_time(*time) : std::string(open);
        };
        table.add_row(
            {"period", end(log.period.from, "the first row") + " to " + end(log.period.to, "the last row")});
    }
    table.add_row({"events", events_of(log)});
    return paint.title("Log") + paint.table(table);
}

std::string value_text(const metrics::Metric& metric) {
    switch (metric.unit) {
        case metrics::Unit::count:
            return format_number(metric.value, 0);
        case metrics::Unit::share:
            return format_share(metric.value);
        case metrics::Unit::ratio:
            return format_number(metric.value, 3);
        case metrics::Unit::money:
            return format_number(metric.value, 2);
        case metrics::Unit::seconds:
            return metric.value ? format_number(metric.value, 3) + " s" : "n/a";
    }
    return {};
}

std::string fraction_text(const metrics::Metric& metric) {
    if (!metric.denominator) return {};
    const int digits = metric.unit == metrics::Unit::money ? 2 : 0;
    return format_number(metric.numerator, digits) + " of " + format_number(metric.denominator, 0);
}

std::string interval_text(const metrics::Metric& metric) {
    if (!metric.low || !metric.high) return {};
    const auto end = [&](const std::optional<double>& value) {
        metrics::Metric bound = metric;
        bound.value = value;
        return value_text(bound);
    };
    return end(metric.low) + " to " + end(metric.high);
}

std::string metrics_text(const std::vector<metrics::Metric>& metrics, const Paint& paint) {
    const bool intervals =
        std::ranges::any_of(metrics, [](const auto& metric) { return metric.low.has_value(); });
    TextTable table({{"", Align::left},
                     {"value", Align::right},
                     {"counts", Align::right},
                     {intervals ? "95 % interval" : "", Align::right},
                     {"", Align::left}});
    for (const metrics::Metric& metric : metrics) {
        table.add_row({std::string(metric.name), value_text(metric), fraction_text(metric),
                       interval_text(metric), std::string(metric.reason)});
    }
    return paint.title("Metrics") + paint.table(table) +
           "\nEach figure is defined under its name in docs/metrics.md.\n";
}

}  // namespace

std::string without_bots_text(const metrics::MetricsResult& result, const Paint& paint) {
    const BotsInWords bots = bots_in_words(result);
    const std::string out = paint.title("Without bots") + paint.lead(bots.text);
    if (!bots.has_figures) return out;
    TextTable table({{"", Align::left},
                     {"all users", Align::right},
                     {"without bots", Align::right},
                     {"counts", Align::right},
                     {"95 % interval", Align::right},
                     {"", Align::left}});
    for (const metrics::Metric& metric : result.without_bots->metrics) {
        table.add_row({metric.name, value_text(result.metric(metric.name)), value_text(metric),
                       fraction_text(metric), interval_text(metric), std::string(metric.reason)});
    }
    return out + paint.table(table) + "\n" +
           steps_without_bots_text(result.steps, result.without_bots->steps, paint);
}

namespace {

std::string breakdown_text(std::span<const metrics::SegmentResult> segments, const TextOptions& options,
                           const Paint& paint) {
    constexpr std::string_view kShown[] = {
        "uv", "visits", "pv", "ctr", "conversion_user", "cart_abandon_session", "orders", "revenue"};
    std::vector<TableColumn> columns = {{segments.front().by, Align::left}};
    for (const std::string_view name : kShown)
        columns.push_back({std::string(name), Align::right});
    const std::string& last_step = segments.front().steps.back().name;
    columns.push_back({"reached " + printable(last_step, 20), Align::right});
    TextTable table(std::move(columns));
    const std::size_t shown = std::min(segments.size(), options.breakdown_rows);
    for (const metrics::SegmentResult& segment : segments.first(shown)) {
        std::vector<std::string> cells = {segment.key ? printable(*segment.key, 40) : "(missing)"};
        for (const std::string_view name : kShown)
            cells.push_back(value_text(*metrics::find(segment.metrics, name)));
        cells.push_back(format_share(segment.steps.back().overall_rate));
        table.add_row(std::move(cells));
    }
    std::string out = paint.title("By " + printable(segments.front().by)) + paint.table(table);
    if (shown < segments.size()) {
        out += paint.line(counted(static_cast<std::int64_t>(segments.size() - shown),
                                  "more keys: --json or --csv shows all"));
    }
    return out;
}

}  // namespace

std::string each_breakdown(const metrics::MetricsResult& result, const Paint& paint,
                           const std::function<std::string(Segments)>& text) {
    std::string out;
    const Segments segments(result.breakdown);
    for (std::size_t begin = 0, end = 0; begin < segments.size(); begin = end) {
        while (end < segments.size() && segments[end].by == segments[begin].by)
            ++end;
        const Segments group = segments.subspan(begin, end - begin);
        out += "\n" + text(group);
        if (!group.front().differences.empty()) out += "\n" + segment_differences_text(group, paint);
    }
    return out;
}

std::string to_text(const metrics::MetricsResult& result, const LogSummary& log, const TextOptions& options,
                    const Comparisons& beside) {
    const Paint paint(options.color, options.markdown);
    std::string out = head_text(log, paint) + "\n" + metrics_text(result.metrics, paint) + "\n" +
                      funnel_text(result, options, paint);
    if (result.without_bots) out += "\n" + without_bots_text(result, paint);
    out +=
        each_breakdown(result, paint, [&](Segments group) { return breakdown_text(group, options, paint); });
    out += comparisons_text(beside, paint);
    base::Warnings notes = log.warnings;
    base::add_new(notes, result.warnings);
    base::add_new(notes, result.notes);
    if (!notes.empty()) out += "\n";
    for (const base::Warning& note : notes) {
        out +=
            (paint.markdown() ? "- " : paint.warning("Note:") + " ") + printable(note.message, 1000) + "\n";
    }
    return out;
}

}  // namespace funnel::report
