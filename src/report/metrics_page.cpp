// SPDX-License-Identifier: MIT
// The first page: the question in words, the answer, the interval, the counts; nothing twice, nothing
// undefined.
#include <algorithm>
#include <string_view>
#include <utility>

#include "comparisons_text.hpp"
#include "funnel/base/time.hpp"
#include "funnel/metrics/segments.hpp"
#include "funnel/report/asked_period.hpp"
#include "funnel/report/metrics_text.hpp"
#include "funnel/report/text_table.hpp"
#include "funnel_text.hpp"
#include "metrics_tables.hpp"
#include "paint.hpp"
#include "plain_words.hpp"

namespace funnel::report {
namespace {

// What the page says of a rate.
struct Question {
    std::string_view words, metric;
};

// The last part of a path.
std::string file_name(const std::string& path) {
    return printable(path.substr(path.find_last_of('/') + 1), 40);
}

bool sold_only(const LogSummary& log) {
    return !log.by_event.empty() && std::ranges::all_of(log.by_event, [](const auto& event) {
        return event.first == "purchase" || event.first == "refund";
    });
}

std::string of_rows(const LogSummary& log) {
    std::string out = counted(log.rows, log.rows == 1 ? "row read" : "rows read");
    if (log.rejected == 0 && log.ignored == 0) return out + ", none rejected";
    if (log.rejected > 0) out += ", " + counted(log.rejected, "rejected");
    if (log.ignored > 0) out += ", " + counted(log.ignored, "ignored");
    return out;
}

std::string period_line(const LogSummary& log, const TextOptions& options) {
    if (!log.from || !log.to) return {};
    const std::string line = to_text(AskedPeriod{log.period, *log.from, *log.to, options.offsets});
    return line.empty() ? line : "\n" + line;
}

std::string head_lines(const LogSummary& log, const TextOptions& options, const Paint& paint) {
    std::string name = log.files.empty() ? "Log" : file_name(log.files.front());
    if (log.files.size() > 1)
        name += " and " + counted(static_cast<std::int64_t>(log.files.size()) - 1, "more");
    std::string out = paint.title(name);
    out.pop_back();
    if (log.from && log.to) {
        metrics::LocalTime local(options.offsets);
        const std::int64_t first = base::floor_div(local.local(*log.from), base::kDay);
        const std::int64_t last = base::floor_div(local.local(*log.to), base::kDay);
        out += "   " + days_words(first, last) + ", " +
               (first == last ? "1 day" : counted(last - first + 1, "days")) + ", " + options.zone;
    }
    out += period_line(log, options);
    const bool visited = !sold_only(log);
    const std::string_view people = visited ? (log.users == 1 ? "visitor, " : "visitors, ")
                                            : (log.users == 1 ? "customer, " : "customers, ");
    out += "\n" + counted(log.users, people) +
           (visited ? counted(log.sessions, log.sessions == 1 ? "visit, " : "visits, ") : "") + of_rows(log) +
           "\n";
    for (const auto& [reason, count] : log.rejected_by_reason)
        out += "  rejected: " + printable(reason) + " " + format_count(count) + "\n";
    const auto apart = [&](std::int64_t rows, std::string_view what) {
        if (rows > 0) out += "  " + counted(rows, what) + "\n";
    };
    apart(log.after, "rows are at or after --as-of: read by nothing");
    apart(log.ahead, "rows are ahead of their clock: in no figure");
    apart(log.behind, "rows are behind their clock: in no figure");
    apart(log.outside, "rows lie outside the period: context");
    if (!log.where.empty()) {
        out += warning_lines("Only where " + printable(log.where, 200) + ": " + format_count(log.fitting) +
                                 " of " + format_count(log.events) + " rows fit, the others are context",
                             " ");
    }
    return out;
}

std::vector<Question> questions_of(const metrics::MetricsResult& result, const LogSummary& log) {
    const bool sells = result.metric("orders").value.value_or(0) > 0 ||
                       std::ranges::any_of(result.steps, [](const auto& s) { return s.name == "purchase"; });
    std::vector<Question> out;
    if (sells && !sold_only(log)) {
        out.push_back({"Visitors who bought", "conversion_user"});
        out.push_back({"Visits with an order", "conversion_session"});
    }
    out.push_back({"Impressions clicked", "ctr"});
    out.push_back({"Carts abandoned", "cart_abandon_cart"});
    out.push_back({"Buyers who came back", "repeat_purchase_period"});
    return out;
}

// Names that are not there, and figures that are undefined, are left out.
const metrics::Metric* defined(const metrics::MetricsResult& result, std::string_view name) {
    const metrics::Metric* metric = metrics::find(result.metrics, name);
    return metric != nullptr && metric->value ? metric : nullptr;
}

std::optional<eval::Interval> interval_of(const metrics::Metric& metric) {
    if (!metric.low || !metric.high) return std::nullopt;
    return eval::Interval{*metric.low, *metric.high};
}

// The widest end, so that both columns of an interval stand under each other.
std::size_t widest_end(const metrics::MetricsResult& result, const std::vector<Question>& questions) {
    std::size_t width = 0;
    for (const Question& question : questions) {
        const metrics::Metric* metric = defined(result, question.metric);
        if (metric == nullptr || !metric->high) continue;
        width = std::max(width, format_number(*metric->high * 100, percent_digits(*metric->value)).size());
    }
    return width;
}

void add_money(const metrics::MetricsResult& result, TextTable& table) {
    const auto add = [&](std::string_view words, std::string_view name, int digits) {
        const metrics::Metric* metric = defined(result, name);
        if (metric == nullptr) return;
        const bool ranged = name == "average_order_value" && metric->low && metric->high;
        table.add_row({std::string(words), format_number(metric->value, digits),
                       ranged ? format_number(metric->low, 2) + " to " + format_number(metric->high, 2) : "",
                       ""});
    };
    if (result.metric("orders").value.value_or(0) == 0) return;
    add("Orders", "orders", 0);
    const bool refunds = defined(result, "net_revenue") != nullptr;
    if (refunds) add("Revenue after refunds", "net_revenue", 2);
    add(refunds ? "Revenue before refunds" : "Revenue", "revenue", 2);
    add("Per order", "average_order_value", 2);
}

std::string answers(const metrics::MetricsResult& result, const LogSummary& log) {
    const std::vector<Question> questions = questions_of(result, log);
    const std::size_t width = widest_end(result, questions);
    TextTable table({{"", Align::left},
                     {"", Align::right},
                     {width > 0 ? "95 % interval" : "", Align::left},
                     {"", Align::left}});
    for (const auto& [words, name] : questions) {
        const metrics::Metric* metric = defined(result, name);
        if (metric == nullptr) continue;
        table.add_row({std::string(words), short_share(metric->value),
                       short_interval(interval_of(*metric), percent_digits(*metric->value), width),
                       format_number(metric->numerator, 0) + " of " + format_number(metric->denominator, 0)});
    }
    add_money(result, table);
    return table.text();
}

std::string entity_words(metrics::Entity entity) {
    switch (entity) {
        case metrics::Entity::user:
            return "visitors";
        case metrics::Entity::session:
            return "visits";
        case metrics::Entity::user_item:
            return "visitors and items";
        case metrics::Entity::exposure:
            return "exposures";
    }
    return {};
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    for (std::size_t end = 0; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1))
        lines.emplace_back(text.substr(0, end));
    return lines;
}

// The step that loses most heads, if one loses any.
std::size_t most_lost(const std::vector<metrics::FunnelStep>& steps) {
    const auto most = std::ranges::max_element(steps, {}, &metrics::FunnelStep::lost);
    return most == steps.end() || most->lost <= 0 ? 0 : static_cast<std::size_t>(most - steps.begin());
}

// The step that loses the largest share, if it is not the one that loses most heads.
std::size_t steepest(const std::vector<metrics::FunnelStep>& steps, std::size_t worst) {
    std::size_t found = worst;
    for (std::size_t k = 1; k < steps.size() && worst > 0; ++k) {
        const bool steeper = steps[k].step_rate && steps[k].lost > 0 && steps[found].step_rate &&
                             *steps[k].step_rate < *steps[found].step_rate;
        if (steeper) found = k;
    }
    return found;
}

std::string padded_to(std::string text, std::size_t width) {
    return text + std::string(width - std::min(width, display_width(text)), ' ');
}

std::string funnel_title(const metrics::MetricsResult& result) {
    std::string title = "Funnel: " + entity_words(result.entity);
    if (result.entity != metrics::Entity::exposure) title += ", within " + duration_words(result.window);
    for (const std::string& rule : describe(result.rules, result.steps))
        title += ", " + printable(rule, 60);
    return title;
}

std::string drawn_funnel(const metrics::MetricsResult& result, const Paint& paint) {
    if (result.steps.size() < 2 || result.steps.front().reached == 0) return {};
    constexpr std::size_t kBar = 18;
    std::int64_t widest = 1;
    for (const auto& step : result.steps)
        widest = std::max(widest, step.reached);
    const std::size_t worst = most_lost(result.steps), steep = steepest(result.steps, worst);
    TextTable left({{"", Align::left}, {"", Align::right}}), right({{"step"}, {"lost"}, {"", Align::left}});
    for (std::size_t k = 0; k < result.steps.size(); ++k) {
        const auto& step = result.steps[k];
        left.add_row({printable(step.name, 24) + (step.optional ? " (may be skipped)" : ""),
                      format_count(step.reached)});
        const bool first = k == 0;
        const bool small = step.step_rate && *step.step_rate < 0.1;  // 0 % would say that there is none
        const auto percent = !step.step_rate ? "n/a"
                             : small         ? short_share(step.step_rate)
                                             : format_number(*step.step_rate * 100, 0) + " %";
        right.add_row({first ? "" : percent, first ? "" : format_count(step.lost),
                       first        ? ""
                       : k == worst ? "<- most lost"
                       : k == steep ? "<- largest share"
                                    : ""});
    }
    const std::vector<std::string> names = lines_of(left.text()), figures = lines_of(right.text());
    std::size_t width = 0;
    for (const std::string& line : names)
        width = std::max(width, display_width(line));
    const std::string title = funnel_title(result);
    const std::size_t all = width + 2 + kBar;
    std::string out = display_width(title) > all ? title + "\n" + padded_to("", all) : padded_to(title, all);
    out += "  " + figures.front() + "\n";
    for (std::size_t k = 0; k < result.steps.size(); ++k) {
        const std::string drawn =
            bar(static_cast<double>(result.steps[k].reached) / static_cast<double>(widest), kBar);
        std::string line = padded_to(names[k], width) + "  " + paint.bar(drawn);
        if (!figures[k + 1].empty())
            line += std::string(kBar - display_width(drawn), ' ') + "  " + figures[k + 1];
        out += line + "\n";
    }
    if (!result.left_out.empty())
        out += warning_lines("without any event, so left out: " + joined(result.left_out));
    return out;
}

// The questions of the page again, key by key.
std::string page_breakdown(std::span<const metrics::SegmentResult> segments, const TextOptions& options) {
    constexpr std::pair<std::string_view, std::string_view> kColumns[] = {{"visitors", "uv"},
                                                                          {"clicked", "ctr"},
                                                                          {"bought", "conversion_user"},
                                                                          {"carts lost", "cart_abandon_cart"},
                                                                          {"orders", "orders"},
                                                                          {"revenue", "revenue"}};
    std::vector<TableColumn> columns = {{"By " + printable(segments.front().by, 20), Align::left}};
    for (const auto& [words, name] : kColumns)
        columns.push_back({std::string(words)});
    TextTable table(std::move(columns));
    const std::size_t shown = std::min(segments.size(), options.breakdown_rows);
    for (const metrics::SegmentResult& segment : segments.first(shown)) {
        std::vector<std::string> cells = {segment.key ? printable(*segment.key, 24) : "(missing)"};
        for (const auto& [words, name] : kColumns) {
            const metrics::Metric* metric = metrics::find(segment.metrics, name);
            if (metric == nullptr || !metric->value) {
                cells.emplace_back("-");
            } else {
                cells.push_back(metric->unit == metrics::Unit::share
                                    ? short_share(metric->value)
                                    : format_number(metric->value, name == "revenue" ? 2 : 0));
            }
        }
        table.add_row(std::move(cells));
    }
    std::string out = table.text();
    if (shown < segments.size())
        out += counted(static_cast<std::int64_t>(segments.size() - shown),
                       "more keys: --json or --csv shows all\n");
    return out;
}

// What a reader should know before quoting a figure, then how it was counted.
std::string warnings_text(const metrics::MetricsResult& result, const LogSummary& log) {
    base::Warnings warnings = log.warnings;
    base::add_new(warnings, result.warnings);
    std::string out;
    // Above a row in a thousand reading warns of it.
    if (log.duplicates.value_or(0) > 0 && *log.duplicates * 1000 <= log.accepted) {
        out += warning_lines(counted(*log.duplicates, *log.duplicates == 1 ? "row is an exact duplicate"
                                                                           : "rows are exact duplicates") +
                             " (--dedup exact drops them).");
    }
    for (const base::Warning& warning : warnings)
        out += warning_lines(printable(warning.message, 1000));
    for (const base::Warning& note : result.notes)
        out += warning_lines(printable(note.message, 1000), "-");
    return out;
}

}  // namespace

std::string to_page(const metrics::MetricsResult& result, const LogSummary& log, const TextOptions& options,
                    const Comparisons& beside) {
    const Paint paint(options.color);
    std::string out = head_lines(log, options, paint);
    if (result.rows > 0) out += "\n" + answers(result, log);
    if (const std::string funnel = drawn_funnel(result, paint); !funnel.empty()) out += "\n" + funnel;
    if (result.without_bots) out += "\n" + without_bots_text(result, paint);
    out += each_breakdown(result, paint, [&](const auto& group) { return page_breakdown(group, options); }) +
           comparisons_text(beside, paint);
    if (const std::string warnings = warnings_text(result, log); !warnings.empty()) out += "\n" + warnings;
    const char* const column = result.breakdown.empty() ? "  --by day" : "";
    return out + (log.rows > 0 ? "More: --all" + std::string(column) + "  --compare previous  --json\n" : "");
}

}  // namespace funnel::report
