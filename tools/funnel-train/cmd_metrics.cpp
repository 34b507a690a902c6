// SPDX-License-Identifier: MIT
#include <memory>
#include <ostream>

#include "commands.hpp"
#include "funnel/base/time.hpp"
#include "funnel/events/order_duplicates.hpp"
#include "funnel/ingest/time_zone.hpp"
#include "funnel/report/log_summary.hpp"
#include "funnel/report/metrics_json.hpp"
#include "funnel/report/metrics_sql.hpp"
#include "funnel/report/metrics_text.hpp"
#include "log_model.hpp"
#include "metrics_compare.hpp"
#include "metrics_log.hpp"
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
    bool csv = false, markdown = false;
    std::string emit_sql;
    CompareOptions compare;
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

metrics::MetricsOptions metrics_options(const MetricsCommand& command, const MetricsLog& log,
                                        Console& console) {
    const metrics::LogFacts& facts = log.facts();
    metrics::MetricsOptions options;
    ChosenFunnel chosen = choose_funnel(command.log, log.schema(), facts.kinds, console);
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
    command.compare.apply(options);
    if (facts.kinds != 0) {
        for (const auto& [from, offset] :
             ingest::zone_offsets(command.tz, facts.first_time, facts.last_time)) {
            options.zone.push_back({from, offset});
        }
    }
    options.threads = command.general.thread_count();
    return options;
}

void check(MetricsCommand& command) {
    if (command.general.json + command.csv + command.markdown > 1)
        usage_error("--json, --csv and --markdown exclude each other; give one");
    (void)duration_option("--window", command.window);  // before the long work
    command.optional = take_optional_stages(command.log.funnel);
    metrics::MetricsOptions unused;
    command.more.apply(unused);
    command.compare.check(command.by);
    (void)ingest::zone_offsets(command.tz, 0, 0);
}

void emit_sql(const MetricsCommand& command, Session& session) {
    const Funnel funnel =
        command.log.funnel_override().value_or(Funnel::parse("impression,click+view,cart_add,purchase"));
    const auto dialect =
        command.emit_sql == "duckdb" ? report::SqlDialect::duckdb : report::SqlDialect::clickhouse;
    session.out << report::metrics_sql(dialect, funnel, duration_option("--window", command.window));
}

/// Whether something looks at several users at once, or changes who they are.
bool needs_whole_log(const MetricsCommand& command) {
    return !command.more.aliases.empty() || command.dedup == "orders" || command.compare.experiment ||
           command.compare.explain;
}

MetricsLog read(const MetricsCommand& command, const std::vector<std::string>& paths, Session& session) {
    ingest::ReadOptions reading = command.log.read_options(command.general, session.console);
    reading.columns.row_hash = true;
    reading.columns.text = breakdown_columns(command);
    reading.columns.text_if_mapped = command.more.all;
    reading.drop_duplicates = command.dedup == "exact";
    if (!needs_whole_log(command)) return MetricsLog::in_parts(paths, reading, command.general);
    ingest::ReadResult result = ingest::read_log(paths, reading);
    command.more.apply_aliases(result.log, command.general, session.console);
    if (command.dedup == "orders") {
        session.console.note(std::to_string(events::keep_first_order_rows(result.log)) +
                             " purchase rows repeat a line of their order and are dropped");
    }
    return MetricsLog::whole(std::move(result));
}

// The state goes on to be compared, or is used up.
MeasuredLog measure(MetricsLog& log, const metrics::MetricsOptions& options, bool keep_state,
                    const MetricsCommand& command, Console& console) {
    MeasuredLog measured{.state = log.count(options), .result = {}};
    tell_about_reading(log.report(), command.log, console);
    measured.result = keep_state ? metrics::finish(measured.state, options, log.facts())
                                 : metrics::finish(std::move(measured.state), options, log.facts());
    return measured;
}

// The other log in full, with its own facts, under the same funnel.
report::Comparison compare_with_other(const MetricsCommand& command, const MeasuredLog& ours,
                                      metrics::MetricsOptions options, Session& session) {
    const std::vector<std::string> paths = {command.compare.other};
    MetricsLog other = read(command, paths, session);
    options.by.clear();
    const MeasuredLog theirs = measure(other, options, true, command, session.console);
    return compare(ours, theirs, options, paths);
}

void run_metrics(MetricsCommand command, Session& session) {
    command.general.apply(session.console);
    check(command);
    if (!command.emit_sql.empty()) return emit_sql(command, session);
    if (command.log.paths.empty()) usage_error("LOG is required; name the log, or - for standard input");
    MetricsLog log = read(command, command.log.paths, session);
    const metrics::MetricsOptions options = metrics_options(command, log, session.console);
    const MeasuredLog measured =
        measure(log, options, !command.compare.other.empty(), command, session.console);
    report::Comparisons beside;
    if (needs_whole_log(command))
        beside = command.compare.compared(log.log(), options, log.facts(), command.by, session.console);
    if (!command.compare.other.empty())
        beside.other = compare_with_other(command, measured, options, session);
    const metrics::MetricsResult& result = measured.result;
    const report::LogSummary summary = log.summary(result);
    if (command.general.json) {
        session.out << report::to_json(result, summary, beside);
    } else if (command.csv) {
        session.out << report::to_csv(result);
    } else {
        const report::TextOptions text{
            .color = may_use_color(session.out), .markdown = command.markdown, .gains = command.more.all};
        session.out << report::to_text(result, summary, text, beside);
    }
}

}  // namespace

void add_metrics(CLI::App& app, Session& session) {
    auto command = std::make_shared<MetricsCommand>();
    CLI::App* sub = app.add_subcommand("metrics", "Funnel metrics of a log");
    command->general.add_to(*sub);
    command->log.add_to(*sub, false);
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
    sub->add_flag("--markdown", command->markdown, "Tables in Markdown");
    sub->add_option("--emit-sql", command->emit_sql, "Print the core metrics as a query, read no log")
        ->check(CLI::IsMember({"duckdb", "clickhouse"}));
    command->compare.add_to(*sub);
    command->rules.add_to(*sub);
    command->more.add_to(*sub);
    sub->callback(
        [command, &session] { session.action = [command, &session] { run_metrics(*command, session); }; });
}

}  // namespace funnel::tool
