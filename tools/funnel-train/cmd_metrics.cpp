// SPDX-License-Identifier: MIT
#include <atomic>
#include <memory>
#include <ostream>

#include "commands.hpp"
#include "funnel/base/time.hpp"
#include "funnel/ingest/time_zone.hpp"
#include "funnel/metrics/count_parts.hpp"
#include "funnel/report/log_summary.hpp"
#include "funnel/report/metrics_json.hpp"
#include "funnel/report/metrics_text.hpp"
#include "log_model.hpp"

namespace funnel::tool {
namespace {

struct MetricsCommand {
    GeneralOptions general;
    LogOptions log;
    std::string window = "7d";
    std::string per = "user";
    std::vector<std::string> by;
    std::string dedup = "none";
    std::string tz = "UTC";
    bool csv = false;
};

metrics::Entity entity(const std::string& name) {
    if (name == "session") return metrics::Entity::session;
    if (name == "user-item") return metrics::Entity::user_item;
    if (name == "exposure") return metrics::Entity::exposure;
    return metrics::Entity::user;
}

bool cuts_time(const std::string& by) {
    return by == "day" || by == "week" || by == "month" || by == "hour";
}

/// Columns that only the breakdown needs.
std::vector<std::string> breakdown_columns(const MetricsCommand& command) {
    std::vector<std::string> columns;
    for (const std::string& by : command.by) {
        if (!cuts_time(by) && by != "item") columns.push_back(by);
    }
    return columns;
}

metrics::LogFacts facts_of(const ingest::LogOutline& outline) {
    return {.first_time = outline.first_time,
            .last_time = outline.last_time,
            .kinds = outline.kinds,
            .has_sessions = outline.has_sessions,
            .has_revenue = outline.has_revenue,
            .has_quantity = outline.has_quantity,
            .has_price = outline.has_price};
}

metrics::MetricsOptions metrics_options(const MetricsCommand& command, const ingest::Schema& schema,
                                        const metrics::LogFacts& facts, Console& console) {
    metrics::MetricsOptions options;
    ChosenFunnel chosen = choose_funnel(command.log, schema, facts.kinds, console);
    options.funnel = std::move(chosen.funnel);
    options.left_out = std::move(chosen.left_out);
    options.window = duration_option("--window", command.window);
    options.entity = entity(command.per);
    options.from = command.log.from_time();
    options.to = command.log.to_time();
    options.by = command.by;
    if (facts.kinds != 0) {
        for (const auto& [from, offset] :
             ingest::zone_offsets(command.tz, facts.first_time, facts.last_time)) {
            options.zone.push_back({from, offset});
        }
    }
    options.threads = command.general.thread_count();
    return options;
}

/// Counts the log part by part and completes the report on its reading.
metrics::MetricsState count(const ingest::LogParts& log, const metrics::MetricsOptions& options,
                            const metrics::LogFacts& facts, std::atomic<std::uint64_t>& duplicates) {
    return metrics::count_parts(
        log.size(), [&](std::size_t i, EventLog& part) { duplicates += log.load(i, part); }, options, facts,
        static_cast<std::int64_t>(log.outline().shared_order_ids));
}

void run_metrics(const MetricsCommand& command, Session& session) {
    command.general.apply(session.console);
    if (command.general.json && command.csv) usage_error("--json and --csv exclude each other; give one");
    (void)duration_option("--window", command.window);  // before the long work
    (void)ingest::zone_offsets(command.tz, 0, 0);
    ingest::ReadOptions reading = command.log.read_options(command.general, session.console);
    reading.columns.row_hash = true;
    reading.columns.text = breakdown_columns(command);
    reading.drop_duplicates = command.dedup == "exact";
    const ingest::LogParts log =
        ingest::read_log_parts(command.log.paths, reading, command.general.parts_options());
    const metrics::LogFacts facts = facts_of(log.outline());
    const metrics::MetricsOptions options = metrics_options(command, log.schema(), facts, session.console);
    std::atomic<std::uint64_t> duplicates{0};
    const metrics::MetricsResult result =
        metrics::finish(count(log, options, facts, duplicates), options, facts);
    ingest::ReadReport read = log.report();
    ingest::add_duplicates(read, duplicates, reading.drop_duplicates);
    tell_about_reading(read, command.log, session.console);
    const report::LogSummary summary = report::summarize(log.outline(), result, read);
    if (command.general.json) {
        session.out << report::to_json(result, summary);
    } else if (command.csv) {
        session.out << report::to_csv(result);
    } else {
        session.out << report::to_text(result, summary, {.color = may_use_color(session.out)});
    }
}

}  // namespace

void add_metrics(CLI::App& app, Session& session) {
    auto command = std::make_shared<MetricsCommand>();
    CLI::App* sub = app.add_subcommand("metrics", "Funnel metrics of a log");
    command->general.add_to(*sub);
    command->log.add_to(*sub);
    sub->add_option("--window", command->window, "How long a way through the funnel may take");
    sub->add_option("--per", command->per, "Whose way is counted")
        ->check(CLI::IsMember({"user", "session", "user-item", "exposure"}));
    sub->add_option("--by", command->by, "Break down by day, week, month, hour or a column; may repeat")
        ->allow_extra_args(false);
    sub->add_option("--dedup", command->dedup, "Drop rows equal in every field but the first")
        ->check(CLI::IsMember({"none", "exact"}));
    sub->add_option("--tz", command->tz, "IANA time zone that cuts days");
    sub->add_flag("--csv", command->csv, "One line per metric, for spreadsheets");
    sub->callback(
        [command, &session] { session.action = [command, &session] { run_metrics(*command, session); }; });
}

}  // namespace funnel::tool
