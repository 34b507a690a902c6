// SPDX-License-Identifier: MIT
#include <string>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "counting.hpp"
#include "funnel/metrics/count_paths.hpp"
#include "funnel/report/paths_report.hpp"
#include "side_tables.hpp"
#include "written_view.hpp"

namespace funnel::tool {
namespace {

constexpr std::size_t kPathsOfAPage = 15;

struct PathsCommand {
    LogOptions log;
    CountingOptions counting;
    SideOptions side;
    std::string steps = "stages";
    std::size_t length = metrics::PathOptions().length, top = 0;
    ViewOptions to;
};

void check(const PathsCommand& command, const Run& run) {
    command.counting.check();
    command.counting.check_touch();
    command.to.check(command.log, command.side.paths(), run);
    if (command.length < 1 || command.length > metrics::kMaxPathLength)
        usage_error("--length: expected 1 to " + std::to_string(metrics::kMaxPathLength) + " steps, got " +
                    std::to_string(command.length));
    if (command.counting.by.size() > 1)
        usage_error("--by: expected one entry, got several; write --by A,B for two columns together");
}

ingest::ReadResult read(const PathsCommand& command, const SideColumns& columns, Run& run) {
    ingest::ReadOptions reading = command.log.read_options(run);
    command.counting.set_reading(reading, columns);
    ingest::ReadResult result = ingest::read_log(command.log.paths, reading);
    tell_about_reading(result.report, command.log, run);
    command.counting.clean(result.log, run);
    if (!command.side.empty())
        command.side.add_columns(result.log, result.schema, command.counting.columns(), command.log, run);
    return result;
}

void run_paths(const PathsCommand& command, Run& run) {
    check(command, run);
    const SideColumns columns = command.side.columns(command.log, run);
    const ingest::ReadResult read_log = read(command, columns, run);
    const EventLog& log = read_log.log;
    const metrics::LogFacts facts = metrics::facts_of(log);
    const metrics::MetricsOptions options = command.counting.metrics_options(
        choose_funnel(command.log, read_log.schema, facts.kinds, run), facts, columns, command.log, run);
    const metrics::PathOptions asked{
        .steps = command.steps == "types" ? metrics::PathSteps::types : metrics::PathSteps::stages,
        .length = command.length,
        .by = command.counting.by.empty() ? "" : command.counting.by.front()};
    report::PathsView view{.paths = metrics::count_paths(log, options, facts, asked)};
    if (!log.empty())
        view.asked = {{options.from, options.to}, facts.first_time, facts.last_time, options.zone};
    for (const base::Warning& warning : view.paths.warnings)
        run.console.warn(warning);
    if (view.paths.visits == 0 && !log.empty())
        run.console.warn("empty_period", "no visit begins in the period, or none that fits --where");
    view.top = command.top > 0 ? command.top : command.to.as_text(run) ? kPathsOfAPage : 0;
    run.record.add_times(log);
    run.record.add_count("paths", view.paths.rows.size());
    view.warnings = run.console.warnings();
    command.to.write(view, run);
}

}  // namespace

void add_paths(CLI::App& app, Session& session) {
    const auto [sub, command] =
        add_command(app, session, "paths", "The ways that visits take, and which of them buy", run_paths);
    command->log.add_to(*sub);
    command->side.add_keys_to(*sub);
    command->counting.add_choice_to(*sub);
    sub->add_option("--by", command->counting.by,
                    "The paths of each day, week, month, hour or value of a column")
        ->allow_extra_args(false);
    sub->add_option("--steps", command->steps, "What a step is: a stage of the funnel, or any type of event")
        ->check(CLI::IsMember({"stages", "types"}));
    sub->add_option("--length", command->length, "Most steps of a path, 1 to 8 (default: 5)")
        ->check(whole_number());
    sub->add_option("--top", command->top,
                    "Most paths, of each key with --by (default: 15 as text, else all)")
        ->check(whole_number(1));
    command->to.add_to(*sub, "All columns, for spreadsheets");
}

}  // namespace funnel::tool
