// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <memory>
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
    GeneralOptions general;
    LogOptions log;
    CountingOptions counting;
    bool csv = false, markdown = false;
    std::string emit_sql;
    CompareOptions compare;
    std::vector<std::string> gates;
    SideOptions side;
    const CLI::App* given = nullptr;  ///< which options the user gave
};

metrics::MetricsOptions metrics_options(const MetricsCommand& command, const MetricsLog& log,
                                        Console& console) {
    metrics::MetricsOptions options =
        command.counting.metrics_options(choose_funnel(command.log, log.schema(), log.facts().kinds, console),
                                         command.log, command.general, log.facts());
    command.compare.apply(options);
    return options;
}

/// What gates compare with is what --compare names.
void check_gates(MetricsCommand& command) {
    for (const std::string& text : command.gates) {
        const std::string against = metrics::parse_gate(text).against;
        if (against.empty()) continue;
        if (command.compare.other.empty()) command.compare.other = against;
        if (command.compare.other != against)
            usage_error("--gate: expected a comparison with " + command.compare.other + ", got \"" + text +
                        "\"; one run compares with one thing");
    }
}

void check(MetricsCommand& command) {
    check_gates(command);
    std::vector<std::string> inputs = command.log.inputs();
    for (std::string& path : command.side.paths())
        inputs.push_back(std::move(path));
    if (command.compare.with_file()) inputs.push_back(command.compare.other);
    if (!command.counting.more.aliases.empty()) inputs.push_back(command.counting.more.aliases);
    claim_outputs({command.log.rejects, command.general.manifest}, inputs);
    if (command.general.json + command.csv + command.markdown > 1)
        usage_error("--json, --csv and --markdown exclude each other; give one");
    command.counting.check(command.log);  // before the long work
    command.compare.check(command.counting.by);
    if (command.counting.touch && command.counting.by.empty() && !command.counting.where)
        usage_error("--touch: expected --by or --where with a column that it speaks of, got none of them");
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

void emit_sql(const MetricsCommand& command, Session& session) {
    refuse_untranslated(command);
    const Funnel funnel = command.log.funnel_override().value_or(Funnel::parse(events::kDefaultFunnel));
    const auto dialect =
        command.emit_sql == "duckdb" ? report::SqlDialect::duckdb : report::SqlDialect::clickhouse;
    session.out << report::metrics_sql(dialect, funnel, duration_option("--window", command.counting.window));
}

/// Whether something looks at several users at once, or changes who they are.
bool needs_whole_log(const MetricsCommand& command) {
    return !command.counting.more.aliases.empty() || command.counting.dedup == "orders" ||
           command.compare.experiment || command.compare.explain || !command.side.empty();
}

MetricsLog read(const MetricsCommand& command, const std::vector<std::string>& paths, Session& session) {
    ingest::ReadOptions reading = command.log.read_options(command.general, session.console);
    command.counting.set_reading(reading);
    if (!needs_whole_log(command)) return MetricsLog::in_parts(paths, reading, command.general);
    ingest::ReadResult result = ingest::read_log(paths, reading);
    command.counting.clean(result.log, command.general, session.console);
    if (!command.side.empty()) {
        command.side.add_columns(result.log, result.schema, command.counting.columns(), command.log,
                                 command.general, session.console);
    }
    return MetricsLog::whole(std::move(result));
}

// The state goes on to be compared, or is used up.
MeasuredLog measure(MetricsLog& log, const metrics::MetricsOptions& options, bool keep_state,
                    const MetricsCommand& command, Console& console) {
    MeasuredLog measured{.state = log.count(options), .result = {}};
    tell_about_reading(log.report(), command.log, command.general, console);
    measured.result = keep_state ? metrics::finish(measured.state, options, log.facts())
                                 : metrics::finish(std::move(measured.state), options, log.facts());
    return measured;
}

// The other log in full, with its own facts, under the same funnel.
report::ComparedLog compare_with_other(const MetricsCommand& command, const MeasuredLog& ours,
                                       metrics::MetricsOptions options, Session& session) {
    const std::vector<std::string> paths = {command.compare.other};
    MetricsLog other = read(command, paths, session);
    options.by.clear();
    const MeasuredLog theirs = measure(other, options, true, command, session.console);
    return compare(ours, theirs, options, paths);
}

// The same log in another period: T and all context are those of ours.
report::ComparedLog compare_with_period(const MetricsCommand& command, MetricsLog& log,
                                        const MeasuredLog& ours, metrics::MetricsOptions options,
                                        Console& console) {
    const events::Period period = command.compare.period(options, log.facts(), command.log.tz);
    options.from = period.from;
    options.to = period.to;
    options.by.clear();
    MeasuredLog theirs{.state = log.count(options), .result = {}};
    theirs.result = metrics::finish(theirs.state, options, log.facts());
    const std::string span = base::format_time(*period.from) + " to " + base::format_time(*period.to);
    if (theirs.result.outside == theirs.result.rows)
        console.warn("empty_period",
                     "--compare " + command.compare.other + ": no row in that period, " + span);
    return compare(ours, theirs, options, {command.compare.other + " (" + span + ")"});
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
        const char* const what = gate.state != metrics::GateState::beyond ? "; there is nothing to judge"
                                 : gate.low ? "; the whole interval is beyond it"
                                            : "; it is beyond it";
        throw GateNotMet("--gate: expected not " + gate.gate.text + ", got " + report::gate_figure(gate) +
                         what);
    }
}

void run_metrics(MetricsCommand command, Session& session) {
    command.general.apply(session);
    check(command);
    if (!command.emit_sql.empty()) return emit_sql(command, session);
    if (command.log.paths.empty()) usage_error("LOG is required; name the log, or - for standard input");
    if (!command.side.empty()) {
        command.counting.beside = command.side.column_names(command.log, command.general);
        command.counting.of_items =
            command.side.column_names(events::SideKey::item, command.log, command.general);
    }
    MetricsLog log = read(command, command.log.paths, session);
    const metrics::MetricsOptions options = metrics_options(command, log, session.console);
    const MeasuredLog measured =
        measure(log, options, !command.compare.other.empty(), command, session.console);
    report::Comparisons beside;
    if (needs_whole_log(command)) {
        beside =
            command.compare.compared(log.log(), options, log.facts(), command.counting.by, session.console);
    }
    if (command.compare.with_file()) {
        beside.other = compare_with_other(command, measured, options, session);
    } else if (command.compare.with_period()) {
        beside.other = compare_with_period(command, log, measured, options, session.console);
    }
    const metrics::MetricsResult& result = measured.result;
    beside.gates = judged_gates(command, result, beside);
    report::LogSummary summary = log.summary(result);
    if (summary.from) command.general.record->add_times(*summary.from, *summary.to);
    summary.warnings = session.console.warnings();
    session.console.keep(result.warnings);
    if (command.general.json) {
        session.out << report::to_json(result, summary, beside);
    } else if (command.csv) {
        session.out << report::to_csv(result, beside);
    } else {
        const report::TextOptions text{.color = may_use_color(session.out),
                                       .markdown = command.markdown,
                                       .gains = command.counting.more.all,
                                       .zone = command.log.tz,
                                       .offsets = options.zone};
        // The page has the questions that most people ask; who asks for more figures gets them all.
        const auto asked = [&](const char* option) { return command.given->count(option) > 0; };
        const bool full = command.markdown || asked("--all") || asked("--timing") || asked("--retention") ||
                          asked("--repeat-within");
        session.out << (full ? report::to_text(result, summary, text, beside)
                             : report::to_page(result, summary, text, beside));
    }
    hold_gates(beside.gates);
}

}  // namespace

void add_metrics(CLI::App& app, Session& session) {
    auto command = std::make_shared<MetricsCommand>();
    CLI::App* sub = app.add_subcommand("metrics", "Funnel metrics of a log");
    command->general.add_to(*sub);
    command->log.add_to(*sub, false);
    command->counting.add_to(*sub);
    command->side.add_keys_to(*sub);
    sub->add_flag("--csv", command->csv, "One line per metric, for spreadsheets");
    sub->add_flag("--markdown", command->markdown, "Tables in Markdown");
    sub->add_option("--emit-sql", command->emit_sql, "Print the core metrics as a query, read no log")
        ->check(CLI::IsMember({"duckdb", "clickhouse"}));
    command->compare.add_to(*sub);
    sub->add_option(
           "--gate", command->gates,
           "Exit 4 if the whole 95 % interval is beyond it: 'conversion_session<4%', or 'ctr -10% vs "
           "previous'; may repeat")
        ->allow_extra_args(false);
    command->given = sub;
    sub->callback(
        [command, &session] { session.action = [command, &session] { run_metrics(*command, session); }; });
}

}  // namespace funnel::tool
