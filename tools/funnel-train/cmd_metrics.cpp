// SPDX-License-Identifier: MIT
#include <memory>
#include <ostream>

#include "commands.hpp"
#include "funnel/base/time.hpp"
#include "funnel/events/order_duplicates.hpp"
#include "funnel/ingest/time_zone.hpp"
#include "funnel/metrics/measure.hpp"
#include "funnel/report/log_summary.hpp"
#include "funnel/report/metrics_json.hpp"
#include "funnel/report/metrics_text.hpp"
#include "log_model.hpp"
#include "metrics_options.hpp"

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
    FunnelRuleOptions rules;
    MoreOptions more;
    std::vector<bool> optional = {};  ///< stages with a question mark
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
    if (command.rules.hold == "category") columns.emplace_back("category");
    return columns;
}

metrics::MetricsOptions metrics_options(const MetricsCommand& command, const ingest::ReadResult& read,
                                        const metrics::LogFacts& facts, Console& console) {
    metrics::MetricsOptions options;
    ChosenFunnel chosen = choose_funnel(command.log, read.schema, facts.kinds, console);
    options.funnel = std::move(chosen.funnel);
    options.left_out = std::move(chosen.left_out);
    options.window = duration_option("--window", command.window);
    options.entity = entity(command.per);
    options.from = command.log.from_time();
    options.to = command.log.to_time();
    options.by = command.by;
    options.rules = command.rules.rules(options.funnel, command.optional);
    options.timing = command.rules.timing;
    command.more.apply(options);
    if (!read.log.empty()) {
        for (const auto& [from, offset] :
             ingest::zone_offsets(command.tz, facts.first_time, facts.last_time)) {
            options.zone.push_back({from, offset});
        }
    }
    options.threads = command.general.thread_count();
    return options;
}

void run_metrics(MetricsCommand command, Session& session) {
    command.general.apply(session.console);
    if (command.general.json && command.csv) usage_error("--json and --csv exclude each other; give one");
    (void)duration_option("--window", command.window);  // before the long work
    command.optional = take_optional_stages(command.log.funnel);
    metrics::MetricsOptions checked;
    command.more.apply(checked);
    (void)ingest::zone_offsets(command.tz, 0, 0);
    ingest::ReadOptions reading = command.log.read_options(command.general, session.console);
    reading.columns.row_hash = true;
    reading.columns.text = breakdown_columns(command);
    reading.drop_duplicates = command.dedup == "exact";
    reading.columns.text_if_mapped = command.more.all;
    ingest::ReadResult read = ingest::read_log(command.log.paths, reading);
    tell_about_reading(read.report, command.log, session.console);
    command.more.apply_aliases(read.log, command.general, session.console);
    if (command.dedup == "orders") {
        session.console.note(std::to_string(events::keep_first_order_rows(read.log)) +
                             " purchase rows repeat a line of their order and are dropped");
    }

    const metrics::LogFacts facts = metrics::facts_of(read.log);
    const metrics::MetricsOptions options = metrics_options(command, read, facts, session.console);
    const metrics::MetricsResult result =
        metrics::finish(metrics::count(read.log, options, facts), options, facts);
    const report::LogSummary summary = report::summarize(read.log, result, read.report);
    if (command.general.json) {
        session.out << report::to_json(result, summary);
    } else if (command.csv) {
        session.out << report::to_csv(result);
    } else {
        session.out << report::to_text(result, summary,
                                       {.color = may_use_color(session.out), .gains = command.more.all});
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
    sub->add_option("--dedup", command->dedup,
                    "exact: of equal rows the first; orders: of an order's line the first")
        ->check(CLI::IsMember({"none", "exact", "orders"}));
    sub->add_option("--tz", command->tz, "IANA time zone that cuts days");
    sub->add_flag("--csv", command->csv, "One line per metric, for spreadsheets");
    command->rules.add_to(*sub);
    command->more.add_to(*sub);
    sub->callback(
        [command, &session] { session.action = [command, &session] { run_metrics(*command, session); }; });
}

}  // namespace funnel::tool
