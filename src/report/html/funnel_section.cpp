// SPDX-License-Identifier: MIT
// The funnel: who reached each step, what was lost on the way, how sure that is.
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "figure.hpp"
#include "funnel/base/time.hpp"
#include "funnel/eval/interval.hpp"
#include "funnel/report/table.hpp"
#include "markup.hpp"
#include "offered.hpp"
#include "plot.hpp"
#include "rows.hpp"
#include "sections.hpp"
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

std::vector<BarRow> bars(const metrics::MetricsResult& result) {
    std::vector<BarRow> rows;
    for (std::size_t k = 0; k < result.steps.size(); ++k) {
        const metrics::FunnelStep& step = result.steps[k];
        BarRow row{.label = step.name, .bar = {.value = step.overall_rate}};
        row.bar.text = format_count(step.reached) + "  \xC2\xB7  " + percent(step.overall_rate);
        if (k > 0) {
            const metrics::FunnelStep& from = result.steps[k - 1];
            row.before = from.overall_rate;
            if (const auto range = overall_interval_of(result.entity, step, result.steps[0])) {
                row.bar.low = range->low;
                row.bar.high = range->high;
            }
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
                       first ? "" : text_of(step_interval_of(result.entity, step, result.steps[k - 1])),
                       percent(step.overall_rate),
                       first ? "" : text_of(overall_interval_of(result.entity, step, result.steps[0])),
                       first ? "" : format_count(step.lost)});
    }
    return table;
}

std::string note(const metrics::MetricsResult& result) {
    std::string out = "A step counts the " + entities(result.entity) +
                      " that came to it or beyond, in this order, other events in between allowed";
    if (result.entity == metrics::Entity::exposure) {
        out += "; an exposure is the first meeting of a user and an item in a visit.";
    } else {
        out += ", within " + base::format_duration(result.window) + " of the first step.";
    }
    out += result.entity == metrics::Entity::user
               ? " The pale part was lost on the way; the stroke at the end of a bar is the 95 % interval."
               : " The pale part was lost on the way.";
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
        const StepTimes times = times_of(result.steps[k]);
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
    const auto rates = entry_rates_of(result);
    if (!rates || *rates->mature_share >= 0.999) return {};
    std::vector<BarRow> rows;
    HtmlTable table("First entries that came to the end",
                    {{"Estimate", true}, {"Value"}, {"95 % interval"}, {"Meaning", true}});
    double most = 0;
    std::string label = "First entries that came to the end";
    for (const EntryRate* rate : {&rates->naive, &rates->mature, &rates->km}) {
        BarRow row{.label = rate->title, .bar = {.value = rate->value, .text = percent(rate->value)}};
        if (rate->interval) {
            row.bar.low = rate->interval->low;
            row.bar.high = rate->interval->high;
        }
        most = std::max({most, rate->value.value_or(0), row.bar.high.value_or(0)});
        row.note = rate->meaning;
        label += ", " + row.label + " " + row.bar.text;
        table.add_row(
            {escape(rate->title), percent(rate->value), text_of(rate->interval), escape(rate->meaning)});
        rows.push_back(std::move(row));
    }
    const Scale scale = Scale::linear(0, most, 2);
    return figure("censoring", "Windows that are not over yet",
                  "The window was over for " + percent(rates->mature_share) +
                      " of the first entries when the log ended, so "
                      "the steps above miss what came later. Bars run from 0 to " +
                      short_percent(scale.high()) + ".",
                  bar_rows(label, rows, scale, 14), table);
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
                       time_figure(result) + censoring_figure(result));
}

}  // namespace funnel::report::html
