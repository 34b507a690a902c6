// SPDX-License-Identifier: MIT
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands.hpp"
#include "counting.hpp"
#include "funnel/files/atomic_file.hpp"
#include "funnel/report/html_report.hpp"
#include "funnel/report/result_json.hpp"
#include "funnel/score/score_log.hpp"
#include "outputs.hpp"

namespace funnel::tool {
namespace {

struct ReportCommand {
    LogOptions log;
    CountingOptions counting;
    SideOptions side;
    std::string model, output;
    std::vector<std::string> targets;
    bool brief = false;

    [[nodiscard]] report::PageOptions page() const {
        report::PageOptions options{.targets = {}, .brief = brief};
        for (const std::string& text : targets)
            options.targets.push_back(metrics::parse_target(text));
        return options;
    }
};

void check(const ReportCommand& command, const Run& run) {
    (void)command.page();
    command.counting.check();
    std::vector<std::string> inputs = command.log.inputs();
    if (!command.model.empty()) inputs.push_back(command.model);
    for (std::string& path : command.side.paths())
        inputs.push_back(std::move(path));
    if (!command.counting.more.aliases.empty()) inputs.push_back(command.counting.more.aliases);
    claim_outputs({command.output, command.log.rejects, run.options.manifest}, inputs);
}

std::optional<Bundle> load_model(const ReportCommand& command, Run& run) {
    if (command.model.empty()) return std::nullopt;
    Bundle bundle = tool::load_model(command.model, run);
    if (!bundle.log) {
        throw Error(ErrorCode::schema,
                    command.model +
                        ": expected a model of a log, got one of a table; leave -m out, or "
                        "use evaluate for its figures");
    }
    return bundle;
}

struct ReportLog {
    ingest::ReadResult read;
    SideColumns beside;
};

ReportLog read(const ReportCommand& command, const std::optional<Bundle>& bundle, Run& run) {
    ingest::ReadOptions reading =
        bundle ? read_options_for_model(*bundle, command.log, run) : command.log.read_options(run);
    reading.columns.text_if_mapped = true;
    ReportLog log;
    log.beside = command.side.columns(command.log, run);
    command.counting.set_reading(reading, log.beside);
    log.read = ingest::read_log(command.log.paths, reading);
    tell_about_reading(log.read.report, command.log, run);
    if (bundle) need_rows(log.read.report);
    command.counting.clean(log.read.log, run);
    if (!command.side.empty())
        command.side.add_columns(log.read.log, log.read.schema, command.counting.columns(), command.log, run);
    return log;
}

report::ModelNumbers judge(const ReportCommand& command, Bundle& bundle, EventLog& log, Run& run) {
    const events::SideTables side = command.side.load(*bundle.log, command.log, run);
    side.complete(log);
    const HistoryOptions from_model;
    HistoryStart start = history_start(bundle, from_model, run);
    const dataset::ExampleList examples =
        examples_for_model(bundle, log, start, from_model, command.log, run);
    (void)learned_from(bundle, log, examples, false, run);
    const score::Scorer scorer(bundle, run.kernels(), &side);
    const dataset::BuildOptions build = build_options(*bundle.log, side, run);
    return report::judge_model(bundle, score::score_log(log, start.history, examples, scorer, build),
                               examples.already_observed);
}

nlohmann::ordered_json targets_json(const report::PageOptions& page, const metrics::MetricsResult& whole) {
    auto json = nlohmann::ordered_json::array();
    for (const metrics::MetricGate& target : page.targets)
        json.push_back(
            {{"target", target.text}, {"state", metrics::state_name(metrics::judge(target, whole).state)}});
    return json;
}

void write(const ReportCommand& command, const std::string& html, const metrics::MetricsResult& whole,
           Run& run) {
    const nlohmann::ordered_json targets =
        targets_json(command.page(), whole);  // a wrong one ends the run here
    files::AtomicFile file(command.output);
    file.append(html);
    file.commit();
    run.record.add_output(command.output);
    if (run.options.json) {
        run.out << nlohmann::ordered_json{{"schema_version", report::kSchemaVersion},
                                          {"output", command.output},
                                          {"bytes", html.size()},
                                          {"targets", targets},
                                          {"warnings", report::warnings_json<nlohmann::ordered_json>(
                                                           run.console.warnings())}}
                       .dump(2, ' ', false, nlohmann::json::error_handler_t::replace)
                << '\n';
    } else {
        run.out << command.output << ": " << html.size() << " bytes\n";
    }
}

void run_report(const ReportCommand& command, Run& run) {
    check(command, run);
    std::optional<Bundle> bundle = load_model(command, run);
    auto [read, beside] = tool::read(command, bundle, run);
    const metrics::LogFacts facts = metrics::facts_of(read.log);
    ChosenFunnel chosen = bundle ? ChosenFunnel{bundle->log->funnel, {}}
                                 : choose_funnel(command.log, read.schema, facts.kinds, run);
    metrics::MetricsOptions options =
        command.counting.metrics_options(std::move(chosen), facts, beside, command.log, run);
    if (options.by.empty()) options.by = report::usual_breakdowns(read.log);
    const report::ReportNumbers numbers = report::measure_report(read.log, options, facts);
    report::LogSummary summary = report::summarize(read.log, numbers.whole, read.report);
    summary.warnings = run.console.warnings();
    run.console.keep(numbers.whole.warnings);
    std::optional<report::ModelNumbers> model;
    if (bundle) model = judge(command, *bundle, read.log, run);
    const report::PageOptions page = command.page();
    write(command, report::to_html(numbers, summary, model ? &*model : nullptr, command.log.tz, page),
          numbers.whole, run);
}

}  // namespace

void add_report(CLI::App& app, Session& session) {
    const auto [sub, command] =
        add_command(app, session, "report", "Metrics and model as a page for people", run_report);
    command->log.add_to(*sub);
    command->counting.add_to(*sub);
    command->side.add_to(*sub);
    sub->add_option("-m,--model", command->model, "Also how good this model is on the rows it did not see");
    sub->add_option("--target", command->targets,
                    "A figure that is wanted, such as conversion_user=2%; may repeat")
        ->allow_extra_args(false);
    sub->add_flag("--brief", command->brief, "One page for an e-mail: the figures, the funnel, the notes");
    sub->add_option("-o,--output", command->output, "The HTML file")->required();
}

}  // namespace funnel::tool
