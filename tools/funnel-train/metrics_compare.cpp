// SPDX-License-Identifier: MIT
#include "metrics_compare.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "console.hpp"
#include "funnel/ingest/named_period.hpp"
#include "funnel/metrics/clickhouse_funnel.hpp"
#include "funnel/metrics/experiment.hpp"
#include "funnel/metrics/find_causes.hpp"
#include "funnel/metrics/measure.hpp"

namespace funnel::tool {

namespace {

std::vector<double> shares_option(const std::string& text) {
    std::vector<double> shares;
    for (const std::string& part : list_option(text)) {
        double share = 0;
        const char* end = part.data() + part.size();
        const auto [at, error] = std::from_chars(part.data(), end, share);
        if (error != std::errc{} || at != end || !(share > 0 && share < 1e9))
            usage_error("--split: expected shares such as 90,10, got \"" + text + "\"");
        shares.push_back(share);
    }
    return shares;
}

}  // namespace

void CompareOptions::add_to(CLI::App& command) {
    command.add_option("--compare", other,
                       "Another log, or previous or year-ago: differences of every rate, with intervals");
    command.add_flag(
        "--why", why,
        "With --compare previous or year-ago: which columns, keys and steps the changes come from");
    command.add_flag("--differences", differences, "With --by: every segment against the whole log");
    command.add_flag("--experiment", experiment,
                     "With one --by COLUMN, the variant of users: against the control");
    command.add_option("--control", control, "The variant to compare with (default: the first)");
    command.add_option("--split", split, "Planned shares of users per variant, e.g. 90,10 (default: equal)");
    command.add_option("--semantics", semantics, "Whose funnel: ours, or windowFunnel of ClickHouse")
        ->check(CLI::IsMember({"funnel", "clickhouse"}));
    command.add_flag("--explain-difference", explain, "Which users ClickHouse counts otherwise, and why");
}

void CompareOptions::check(const std::vector<std::string>& by, const ComparedTo& with) const {
    (void)shares_option(split);
    if (differences && by.empty())
        usage_error("--differences: expected --by with it; say what to break down by");
    if (experiment && by.size() != 1)
        usage_error("--experiment: expected one --by with the column of the variant");
    if (experiment && !with.empty()) usage_error("--experiment and --compare exclude each other; give one");
    if (why && !with.is_period())
        usage_error("--why: expected --compare previous or year-ago with it; say what to compare with");
    if (!experiment && !(control.empty() && split.empty()))
        usage_error("--control and --split: expected --experiment with them");
}

events::Period ComparedTo::period(const metrics::MetricsOptions& ours, const metrics::LogFacts& facts,
                                  const std::string& zone) const {
    if (!ours.from)
        usage_error("--compare " + name + ": expected a period to compare with; give --period or --from");
    const events::Period asked{ours.from, ours.to ? *ours.to : facts.last_time + 1};
    return *ingest::period_before(name, asked, zone);
}

void ComparedTo::warn_of(const events::Period& period, bool empty, const base::Warnings& warnings,
                         Run& run) const {
    if (empty) {
        run.console.warn("empty_period", "--compare " + name + ": no row in that period, " +
                                             base::format_time(*period.from) + " to " +
                                             base::format_time(*period.to));
    }
    for (const base::Warning& warning : warnings) {
        if (warning.code == "period_before_log")
            run.console.warn(warning.code, "--compare " + name + ": " + warning.message);
    }
}

void CompareOptions::apply(metrics::MetricsOptions& options) const {
    options.differences = differences;
    if (semantics == "clickhouse") options.semantics = metrics::Semantics::clickhouse;
    if (experiment) options.by.clear();
}

std::vector<std::string> CompareOptions::searched(const SideColumns& beside,
                                                  const std::string& chosen) const {
    if (!why) return {};
    if (!chosen.empty()) return list_option(chosen);
    // What belongs to items says nothing of a visitor. A name that two tables have is told with its table's.
    std::vector<std::string> names;
    for (const std::string& name : beside.all) {
        for (const std::string_view table : {"users.", "sessions."}) {
            if (!name.starts_with(table)) continue;
            const std::string plain = name.substr(table.size());
            names.push_back(std::ranges::count(beside.all, plain) == 1 ? plain : name);
        }
    }
    return names;
}

void CompareOptions::set_reading(ingest::ReadOptions& reading, const SideColumns& beside,
                                 const std::string& chosen) const {
    if (!why) return;
    reading.columns.text_if_mapped = true;
    reading.columns.text_unmapped = chosen.empty();
    if (chosen.empty()) return;  // those of tables are no columns to read
    for (const std::string& name : searched(beside, chosen)) {
        auto& texts = beside.contains(name) ? reading.columns.text_if_there : reading.columns.text;
        if (std::ranges::find(texts, name) == texts.end()) texts.push_back(name);
    }
}

metrics::ChangeCauses CompareOptions::causes(const EventLog& log, const metrics::MetricsOptions& options,
                                             const metrics::LogFacts& facts, const events::Period& before,
                                             const std::string& chosen) {
    metrics::CauseOptions causes{.before = before, .columns = list_option(chosen)};
    for (const events::TextColumn& column : log.text_columns) {
        const bool of_items =
            std::ranges::find(options.item_columns, column.name) != options.item_columns.end();
        if (chosen.empty() && !of_items) causes.columns.push_back(column.name);
    }
    return metrics::find_causes(log, options, facts, causes);
}

report::Comparisons CompareOptions::compared(const EventLog& log, const metrics::MetricsOptions& options,
                                             const metrics::LogFacts& facts,
                                             const std::vector<std::string>& by, Run& run) const {
    report::Comparisons beside;
    if (experiment) {
        const auto state = metrics::count_experiment(log, options, facts, by.front());
        beside.experiment = metrics::finish(state, options, facts, control, shares_option(split));
        for (const base::Warning& warning : beside.experiment->warnings)
            run.console.warn(warning);
    }
    if (explain) {
        if (options.entity != metrics::Entity::user || !options.rules.plain())
            usage_error("--explain-difference: expected a plain funnel of users; leave --per and rules out");
        beside.disagreements = metrics::explain_clickhouse(log, options, facts);
    }
    return beside;
}

report::ComparedLog compare(const MeasuredLog& ours, const MeasuredLog& theirs,
                            const metrics::MetricsOptions& options, const std::vector<std::string>& files) {
    return {.files = files,
            .rows = theirs.result.rows,
            .metrics = theirs.result.metrics,
            .steps = theirs.result.steps,
            .differences = metrics::differences(
                {ours.result.metrics, ours.result.steps, ours.state.groups},
                {theirs.result.metrics, theirs.result.steps, theirs.state.groups}, options)};
}

}  // namespace funnel::tool
