// SPDX-License-Identifier: MIT
#include <memory>
#include <ostream>

#include "commands.hpp"
#include "counting.hpp"
#include "funnel/metrics/measure.hpp"
#include "funnel/report/log_summary.hpp"
#include "funnel/report/metrics_json.hpp"
#include "funnel/report/metrics_sql.hpp"
#include "funnel/report/metrics_text.hpp"
#include "metrics_compare.hpp"

namespace funnel::tool {
namespace {

struct MetricsCommand {
    GeneralOptions general;
    LogOptions log;
    CountingOptions counting;
    bool csv = false, markdown = false;
    std::string emit_sql;
    CompareOptions compare;
};

metrics::MetricsOptions metrics_options(const MetricsCommand& command, const ingest::ReadResult& read,
                                        const metrics::LogFacts& facts, Console& console) {
    metrics::MetricsOptions options = command.counting.metrics_options(
        choose_funnel(command.log, read.schema, facts.kinds, console), command.log, command.general, facts);
    command.compare.apply(options);
    return options;
}

void check(MetricsCommand& command) {
    if (command.general.json + command.csv + command.markdown > 1)
        usage_error("--json, --csv and --markdown exclude each other; give one");
    command.counting.check(command.log);  // before the long work
    command.compare.check(command.counting.by);
}

void emit_sql(const MetricsCommand& command, Session& session) {
    const Funnel funnel =
        command.log.funnel_override().value_or(Funnel::parse("impression,click+view,cart_add,purchase"));
    const auto dialect =
        command.emit_sql == "duckdb" ? report::SqlDialect::duckdb : report::SqlDialect::clickhouse;
    session.out << report::metrics_sql(dialect, funnel, duration_option("--window", command.counting.window));
}

ingest::ReadResult read(const MetricsCommand& command, const std::vector<std::string>& paths,
                        Session& session) {
    ingest::ReadOptions reading = command.log.read_options(command.general, session.console);
    command.counting.set_reading(reading);
    ingest::ReadResult result = ingest::read_log(paths, reading);
    tell_about_reading(result.report, command.log, session.console);
    command.counting.clean(result.log, command.general, session.console);
    return result;
}

// The state goes on to be compared, or is used up.
MeasuredLog measure(const ingest::ReadResult& read, const metrics::MetricsOptions& options,
                    const metrics::LogFacts& facts, bool keep_state) {
    MeasuredLog measured{.state = metrics::count(read.log, options, facts), .result = {}};
    measured.result = keep_state ? metrics::finish(measured.state, options, facts)
                                 : metrics::finish(std::move(measured.state), options, facts);
    return measured;
}

// The other log in full, with its own facts, under the same funnel.
report::Comparison compare_with_other(const MetricsCommand& command, const MeasuredLog& ours,
                                      metrics::MetricsOptions options, Session& session) {
    const std::vector<std::string> paths = {command.compare.other};
    const ingest::ReadResult other = read(command, paths, session);
    options.by.clear();
    const MeasuredLog theirs = measure(other, options, metrics::facts_of(other.log), true);
    return compare(ours, theirs, options, paths);
}

void run_metrics(MetricsCommand command, Session& session) {
    command.general.apply(session.console);
    check(command);
    if (!command.emit_sql.empty()) return emit_sql(command, session);
    if (command.log.paths.empty()) usage_error("LOG is required; name the log, or - for standard input");
    const ingest::ReadResult log = read(command, command.log.paths, session);
    const metrics::LogFacts facts = metrics::facts_of(log.log);
    const metrics::MetricsOptions options = metrics_options(command, log, facts, session.console);
    const MeasuredLog measured = measure(log, options, facts, !command.compare.other.empty());
    report::Comparisons beside =
        command.compare.compared(log.log, options, facts, command.counting.by, session.console);
    if (!command.compare.other.empty())
        beside.other = compare_with_other(command, measured, options, session);
    const metrics::MetricsResult& result = measured.result;
    const report::LogSummary summary = report::summarize(log.log, result, log.report);
    if (command.general.json) {
        session.out << report::to_json(result, summary, beside);
    } else if (command.csv) {
        session.out << report::to_csv(result);
    } else {
        const report::TextOptions text{.color = may_use_color(session.out),
                                       .markdown = command.markdown,
                                       .gains = command.counting.more.all};
        session.out << report::to_text(result, summary, text, beside);
    }
}

}  // namespace

void add_metrics(CLI::App& app, Session& session) {
    auto command = std::make_shared<MetricsCommand>();
    CLI::App* sub = app.add_subcommand("metrics", "Funnel metrics of a log");
    command->general.add_to(*sub);
    command->log.add_to(*sub, false);
    command->counting.add_to(*sub);
    sub->add_flag("--csv", command->csv, "One line per metric, for spreadsheets");
    sub->add_flag("--markdown", command->markdown, "Tables in Markdown");
    sub->add_option("--emit-sql", command->emit_sql, "Print the core metrics as a query, read no log")
        ->check(CLI::IsMember({"duckdb", "clickhouse"}));
    command->compare.add_to(*sub);
    sub->callback(
        [command, &session] { session.action = [command, &session] { run_metrics(*command, session); }; });
}

}  // namespace funnel::tool
