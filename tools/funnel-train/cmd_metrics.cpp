// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <ostream>
#include <string_view>
#include <utility>

#include "commands.hpp"
#include "counting.hpp"
#include "exit_codes.hpp"
#include "funnel/metrics/measure.hpp"
#include "funnel/report/log_summary.hpp"
#include "funnel/report/metrics_json.hpp"
#include "funnel/report/metrics_sql.hpp"
#include "funnel/report/metrics_text.hpp"
#include "metrics_compare.hpp"
#include "metrics_log.hpp"
#include "outputs.hpp"
#include "side_tables.hpp"

namespace funnel::tool {
namespace {

struct MetricsCommand {
    LogOptions log;
    CountingOptions counting;
    bool csv = false, markdown = false;
    std::string emit_sql, cohorts;
    CompareOptions compare;
    std::vector<std::string> gates;
    SideOptions side;
    const CLI::App* given = nullptr;  ///< which options the user gave
};

metrics::MetricsOptions metrics_options(const MetricsCommand& command, const MetricsLog& log,
                                        const SideColumns& columns, Run& run) {
    metrics::MetricsOptions options =
        command.counting.metrics_options(choose_funnel(command.log, log.schema(), log.facts().kinds, run),
                                         log.facts(), columns, command.log, run);
    command.compare.apply(options);
    return options;
}

/// --compare, or what gates compare with, which is the same thing.
ComparedTo compared_to(const MetricsCommand& command) {
    ComparedTo other{command.compare.other};
    for (const std::string& text : command.gates) {
        const std::string against = metrics::parse_gate(text).against;
        if (against.empty()) continue;
        if (other.empty()) other.name = against;
        if (other.name != against)
            usage_error("--gate: expected a comparison with " + other.name + ", got \"" + text +
                        "\"; one run compares with one thing");
    }
    return other;
}

void check(const MetricsCommand& command, const ComparedTo& other, const Run& run) {
    std::vector<std::string> inputs = command.log.inputs();
    for (std::string& path : command.side.paths())
        inputs.push_back(std::move(path));
    if (other.is_file()) inputs.push_back(other.name);
    if (!command.counting.more.aliases.empty()) inputs.push_back(command.counting.more.aliases);
    claim_outputs({command.log.rejects, run.options.manifest}, inputs);
    if (run.options.json + command.csv + command.markdown > 1)
        usage_error("--json, --csv and --markdown exclude each other; give one");
    command.counting.check();  // before the long work
    command.counting.check_touch();
    command.compare.check(command.counting.by, other);
    if (command.compare.why && command.csv)
        usage_error("--why: expected text or --json, got --csv; leave one out");
    if (command.compare.why && command.counting.per != "user")
        usage_error("--why: expected --per user, got --per " + command.counting.per + "; leave it out");
    if (!command.compare.why && !command.side.use.empty())
        usage_error("--use: expected --why with it, whose columns it chooses");
    if (command.compare.explain && command.counting.where)
        usage_error("--explain-difference: expected a funnel of all users; leave --where out");
}

/// The query speaks of the funnel and the window, and of nothing else: what would change a figure is refused.
void refuse_untranslated(const MetricsCommand& command) {
    constexpr std::array<std::string_view, 7> kSaidOrHarmless = {
        "--emit-sql", "--funnel", "--window", "--quiet", "--verbose", "--log-format", "LOG"};
    for (const CLI::Option* option : command.given->get_options()) {
        const std::string name = option->get_name(option->get_positional());
        if (option->count() == 0 || std::ranges::find(kSaidOrHarmless, name) != kSaidOrHarmless.end())
            continue;
        usage_error("--emit-sql: expected options that the query can hold (--funnel, --window), got " + name +
                    "; leave it out, or run metrics on the log itself");
    }
    if (std::ranges::find(command.counting.optional, true) != command.counting.optional.end())
        usage_error(
            "--emit-sql: expected stages that none may skip, got one with a ?; leave the ? out, or run "
            "metrics on the log itself");
}

void emit_sql(const MetricsCommand& command, Run& run) {
    refuse_untranslated(command);
    const Funnel funnel = command.log.funnel_override().value_or(Funnel::parse(events::kDefaultFunnel));
    const auto dialect =
        command.emit_sql == "duckdb" ? report::SqlDialect::duckdb : report::SqlDialect::clickhouse;
    run.out << report::metrics_sql(dialect, funnel, duration_option("--window", command.counting.window));
}

/// Whether something looks at several users at once, or changes who they are.
bool needs_whole_log(const MetricsCommand& command) {
    return !command.counting.more.aliases.empty() || command.counting.dedup == "orders" ||
           command.compare.experiment || command.compare.explain || command.compare.why ||
           !command.side.empty();
}

MetricsLog read(const MetricsCommand& command, const std::vector<std::string>& paths,
                const SideColumns& columns, Run& run) {
    ingest::ReadOptions reading = command.log.read_options(run);
    command.counting.set_reading(reading, columns);
    command.compare.set_reading(reading, columns, command.side.use);
    if (!needs_whole_log(command)) return MetricsLog::in_parts(paths, reading, run);
    ingest::ReadResult result = ingest::read_log(paths, reading);
    command.counting.clean(result.log, run);
    if (!command.side.empty()) {
        std::vector<std::string> wanted = command.compare.searched(columns, command.side.use);
        for (std::string& name : command.counting.columns())
            wanted.push_back(std::move(name));
        command.side.add_columns(result.log, result.schema, wanted, command.log, run);
    }
    return MetricsLog::whole(std::move(result));
}

// The state goes on to be compared, or is used up.
MeasuredLog measure(MetricsLog& log, const metrics::MetricsOptions& options, bool keep_state,
                    const MetricsCommand& command, Run& run) {
    MeasuredLog measured{.state = log.count(options), .result = {}};
    tell_about_reading(log.report(), command.log, run);
    measured.result = keep_state ? metrics::finish(measured.state, options, log.facts())
                                 : metrics::finish(std::move(measured.state), options, log.facts());
    return measured;
}

// The other log in full, with its own facts, under the same funnel.
report::ComparedLog compare_with_file(const MetricsCommand& command, const std::string& path,
                                      const SideColumns& columns, const MeasuredLog& ours,
                                      metrics::MetricsOptions options, Run& run) {
    const std::vector<std::string> paths = {path};
    MetricsLog other = read(command, paths, columns, run);
    options.by.clear();
    const MeasuredLog theirs = measure(other, options, true, command, run);
    return compare(ours, theirs, options, paths);
}

// The same log in another period: T and all context are those of ours.
report::ComparedLog compare_with_period(const MetricsCommand& command, const ComparedTo& other,
                                        MetricsLog& log, const MeasuredLog& ours,
                                        metrics::MetricsOptions options, Run& run) {
    const events::Period period = other.period(options, log.facts(), command.log.tz);
    options.from = period.from;
    options.to = period.to;
    options.by.clear();
    MeasuredLog theirs{.state = log.count(options), .result = {}};
    theirs.result = metrics::finish(theirs.state, options, log.facts());
    const std::string span = base::format_time(*period.from) + " to " + base::format_time(*period.to);
    other.warn_of(period, theirs.result.outside == theirs.result.rows, theirs.result.warnings, run);
    return compare(ours, theirs, options, {other.name + " (" + span + ")"});
}

std::vector<metrics::GateResult> judged_gates(const MetricsCommand& command,
                                              const metrics::MetricsResult& result,
                                              const report::Comparisons& beside) {
    std::vector<metrics::GateResult> out;
    for (const std::string& text : command.gates) {
        const auto differences = beside.other
                                     ? std::span<const metrics::MetricDifference>(beside.other->differences)
                                     : std::span<const metrics::MetricDifference>();
        out.push_back(metrics::judge(metrics::parse_gate(text), result, differences));
    }
    return out;
}

/// The result is out already.
void hold_gates(const std::vector<metrics::GateResult>& gates) {
    for (const metrics::GateResult& gate : gates) {
        if (gate.met()) continue;
        const char* const what = gate.reason == "no_rows"                   ? "; there are no rows to judge"
                                 : gate.state != metrics::GateState::beyond ? "; there is nothing to judge"
                                 : gate.low                                 ? "; the whole interval is there"
                                                                            : "; the gate is not met";
        throw GateNotMet("--gate: expected \"" + gate.gate.text + "\" to be false, got " +
                         report::gate_figure(gate) + what);
    }
}

void run_metrics(const MetricsCommand& command, Run& run) {
    const ComparedTo other = compared_to(command);
    check(command, other, run);
    if (!command.emit_sql.empty()) return emit_sql(command, run);
    if (command.log.paths.empty()) usage_error("LOG is required; name the log, or - for standard input");
    const SideColumns columns = command.side.columns(command.log, run);
    MetricsLog log = read(command, command.log.paths, columns, run);
    const metrics::MetricsOptions options = metrics_options(command, log, columns, run);
    const MeasuredLog measured = measure(log, options, !other.empty(), command, run);
    report::Comparisons beside;
    if (needs_whole_log(command)) {
        beside = command.compare.compared(log.log(), options, log.facts(), command.counting.by, run);
    }
    if (other.is_file()) {
        beside.other = compare_with_file(command, other.name, columns, measured, options, run);
    } else if (other.is_period()) {
        beside.other = compare_with_period(command, other, log, measured, options, run);
    }
    if (command.compare.why) {
        beside.why =
            CompareOptions::causes(log.log(), options, log.facts(),
                                   other.period(options, log.facts(), command.log.tz), command.side.use);
    }
    if (!command.cohorts.empty()) {
        beside.cohorts = log.cohorts(
            options, command.cohorts == "order" ? metrics::CohortStart::order : metrics::CohortStart::event);
    }
    const metrics::MetricsResult& result = measured.result;
    beside.gates = judged_gates(command, result, beside);
    report::LogSummary summary = log.summary(result);
    if (summary.from) run.record.add_times(*summary.from, *summary.to);
    summary.warnings = run.console.warnings();
    run.console.keep(result.warnings);
    if (run.options.json) {
        run.out << report::to_json(result, summary, beside);
    } else if (command.csv) {
        run.out << report::to_csv(result, beside);
    } else {
        const report::TextOptions text{.color = may_use_color(run.out),
                                       .markdown = command.markdown,
                                       .gains = command.counting.more.all,
                                       .zone = command.log.tz,
                                       .offsets = options.zone};
        // The page has the questions that most people ask; who asks for more figures gets them all.
        const auto asked = [&](const char* option) { return command.given->count(option) > 0; };
        const bool full = command.markdown || asked("--all") || asked("--timing") || asked("--retention") ||
                          asked("--repeat-within");
        run.out << (full ? report::to_text(result, summary, text, beside)
                         : report::to_page(result, summary, text, beside));
    }
    hold_gates(beside.gates);
}

}  // namespace

void add_metrics(CLI::App& app, Session& session) {
    const auto [sub, command] = add_command(app, session, "metrics", "Funnel metrics of a log", run_metrics);
    command->log.add_to(*sub, false);
    command->counting.add_to(*sub);
    command->side.add_keys_to(*sub);
    sub->add_option("--use", command->side.use,
                    "With --why: the columns to search, COL,... (default: all of log, users and visits)");
    sub->add_flag("--csv", command->csv, "One line per metric, for spreadsheets");
    sub->add_flag("--markdown", command->markdown, "Tables in Markdown");
    sub->add_option("--emit-sql", command->emit_sql, "Print the core metrics as a query, read no log")
        ->check(CLI::IsMember({"duckdb", "clickhouse"}));
    sub->add_option("--cohorts", command->cohorts,
                    "Users by the week of their first event or order, and what they did in later weeks")
        ->check(CLI::IsMember({"event", "order"}));
    command->compare.add_to(*sub);
    sub->add_option(
           "--gate", command->gates,
           "Exit 4 if the whole 95 % interval is beyond it: 'conversion_session<4%', or 'ctr -10% vs "
           "previous'; may repeat")
        ->allow_extra_args(false);
    command->given = sub;
}

}  // namespace funnel::tool
