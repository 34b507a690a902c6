// SPDX-License-Identifier: MIT
// The funnel: who reached each step, what was lost on the way, how sure that is.
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "funnel/base/time.hpp"
#include "funnel/eval/interval.hpp"
#include "funnel/report/text_table.hpp"
#include "markup.hpp"
#include "plot.hpp"
#include "rows.hpp"
#include "sections.hpp"
#include "svg_figure.hpp"
#include "words.hpp"

namespace funnel::report::html {
std::string entities(metrics::Entity entity) {
    switch (entity) {
        case metrics::Entity::user:
            return "users";
        case metrics::Entity::session:
            return "visits";
        case metrics::Entity::user_item:
            return "pairs of user and item";
        case metrics::Entity::exposure:
            return "exposures";
    }
    return {};
}

namespace {

std::string text_of(const std::optional<eval::Interval>& interval) {
    return interval ? percent(interval->low) + " to " + percent(interval->high) : "";
}

void set_interval(Estimate& estimate, const std::optional<eval::Interval>& interval) {
    if (!interval) return;
    estimate.low = interval->low;
    estimate.high = interval->high;
}

std::vector<BarRow> bars(const metrics::MetricsResult& result) {
    std::vector<BarRow> rows;
    for (std::size_t k = 0; k < result.steps.size(); ++k) {
        const metrics::FunnelStep& step = result.steps[k];
        BarRow row{.label = step.name, .bar = {.value = step.overall_rate}};
        row.bar.text = format_count(step.reached) + "  \xC2\xB7  " + percent(step.overall_rate);
        if (k > 0) {
            const metrics::FunnelStep& from = result.steps[k - 1];
            row.before = from.overall_rate;
            set_interval(row.bar, step.overall_interval);
            row.note = step.step_rate
                           ? percent(step.step_rate) + " go on, " + format_count(step.lost) + " are lost here"
                           : "nobody came so far";
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

HtmlTable table(const metrics::MetricsResult& result) {
    HtmlTable table("Funnel", {{"Step", true},
                               {"Reached"},
                               {"Of the step before"},
                               {"95 % interval"},
                               {"Of all"},
                               {"95 % interval"},
                               {"Lost"}});
    for (std::size_t k = 0; k < result.steps.size(); ++k) {
        const metrics::FunnelStep& step = result.steps[k];
        const bool first = k == 0;
        table.add_row({datum(step.name, 40), format_count(step.reached), first ? "" : percent(step.step_rate),
                       first ? "" : text_of(step.step_interval), percent(step.overall_rate),
                       first ? "" : text_of(step.overall_interval), first ? "" : format_count(step.lost)});
    }
    return table;
}

std::string note(const metrics::MetricsResult& result) {
    std::string out = "A step counts the " + entities(result.entity) +
                      " that came to it or beyond, in this order, other events in between allowed";
    if (result.entity == metrics::Entity::exposure) {
        out += "; an exposure is the first meeting of a user and an item in a visit.";
    } else {
        out += ", within " + duration_in_words(result.window) + " of the first step.";
    }
    out += " The pale part was lost on the way; the stroke at the end of a bar is the 95 % interval.";
    if (!result.left_out.empty()) {
        out += " Left out because the log has no such event: ";
        for (const std::string& stage : result.left_out)
            out += (&stage == &result.left_out.front() ? "" : ", ") + datum(stage, 40);
        out += ".";
    }
    return out;
}

/// Labels of a logarithmic axis of time.
Axis time_axis(double low, double high) {
    constexpr auto kLabels = std::to_array<std::pair<double, const char*>>({{1, "1 s"},
                                                                            {10, "10 s"},
                                                                            {60, "1 min"},
                                                                            {600, "10 min"},
                                                                            {3600, "1 h"},
                                                                            {6 * 3600, "6 h"},
                                                                            {86400, "1 d"},
                                                                            {7 * 86400, "7 d"},
                                                                            {30 * 86400, "30 d"}});
    Axis axis{Scale::logarithmic(std::max(low, 1.0), std::max(high, 1.0)), {}};
    for (const auto& [seconds, label] : kLabels) {
        if (seconds >= axis.scale.low() && seconds <= axis.scale.high())
            axis.ticks.push_back({axis.scale.at(seconds), label});
    }
    return axis;
}

/// How long those who came on took from one step to the next.
std::string time_figure(const metrics::MetricsResult& result) {
    std::vector<BarRow> rows;
    HtmlTable table("Time to convert", {{"Step", true},
                                        {"A quarter within"},
                                        {"Half within"},
                                        {"Three quarters within"},
                                        {"Nine in ten within"}});
    double low = 1e300, high = 0;
    std::string label = "Time from step to step";
    for (std::size_t k = 1; k < result.steps.size(); ++k) {
        const metrics::Quantiles& times = result.steps[k].from_step_before;
        if (!times.median || !times.q25 || !times.q75) continue;
        BarRow row{.label = result.steps[k - 1].name + " to " + result.steps[k].name};
        row.bar = {times.median, std::max(1.0, *times.q25), std::max(1.0, *times.q75),
                   span_of_time(times.median)};
        row.note = "nine in ten within " + span_of_time(times.p90);
        low = std::min(low, *row.bar.low);
        high = std::max(high, *row.bar.high);
        label += ", " + row.label + " " + row.bar.text;
        table.add_row({datum(row.label, 80), span_of_time(times.q25), span_of_time(times.median),
                       span_of_time(times.q75), span_of_time(times.p90)});
        rows.push_back(std::move(row));
    }
    if (rows.empty()) return {};
    return figure(
        "time-to-convert", "How long it takes",
        "From one step to the next, of those who came on: the dot is the median, the stroke the middle half. "
        "The axis is logarithmic.",
        dot_rows(label, rows, time_axis(low, high), std::nullopt), table);
}

/// Windows that are not over yet.
std::string censoring_figure(const metrics::MetricsResult& result) {
    if (!result.censoring || result.censoring->mature_share.value_or(1) > 0.999) return {};
    const metrics::Censoring& censoring = *result.censoring;
    const struct {
        const char *title, *meaning;
        const metrics::FirstEntryRate& rate;
    } estimates[] = {
        {"As if the log had no end", "first entries that came to the last step so far; too low",
         censoring.naive_first},
        {"Windows that are over", "the same among first entries whose window is over", censoring.mature},
        {"All, by Kaplan and Meier", "each for as long as the log could see it", censoring.km}};
    std::vector<BarRow> rows;
    HtmlTable table("First entries that came to the end",
                    {{"Estimate", true}, {"Value"}, {"95 % interval"}, {"Meaning", true}});
    double most = 0;
    std::string label = table.caption();
    for (const auto& [title, meaning, rate] : estimates) {
        BarRow row{.label = title, .bar = {.value = rate.value, .text = percent(rate.value)}};
        set_interval(row.bar, rate.interval);
        most = std::max({most, rate.value.value_or(0), row.bar.high.value_or(0)});
        row.note = meaning;
        label += ", " + row.label + " " + row.bar.text;
        table.add_row({escape(title), row.bar.text, text_of(rate.interval), escape(meaning)});
        rows.push_back(std::move(row));
    }
    const Scale scale = Scale::linear(0, most, 2);
    const std::string note =
        "When the log ended, the window was over for " + percent(censoring.mature_share) +
        " of the first entries; the steps above miss what came later. Estimates of the share "
        "that comes to the end assume that late entries are like early ones. Bars run from 0 to " +
        short_percent(scale.high()) + ".";
    return figure("censoring", "Windows that are not over yet", note, bar_rows(label, rows, scale, 14),
                  table);
}

/// What one percentage point more at a step would bring.
std::string gain_figure(const metrics::MetricsResult& result) {
    std::vector<BarRow> rows;
    HtmlTable table(
        "One point more at a step",
        {{"Step", true}, {"More at the end"}, {"95 % interval"}, {"More revenue"}, {"95 % interval"}});
    double most = 0;
    std::string label = table.caption();
    for (const metrics::StepGain& gain : result.gains) {
        if (!gain.arrivals) continue;
        BarRow row{.label = gain.name, .bar = {.value = gain.arrivals}};
        row.bar.text = "+" + decimal(gain.arrivals) + " " + entities(result.entity);
        set_interval(row.bar, gain.arrivals_interval);
        if (gain.revenue) row.note = "+" + amount(gain.revenue) + " of revenue";
        most = std::max({most, *gain.arrivals, row.bar.high.value_or(0)});
        label += ", " + row.label + " " + row.bar.text;
        const auto range = [](const std::optional<eval::Interval>& interval, auto&& text) {
            return interval ? text(interval->low) + " to " + text(interval->high) : std::string();
        };
        table.add_row({datum(gain.name, 40), decimal(gain.arrivals), range(gain.arrivals_interval, decimal),
                       amount(gain.revenue), range(gain.revenue_interval, amount)});
        rows.push_back(std::move(row));
    }
    if (rows.size() < 2) return {};
    return figure(
        "gains", "Which step first",
        "How many more would come to the end if one in a hundred more came on at a step and all later steps "
        "kept their rates. This is arithmetic, not a forecast: who is brought over a step need not be like "
        "those who went by themselves. The stroke is the 95 % interval.",
        bar_rows(label, rows, Scale::exact(0, most > 0 ? most : 1), 14), table);
}

}  // namespace

std::string funnel_section(const Page& page) {
    const metrics::MetricsResult& result = page.numbers.whole;
    if (result.steps.empty() || result.steps.front().reached == 0) return {};
    std::string label = "Funnel of " + entities(result.entity) + ": ";
    for (const metrics::FunnelStep& step : result.steps)
        label += (&step == &result.steps.front() ? "" : ", ") + step.name + " " + format_count(step.reached);
    const std::string drawn = bar_rows(label, bars(result), Scale::exact(0, 1));
    return section("funnel", "The funnel",
                   figure("funnel-steps",
                          "From " + printable(result.steps.front().name, 40) + " to " +
                              printable(result.steps.back().name, 40),
                          note(result), drawn, table(result)) +
                       time_figure(result) + gain_figure(result) + censoring_figure(result));
}

}  // namespace funnel::report::html
