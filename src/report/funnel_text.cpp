// SPDX-License-Identifier: MIT
#include "funnel_text.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "funnel/base/time.hpp"
#include "funnel/report/text_table.hpp"
#include "plain_words.hpp"

namespace funnel::report {

namespace {

std::string interval_text(const std::optional<eval::Interval>& interval) {
    return interval ? format_share(interval->low) + " to " + format_share(interval->high) : "";
}

bool censored(const metrics::MetricsResult& result) {
    return result.censoring && result.censoring->mature_share.value_or(1) < 0.95;
}

// For logs that end before most windows do.
std::string censoring_text(const metrics::Censoring& censoring, const Paint& paint) {
    TextTable table({{"", Align::left},
                     {"first entry to last step", Align::right},
                     {"95 % interval", Align::right},
                     {"", Align::left}});
    const auto add = [&](const char* name, const metrics::FirstEntryRate& rate, const std::string& of) {
        table.add_row({name, rate.value ? format_share(rate.value) : "n/a", interval_text(rate.interval),
                       rate.value ? of : std::string(rate.reason)});
    };
    const std::string all = counted(censoring.entries, "entries");
    add("naive_first", censoring.naive_first, "of " + all + ", as if all windows were over");
    add("mature", censoring.mature,
        "of " + counted(censoring.mature_entries, "entries") + " whose window is over");
    add("km", censoring.km, "of " + all + ", by Kaplan and Meier");
    return paint.table(table);
}

std::string duration_text(const std::optional<double>& seconds) {
    if (!seconds) return "n/a";
    if (*seconds < 120) return format_number(seconds, 1) + " s";
    if (*seconds < 7200) return format_number(*seconds / 60, 1) + " min";
    if (*seconds < 2 * 86400) return format_number(*seconds / 3600, 1) + " h";
    return format_number(*seconds / 86400, 1) + " d";
}

// How long the steps took and what was bought.
std::string timing_text(const std::vector<metrics::FunnelStep>& steps, const Paint& paint) {
    TextTable table({{"", Align::left},
                     {"from step before: median", Align::right},
                     {"quartiles", Align::right},
                     {"p90", Align::right},
                     {"from entry: median", Align::right},
                     {"value", Align::right},
                     {"per entity", Align::right}});
    for (const auto& step : steps) {
        const auto& before = step.from_step_before;
        const bool timed = before.median.has_value();
        table.add_row(
            {printable(step.name, 40), timed ? duration_text(before.median) : "",
             timed ? duration_text(before.q25) + " to " + duration_text(before.q75) : "",
             timed ? duration_text(before.p90) : "", timed ? duration_text(step.from_entry.median) : "",
             format_number(step.value, 2),
             step.reached > 0 ? format_number(*step.value / static_cast<double>(step.reached), 2) : "n/a"});
    }
    return paint.title("Time to convert, and what was bought within the window") + paint.table(table);
}

// Which step first: arithmetic, and said to be.
std::string gains_text(const metrics::MetricsResult& result, const Paint& paint) {
    TextTable table({{"one point more at", Align::left},
                     {"arrivals", Align::right},
                     {"95 % interval", Align::right},
                     {"revenue", Align::right},
                     {"95 % interval", Align::right}});
    const auto range = [](const std::optional<eval::Interval>& interval, int digits) {
        return interval
                   ? format_number(interval->low, digits) + " to " + format_number(interval->high, digits)
                   : "";
    };
    for (const metrics::StepGain& gain : result.gains) {
        table.add_row(
            {printable(gain.name, 40), gain.arrivals ? "+" + format_number(gain.arrivals, 1) : "n/a",
             range(gain.arrivals_interval, 1), gain.revenue ? "+" + format_number(gain.revenue, 2) : "n/a",
             range(gain.revenue_interval, 2)});
    }
    return paint.title("Which step first") + paint.table(table) +
           paint.line("Arithmetic, not a forecast: all other rates are held as they are.");
}

}  // namespace

std::string steps_without_bots_text(const std::vector<metrics::FunnelStep>& all,
                                    const std::vector<metrics::FunnelStep>& without, const Paint& paint) {
    TextTable table({{"", Align::left},
                     {"reached", Align::right},
                     {"without bots", Align::right},
                     {"of all", Align::right},
                     {"without bots", Align::right},
                     {"95 % interval", Align::right}});
    for (std::size_t k = 0; k < std::min(all.size(), without.size()); ++k) {
        table.add_row({printable(all[k].name, 40), format_count(all[k].reached),
                       format_count(without[k].reached), format_share(all[k].overall_rate),
                       format_share(without[k].overall_rate), interval_text(without[k].overall_interval)});
    }
    return paint.table(table);
}

std::vector<std::string> describe(const metrics::FunnelRules& rules,
                                  const std::vector<metrics::FunnelStep>& steps) {
    std::vector<std::string> out;
    if (rules.order == metrics::StepOrder::strict) out.emplace_back("nothing in between");
    if (rules.order == metrics::StepOrder::any) out.emplace_back("steps in any order");
    if (rules.strict_increase) out.emplace_back("each step later than the one before");
    if (rules.first_entry) out.emplace_back("first entry only");
    if (rules.open) out.emplace_back("open: entered at any step");
    if (rules.count_entries) out.emplace_back("entries, not entities");
    if (rules.hold == metrics::Hold::item) out.emplace_back("all steps of one item");
    if (rules.hold == metrics::Hold::category) out.emplace_back("all steps of one category");
    for (std::size_t kind = 0; kind < events::kKindNames.size(); ++kind) {
        if ((rules.excluded >> kind & 1) != 0)
            out.push_back("ended by " + std::string(events::kKindNames[kind]));
    }
    for (std::size_t k = 0; k < steps.size(); ++k) {
        if (rules.is_optional(k)) out.push_back(steps[k].name + " may be skipped");
        if (rules.step_window(k) != metrics::kNoStepWindow)
            out.push_back(steps[k].name + " within " + base::format_duration(rules.step_window(k)));
    }
    return out;
}

std::string funnel_text(const metrics::MetricsResult& result, const TextOptions& options,
                        const Paint& paint) {
    std::int64_t widest = 1;
    for (const auto& step : result.steps)
        widest = std::max(widest, step.reached);
    const bool intervals =
        std::ranges::any_of(result.steps, [](const auto& step) { return step.overall_interval.has_value(); });
    TextTable table({{"", Align::left},
                     {"reached", Align::right},
                     {"of step", Align::right},
                     {"of all", Align::right},
                     {intervals ? "95 % interval" : "", Align::right},
                     {"lost", Align::right},
                     {"", Align::left}});
    std::vector<std::string> bars;
    for (const auto& step : result.steps) {
        const bool first = &step == &result.steps.front();
        bars.push_back(
            bar(static_cast<double>(step.reached) / static_cast<double>(widest), options.bar_width));
        table.add_row({printable(step.name, 40) + (step.optional ? " (may be skipped)" : ""),
                       format_count(step.reached), first ? "" : format_share(step.step_rate),
                       format_share(step.overall_rate), interval_text(step.overall_interval),
                       first ? "" : format_count(step.lost), bars.back()});
    }
    std::string text = paint.table(table);
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
    for (const std::string& rule : describe(result.rules, result.steps))
        title += ", " + printable(rule, 60);
    std::string out = paint.title(title) + text;
    if (censored(result)) out += (paint.markdown() ? "\n" : "") + censoring_text(*result.censoring, paint);
    if (!result.left_out.empty())
        out += paint.line("left out, without any event: " + joined(result.left_out));
    if (!result.steps.empty() && result.steps.front().value) out += "\n" + timing_text(result.steps, paint);
    if (options.gains && !result.gains.empty()) out += "\n" + gains_text(result, paint);
    return out;
}

}  // namespace funnel::report
