// SPDX-License-Identifier: MIT
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "exit_codes.hpp"
#include "funnel/files/atomic_file.hpp"
#include "funnel/persist/model_file.hpp"
#include "funnel/report/evaluation.hpp"
#include "judged.hpp"
#include "row_inputs.hpp"

namespace funnel::tool {
namespace {

struct EvaluateCommand {
    GeneralOptions general;
    LogOptions log;
    TableOptions table;
    HistoryOptions history;
    std::vector<std::string> models;
    std::string scores, min_auc;
    bool csv = false, markdown = false;
};

Judged judge(const EvaluateCommand& command, const Bundle& bundle, Session& session) {
    return judge(bundle, command.log, command.table, command.history, command.general, session);
}

void compare_models(const EvaluateCommand& command, Session& session) {
    if (command.csv || command.markdown || !command.min_auc.empty() || !command.history.save_state.empty()) {
        usage_error("evaluate: --csv, --markdown, --min-auc and --save-state go with one model, got two");
    }
    Judged judged[2];
    bool of_log[2];
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
        const Bundle bundle = persist::load_model(command.models[i]);
        of_log[i] = bundle.log.has_value();
        judged[i] = judge(command, bundle, session);
    }
    if (of_log[0] != of_log[1]) usage_error("evaluate: expected two models of logs or two of tables");
    const score::Comparison comparison = score::compare(judged[0].examples, judged[1].examples);
    session.out << (command.general.json ? report::to_json(comparison) : report::to_text(comparison));
    session.out.flush();
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
    command.general.apply(session.console);
    if (command.general.json + command.csv + command.markdown > 1)
        usage_error("--json, --csv and --markdown exclude each other; give one");
    check_gate_option(command.min_auc);
    if (command.scores.empty() == command.models.empty()) {
        usage_error("evaluate: expected a model and a log, or --scores FILE; give one of them");
    }
    if (command.models.size() > 2) usage_error("evaluate: expected one model or two, got more");
    if (command.scores.empty() && command.log.paths.empty())
        usage_error("evaluate: expected a LOG, got none");
    if (!command.history.save_state.empty()) files::check_writable(command.history.save_state);
    if (command.models.size() == 2) return compare_models(command, session);
    score::Evaluation evaluation;
    if (!command.scores.empty()) {
        evaluation = score::evaluate(read_scores(command.scores, command.log, command.general), false);
    } else {
        const Bundle bundle = persist::load_model(command.models.front());
        const Judged judged = judge(command, bundle, session);
        evaluation = score::evaluate(judged.examples, bundle.log.has_value());
        evaluation.already_observed = judged.already_observed;
    }
    session.out << (command.general.json ? report::to_json(evaluation)
                    : command.csv        ? report::to_csv(evaluation)
                                         : report::to_text(evaluation, command.markdown));
    session.out.flush();
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
    sub->add_option("-m,--model", command->models,
                    "The model file; two, -m A -m B, are compared on the same rows")
        ->allow_extra_args(false);
    sub->add_option("--scores", command->scores,
                    "Judge finished scores: CSV with score, label and perhaps weight");
    sub->add_option("--min-auc", command->min_auc, "Exit 4 below this ROC AUC: 0.7 or NAME=0.7,...");
    sub->add_flag("--csv", command->csv, "One line per figure, for spreadsheets");
    sub->add_flag("--markdown", command->markdown, "Tables in Markdown");
    sub->callback(
        [command, &session] { session.action = [command, &session] { run_evaluate(*command, session); }; });
}

}  // namespace funnel::tool
