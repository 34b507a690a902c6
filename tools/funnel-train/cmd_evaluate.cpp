// SPDX-License-Identifier: MIT
#include <memory>
#include <ostream>

#include "commands.hpp"
#include "drift_gate.hpp"
#include "exit_codes.hpp"
#include "funnel/files/atomic_file.hpp"
#include "funnel/persist/model_file.hpp"
#include "funnel/report/evaluation.hpp"
#include "funnel/score/score_log.hpp"
#include "log_model.hpp"
#include "outputs.hpp"
#include "row_inputs.hpp"
#include "table_model.hpp"

namespace funnel::tool {
namespace {

struct EvaluateCommand {
    GeneralOptions general;
    LogOptions log;
    TableOptions table;
    HistoryOptions history;
    mutable DriftGate drift;  // filled by the run, of which there is one
    SideOptions side;
    std::string model, scores, min_auc;
    bool csv = false, markdown = false;
};

score::Evaluation evaluate_log(const EvaluateCommand& command, const Bundle& bundle, Session& session) {
    const features::SideTables side =
        command.side.load(*bundle.log, command.log, command.general, session.console);
    const ingest::ReadResult read =
        read_for_model(*bundle.log, command.log, side, command.general, session.console);
    features::History history = starting_history(bundle, command.history);
    const features::ExampleList examples =
        examples_for_model(bundle, read.log, history, command.history, command.log, command.general);
    const score::Scorer scorer(bundle, chosen_kernels(command.general), &side);
    const features::BuildOptions build = build_options(*bundle.log, side, session.console);
    score::ScoredExamples hidden;
    const bool has_place =
        read.log.text_column("list") != nullptr || read.log.number_column("position") != nullptr;
    const score::ScoredExamples scored =
        score::score_log(read.log, history, examples, scorer, build, has_place ? &hidden : nullptr,
                         command.drift.begin(bundle, command.general));
    score::Evaluation evaluation = score::evaluate(scored, true, has_place ? &hidden : nullptr);
    evaluation.already_observed = examples.already_observed;
    save_state(command.history, history, command.general);
    command.general.record->add_count("examples", evaluation.rows);
    command.general.record->add_count("already_observed", evaluation.already_observed);
    return evaluation;
}

score::Evaluation evaluate_table(const EvaluateCommand& command, const Bundle& bundle, Session& session) {
    const LabelledTable rows =
        read_for_model(bundle, command.table, command.log, command.general, true, session.console);
    const score::ScoredExamples scored =
        score_table(bundle, rows.data, !command.table.group.empty(), chosen_kernels(command.general));
    (void)command.drift.begin(bundle, command.general);
    command.drift.add_table(rows.data, scored);
    command.general.record->add_count("examples", scored.size());
    return score::evaluate(scored, false);
}

/// "0.7" for every target or "click=0.7,purchase=0.8".
void check_gate(const std::string& gate, const score::Evaluation& evaluation) {
    for (const std::string& part : list_option(gate)) {
        const std::size_t equals = part.find('=');
        const std::string name = equals == std::string::npos ? "" : part.substr(0, equals);
        const double least = *base::parse_number(part.substr(equals == std::string::npos ? 0 : equals + 1));
        bool found = false;
        for (std::size_t k = 0; k < evaluation.targets.size(); ++k) {
            if (!name.empty() && name != evaluation.targets[k]) continue;
            found = true;
            const eval::Figure& auc = evaluation.all.targets[k].roc_auc;
            if (auc.value && *auc.value >= least) continue;
            throw GateNotMet(
                "--min-auc: expected a ROC AUC of " + std::to_string(least) + " for " +
                evaluation.targets[k] + ", got " +
                (auc.value ? std::to_string(*auc.value) : "none (" + std::string(auc.reason) + ")") +
                "; the model is not good enough on these rows");
        }
        if (!found) usage_error("--min-auc: expected one of the targets, got \"" + name + "\"");
    }
}

void check_gate_option(const std::string& gate) {
    for (const std::string& part : list_option(gate)) {
        const std::size_t equals = part.find('=');
        const auto least = base::parse_number(part.substr(equals == std::string::npos ? 0 : equals + 1));
        if (!least || *least < 0 || *least > 1) {
            usage_error("--min-auc: expected a number from 0 to 1, or NAME=0.7,..., got \"" + part + "\"");
        }
    }
}

void run_evaluate(const EvaluateCommand& command, Session& session) {
    command.general.apply(session);
    command.drift.check_option(command.scores.empty());
    if (command.general.json + command.csv + command.markdown > 1)
        usage_error("--json, --csv and --markdown exclude each other; give one");
    check_gate_option(command.min_auc);
    if (command.scores.empty() == command.model.empty()) {
        usage_error("evaluate: expected a model and a log, or --scores FILE; give one of them");
    }
    if (command.scores.empty() && command.log.paths.empty())
        usage_error("evaluate: expected a LOG, got none");
    std::vector<std::string> inputs = command.log.paths;
    for (const std::string& file : {command.model, command.scores}) {
        if (!file.empty()) inputs.push_back(file);
    }
    claim_outputs({command.history.save_state, command.log.rejects, command.general.manifest}, inputs);
    score::Evaluation evaluation;
    Bundle bundle;
    if (!command.scores.empty()) {
        evaluation = score::evaluate(
            read_scores(command.scores, command.log, command.general, session.console), false);
    } else {
        bundle = load_model(command.model, command.general);
        evaluation =
            bundle.log ? evaluate_log(command, bundle, session) : evaluate_table(command, bundle, session);
    }
    session.out << (command.general.json ? report::to_json(evaluation)
                    : command.csv        ? report::to_csv(evaluation)
                                         : report::to_text(evaluation, command.markdown));
    session.out.flush();
    command.drift.judge(bundle, command.general, session.console);
    check_gate(command.min_auc, evaluation);
}

}  // namespace

void add_evaluate(CLI::App& app, Session& session) {
    auto command = std::make_shared<EvaluateCommand>();
    CLI::App* sub = app.add_subcommand("evaluate", "How good a model is on rows it did not see");
    command->general.add_to(*sub);
    command->log.add_to(*sub, false);
    command->table.add_to(*sub);
    command->history.add_to(*sub);
    command->drift.add_to(*sub);
    command->side.add_to(*sub);
    sub->add_option("-m,--model", command->model, "The model file");
    sub->add_option("--scores", command->scores,
                    "Judge finished scores: CSV with score, label and perhaps weight");
    sub->add_option("--min-auc", command->min_auc, "Exit 4 below this ROC AUC: 0.7 or NAME=0.7,...");
    sub->add_flag("--csv", command->csv, "One line per figure, for spreadsheets");
    sub->add_flag("--markdown", command->markdown, "Tables in Markdown");
    sub->callback(
        [command, &session] { session.action = [command, &session] { run_evaluate(*command, session); }; });
}

}  // namespace funnel::tool
