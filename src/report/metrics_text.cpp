// SPDX-License-Identifier: MIT
#include "funnel/report/metrics_text.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/time.hpp"
#include "funnel/report/table.hpp"

namespace funnel::report {

namespace {

/// Wraps text in an ANSI colour, or leaves it alone.
class Paint {
 public:
    explicit Paint(bool on) : on_(on) {}
    [[nodiscard]] std::string title(std::string_view text) const { return wrap("\x1b[1m", text); }
    [[nodiscard]] std::string bar(std::string_view text) const { return wrap("\x1b[36m", text); }
    [[nodiscard]] std::string warning(std::string_view text) const { return wrap("\x1b[33m", text); }

 private:
    [[nodiscard]] std::string wrap(std::string_view code, std::string_view text) const {
        if (!on_ || text.empty()) return std::string(text);
        return std::string(code) + std::string(text) + "\x1b[0m";
    }
    bool on_;
};

std::string joined(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts)
        out += (out.empty() ? "" : ", ") + printable(text);
    return out;
}

std::string counted(std::int64_t count, std::string_view what) {
    return format_count(count) + " " + std::string(what);
}

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
    Table table({{"", Align::left}, {"", Align::left}});
    if (!log.files.empty()) table.add_row({"files", joined(log.files)});
    if (!log.schema.empty()) table.add_row({"schema", printable(log.schema)});
    std::vector<std::string> rows = {counted(log.rows, "read"), counted(log.accepted, "accepted"),
                                     counted(log.rejected, "rejected"), counted(log.ignored, "ignored")};
    if (log.outside > 0) rows.push_back(counted(log.outside, "outside --from and --to"));
    if (log.duplicates) rows.push_back(counted(*log.duplicates, "exact duplicates"));
    table.add_row({"rows", joined(rows)});
    for (const auto& [reason, count] : log.rejected_by_reason) {
        table.add_row({"", "rejected: " + printable(reason) + " " + format_count(count)});
    }
    table.add_row({"holds", joined({counted(log.users, "users"), counted(log.items, "items"),
                                    counted(log.sessions, "visits")})});
    table.add_row({"time", span_of(log)});
    table.add_row({"events", events_of(log)});
    return paint.title("Log") + "\n" + table.text(2);
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
    Table table({{"", Align::left},
                 {"value", Align::right},
                 {"counts", Align::right},
                 {intervals ? "95 % interval" : "", Align::right},
                 {"", Align::left}});
    for (const metrics::Metric& metric : metrics) {
        table.add_row({std::string(metric.name), value_text(metric), fraction_text(metric),
                       interval_text(metric), std::string(metric.reason)});
    }
    return paint.title("Metrics") + "\n" + table.text(2);
}

// Eighths of a column: a bar that is not empty is never drawn as nothing.
std::string bar(double share, std::size_t width) {
    constexpr std::array<std::string_view, 8> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    if (!(share > 0)) return {};
    const auto eighths =
        static_cast<std::size_t>(std::max(1.0, std::min(share, 1.0) * static_cast<double>(width) * 8));
    std::string out;
    for (std::size_t i = 0; i < eighths / 8; ++i)
        out += "█";
    return out + std::string(kEighths[eighths % 8]);
}

std::string funnel_text(const metrics::MetricsResult& result, const TextOptions& options,
                        const Paint& paint) {
    std::int64_t widest = 1;
    for (const auto& step : result.steps)
        widest = std::max(widest, step.reached);
    Table table({{"", Align::left},
                 {"reached", Align::right},
                 {"of step", Align::right},
                 {"of all", Align::right},
                 {"lost", Align::right},
                 {"", Align::left}});
    std::vector<std::string> bars;
    for (const auto& step : result.steps) {
        const bool first = &step == &result.steps.front();
        bars.push_back(
            bar(static_cast<double>(step.reached) / static_cast<double>(widest), options.bar_width));
        table.add_row({printable(step.name, 40), format_count(step.reached),
                       first ? "" : format_share(step.step_rate), format_share(step.overall_rate),
                       first ? "" : format_count(step.lost), bars.back()});
    }
    std::string text = table.text(2);
    if (options.color) {
        std::size_t from = 0;
        for (const std::string& drawn : bars) {
            const std::size_t at = drawn.empty() ? std::string::npos : text.find(drawn + "\n", from);
            if (at == std::string::npos) continue;
            const std::string painted = paint.bar(drawn);
            text.replace(at, drawn.size(), painted);
            from = at + painted.size();
        }
    }
    std::string title = "Funnel per " + std::string(metrics::entity_name(result.entity));
    if (result.entity != metrics::Entity::exposure)
        title += ", window " + base::format_duration(result.window);
    std::string out = paint.title(title) + "\n" + text;
    if (!result.left_out.empty()) out += "  left out, without any event: " + joined(result.left_out) + "\n";
    return out;
}

std::string breakdown_text(std::span<const metrics::SegmentResult> segments, const TextOptions& options,
                           const Paint& paint) {
    constexpr std::string_view kShown[] = {
        "uv", "visits", "pv", "ctr", "conversion_user", "cart_abandon_session", "orders", "revenue"};
    std::vector<TableColumn> columns = {{segments.front().by, Align::left}};
    for (const std::string_view name : kShown)
        columns.push_back({std::string(name), Align::right});
    const std::string& last_step = segments.front().steps.back().name;
    columns.push_back({"reached " + printable(last_step, 20), Align::right});
    Table table(std::move(columns));
    const std::size_t shown = std::min(segments.size(), options.breakdown_rows);
    for (const metrics::SegmentResult& segment : segments.first(shown)) {
        std::vector<std::string> cells = {segment.key ? printable(*segment.key, 40) : "(missing)"};
        for (const std::string_view name : kShown)
            cells.push_back(value_text(*metrics::find(segment.metrics, name)));
        cells.push_back(format_share(segment.steps.back().overall_rate));
        table.add_row(std::move(cells));
    }
    std::string out = paint.title("By " + printable(segments.front().by)) + "\n" + table.text(2);
    if (shown < segments.size()) {
        out += "  " + counted(static_cast<std::int64_t>(segments.size() - shown),
                              "more keys: --json or --csv shows all\n");
    }
    return out;
}

}  // namespace

std::string to_text(const metrics::MetricsResult& result, const LogSummary& log, const TextOptions& options) {
    const Paint paint(options.color);
    std::string out = head_text(log, paint) + "\n" + metrics_text(result.metrics, paint) + "\n" +
                      funnel_text(result, options, paint);
    const std::span segments(result.breakdown);
    for (std::size_t begin = 0, end = 0; begin < segments.size(); begin = end) {
        while (end < segments.size() && segments[end].by == segments[begin].by)
            ++end;
        out += "\n" + breakdown_text(segments.subspan(begin, end - begin), options, paint);
    }
    std::vector<std::string> warnings = log.warnings;
    warnings.insert(warnings.end(), result.warnings.begin(), result.warnings.end());
    if (!warnings.empty()) out += "\n";
    for (const std::string& warning : warnings) {
        out += paint.warning("Note:") + " " + printable(warning, 1000) + "\n";
    }
    return out;
}

}  // namespace funnel::report
