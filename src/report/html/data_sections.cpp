// SPDX-License-Identifier: MIT
// Every metric with its definition and quality, the same without bots, and what was read to compute them.
#include <algorithm>
#include <cstddef>

#include "../bots_in_words.hpp"
#include "funnel/base/time.hpp"
#include "funnel/report/text_table.hpp"
#include "glossary.hpp"
#include "markup.hpp"
#include "rows.hpp"
#include "sections.hpp"
#include "svg_figure.hpp"
#include "words.hpp"

namespace funnel::report::html {
namespace {

std::string reading_table(const Page& page) {
    const LogSummary& log = page.log;
    HtmlTable table("What was read", {{"", true}, {""}});
    const auto add = [&](std::string_view what, std::int64_t count) {
        table.add_row({escape(what), format_count(count)});
    };
    add("Rows read", log.rows);
    add("accepted", log.accepted);
    add("rejected", log.rejected);
    for (const auto& [reason, count] : log.rejected_by_reason)
        table.add_row({"rejected: " + datum(reason), format_count(count)});
    add("ignored by the schema", log.ignored);
    add("outside the period asked for", log.outside);
    if (!log.where.empty()) table.add_row({"that fit " + datum(log.where, 200), format_count(log.fitting)});
    table.add_row(
        {"equal in every field to another", log.duplicates ? format_count(*log.duplicates) : "not counted"});
    add("Users", log.users);
    add("Items", log.items);
    add("Visits", log.sessions);
    return table.markup();
}

std::string facts_list(const Page& page) {
    const LogSummary& log = page.log;
    std::string out;
    const auto add = [&](std::string_view term, const std::string& text) {
        out += element("dt", escape(term)) + element("dd", text);
    };
    constexpr std::size_t kFiles = 12;
    std::string files;
    for (std::size_t i = 0; i < std::min(log.files.size(), kFiles); ++i)
        files += (i > 0 ? ", " : "") + datum(log.files[i], 120);
    if (log.files.size() > kFiles) files += " and " + std::to_string(log.files.size() - kFiles) + " more";
    if (!files.empty()) add("Files", files);
    if (!log.schema.empty()) add("Schema", datum(log.schema));
    if (log.from && log.to)
        add("Events from", base::format_time(*log.from) + " to " + base::format_time(*log.to));
    add("Time zone of days", plain(page.time_zone));
    return element("dl", out);
}

std::string event_figure(const Page& page) {
    std::vector<std::pair<std::string, std::int64_t>> events(page.log.by_event.begin(),
                                                             page.log.by_event.end());
    if (events.empty()) return {};
    std::ranges::stable_sort(events, std::ranges::greater{}, [](const auto& event) { return event.second; });
    constexpr std::size_t kTypes = 12;
    HtmlTable table("Rows by type of event", {{"Event", true}, {"Rows"}}, 60);
    std::vector<BarRow> rows;
    for (const auto& [name, count] : events) {
        table.add_row({datum(name), format_count(count)});
        if (rows.size() == kTypes) continue;
        rows.push_back({.label = printable(name, 40),
                        .bar = {.value = static_cast<double>(count), .text = format_count(count)}});
    }
    const Scale scale =
        Scale::exact(0, static_cast<double>(std::max<std::int64_t>(1, events.front().second)));
    return figure("events", "Events", "",
                  bar_rows("Rows by type of event, most frequent " + rows.front().label, rows, scale, 10) +
                      left_out(events.size(), rows.size(), "types"),
                  table);
}

std::string warning_list(const Page& page) {
    const base::Warnings warnings = page.notes();
    if (warnings.empty()) return element("p", "Nothing in the log stood out.");
    constexpr std::size_t kShown = 40;
    std::string out;
    for (std::size_t i = 0; i < std::min(warnings.size(), kShown); ++i)
        out += element("li", plain(warnings[i].message, 400));
    return element("ul", "class=\"warnings\"", out) +
           left_out(warnings.size(), std::min(warnings.size(), kShown), "notes");
}

std::string bot_metrics(const metrics::MetricsResult& whole) {
    HtmlTable table(
        "All metrics without bots",
        {{"Metric", true}, {"All users"}, {"Without bots"}, {"95 % interval"}, {"Rests on"}, {"Note", true}});
    for (const metrics::Metric& metric : whole.without_bots->metrics) {
        table.add_row({escape(term_of(metric.name).title), value_of(whole.metric(metric.name)),
                       value_of(metric), escape(interval_of(metric)), escape(counts_of(metric)),
                       escape(remark_on(metric))});
    }
    return table.markup();
}

std::string bot_funnel(const metrics::MetricsResult& whole) {
    HtmlTable table(
        "The funnel without bots",
        {{"Step", true}, {"Reached"}, {"Without bots"}, {"Of all"}, {"Without bots"}, {"95 % interval"}});
    const auto& without = whole.without_bots->steps;
    for (std::size_t k = 0; k < std::min(whole.steps.size(), without.size()); ++k) {
        const auto& interval = without[k].overall_interval;
        table.add_row({datum(whole.steps[k].name, 40), format_count(whole.steps[k].reached),
                       format_count(without[k].reached), percent(whole.steps[k].overall_rate),
                       percent(without[k].overall_rate),
                       interval ? percent(interval->low) + " to " + percent(interval->high) : ""});
    }
    return table.markup();
}

}  // namespace

std::string metric_section(const Page& page) {
    HtmlTable table("All metrics",
                    {{"Metric", true}, {"Value"}, {"95 % interval"}, {"Rests on"}, {"Meaning", true}});
    for (const metrics::Metric& metric : page.numbers.whole.metrics) {
        const Term term = term_of(metric.name);
        const std::string remark = remark_on(metric);
        table.add_row(
            {escape(term.title) + element("code", plain(metric.name)), value_of(metric),
             escape(interval_of(metric)), escape(counts_of(metric)),
             escape(term.meaning) + (remark.empty() ? "" : element("p", "class=\"sub\"", escape(remark)))});
    }
    const std::string note = "Windows are " + duration_in_words(page.numbers.whole.window) +
                             " long. n/a means that there was nothing to divide by; it is never shown as 0.";
    return section("metrics", "Every metric and what it means",
                   element("p", note) + element("div", "class=\"metrics\"", table.markup()));
}

std::string bots_section(const Page& page) {
    const metrics::MetricsResult& whole = page.numbers.whole;
    if (!whole.without_bots) return {};
    const BotsInWords bots = bots_in_words(whole);
    std::string out = element("p", escape(bots.text));
    if (bots.has_figures) out += bot_metrics(whole) + bot_funnel(whole);
    return section("bots", "Without bots", out);
}

std::string data_section(const Page& page) {
    return section("data", "The data behind it",
                   element("h3", "Worth knowing") + warning_list(page) + facts_list(page) +
                       element("div", "class=\"pair\"",
                               element("div", element("h3", "What was read") + reading_table(page)) +
                                   event_figure(page)));
}

}  // namespace funnel::report::html
