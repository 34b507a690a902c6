// SPDX-License-Identifier: MIT
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "counting.hpp"
#include "funnel/forecast/forecast_sales.hpp"
#include "funnel/metrics/count_sales.hpp"
#include "funnel/metrics/measure.hpp"
#include "funnel/metrics/segments.hpp"
#include "funnel/report/forecast_report.hpp"
#include "side_tables.hpp"
#include "written_view.hpp"

namespace funnel::tool {
namespace {

constexpr std::size_t kKeysOfAPage = 20;

struct ForecastCommand {
    LogOptions log;
    SideOptions side;
    std::string by, dedup = "none";
    std::size_t days = forecast::ForecastOptions().days, top = 0;
    ViewOptions to;
};

void check(const ForecastCommand& command, const Run& run) {
    command.to.check(command.log, command.side.paths(), run);
    if (command.days > forecast::kMostAhead)
        usage_error("--days: expected 1 to " + std::to_string(forecast::kMostAhead) + ", got " +
                    std::to_string(command.days));
    if (metrics::columns_of_by(command.by).size() > 1 || metrics::is_time_key(command.by))
        usage_error("--by: expected item or one column, got \"" + command.by +
                    "\"; every forecast is by day, and --days says how many");
    if (command.log.funnel)
        usage_error("forecast: expected no --funnel, since nothing is counted by stage; leave it out");
}

ingest::ReadResult read(const ForecastCommand& command, const SideColumns& beside, Run& run) {
    ingest::ReadOptions reading = command.log.read_options(run);
    if (!command.by.empty() && command.by != "item")
        (beside.contains(command.by) ? reading.columns.text_if_there : reading.columns.text)
            .push_back(command.by);
    reading.columns.beside = beside.plain;
    reading.columns.text_if_mapped = !command.side.empty();
    set_dedup(command.dedup, reading);
    ingest::ReadResult result = ingest::read_log(command.log.paths, reading);
    tell_about_reading(result.report, command.log, run);
    drop_copies(command.dedup, result.log, run);
    if (!command.side.empty() && !command.by.empty())
        command.side.add_columns(result.log, result.schema, {command.by}, command.log, run);
    return result;
}

void run_forecast(const ForecastCommand& command, Run& run) {
    check(command, run);
    const SideColumns beside = command.side.columns(command.log, run);
    const ingest::ReadResult read_log = read(command, beside, run);
    const EventLog& log = read_log.log;
    metrics::LogFacts facts = metrics::facts_of(log);
    if (!log.empty() && !command.log.as_of.empty())
        facts.last_time =
            std::max(facts.last_time, time_option("--as-of", command.log.as_of, command.log.tz));
    metrics::MetricsOptions options;
    const events::Period asked = command.log.asked(facts.last_time);
    options.from = asked.from;
    options.to = asked.to;
    options.item_columns = beside.of_items;
    options.order_copies_dropped = command.dedup == "orders";
    options.threads = run.threads();
    options.zone = command.log.offsets(facts.first_time, facts.last_time);
    const metrics::DailySales sales = metrics::count_sales(log, options, facts, command.by);
    for (const base::Warning& warning : sales.warnings)
        run.console.warn(warning);
    const std::size_t top = command.top > 0 ? command.top : command.to.as_text(run) ? kKeysOfAPage : 0;
    report::ForecastView view{
        .sales = forecast::forecast_sales(sales, {.days = command.days}, run.threads(), top),
        .zone = command.log.tz};
    if (sales.all.days.empty())
        run.console.warn("no_purchases", "no order in these days: nothing to learn from, and 0 is expected");
    run.record.add_times(log);
    run.record.add_count("days", sales.days);
    view.warnings = run.console.warnings();
    command.to.write(view, run);
}

}  // namespace

void add_forecast(CLI::App& app, Session& session) {
    const auto [sub, command] =
        add_command(app, session, "forecast", "Orders, units and revenue of the coming days", run_forecast);
    command->log.add_to(*sub);
    command->side.add_keys_to(*sub);
    sub->add_option("--days", command->days, "Days ahead, 1 to 91 (default: 7)")->check(whole_number(1));
    sub->add_option("--by", command->by, "item, category, brand or another column: a forecast for each");
    add_dedup(*sub, command->dedup);
    sub->get_option("--funnel")->group("");  // nothing here is counted by stage
    sub->add_option("--top", command->top,
                    "Most keys of --by, by orders of the last 28 days (default: 20 as text, else all)")
        ->check(whole_number(1));
    command->to.add_to(*sub, "All days, for spreadsheets");
}

}  // namespace funnel::tool
