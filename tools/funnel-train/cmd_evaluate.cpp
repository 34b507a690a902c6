// SPDX-License-Identifier: MIT
#include <algorithm>
#include <ostream>
#include <utility>

#include "commands.hpp"
#include "drift_gate.hpp"
#include "exit_codes.hpp"
#include "funnel/base/nearest.hpp"
#include "funnel/report/comparison_report.hpp"
#include "funnel/report/evaluation_report.hpp"
#include "funnel/report/importance_report.hpp"
#include "funnel/report/lists_report.hpp"
#include "judged.hpp"
#include "outputs.hpp"
#include "row_inputs.hpp"

namespace funnel::tool {
namespace {

struct EvaluateCommand {
    JudgeOptions judging;
    DriftOptions drift;
    std::vector<std::string> models;
    std::string scores, min_auc, min_ndcg_gain;
    bool csv = false, markdown = false, all = false;

    [[nodiscard]] bool compares() const noexcept { return models.size() == 2; }
};

/// "0.7" for every target or "click=0.7,purchase=0.8".
void check_gate(const std::string& gate, const score::Evaluation& evaluation) {
    for (const std::string& part : list_option(gate)) {
        const std::size_t equals = part.find('=');
        const std::string name = equals == std::string::npos ? "" : part.substr(0, equals);
        const double least = *base::parse_number(part.substr(equals == std::string::npos ? 0 : equals + 1));
        for (std::size_t k = 0; k < evaluation.targets.size(); ++k) {
            if (!name.empty() && name != evaluation.targets[k]) continue;
            const eval::Figure& auc = evaluation.all.targets[k].roc_auc;
            if (auc.value && *auc.value >= least) continue;
            throw GateNotMet(
                "--min-auc: expected a ROC AUC of at least " + std::to_string(least) + " for " +
                evaluation.targets[k] + ", got " +
                (auc.value ? std::to_string(*auc.value) : "none (" + std::string(auc.reason) + ")") +
                "; the model is not good enough on these rows");
        }
    }
}

/// "0.01" for every target or "click=0.01,purchase=0".
void check_list_gate(const std::string& gate, const score::ListEvaluation& lists) {
    for (const std::string& part : list_option(gate)) {
        const std::size_t equals = part.find('=');
        const std::string name = equals == std::string::npos ? "" : part.substr(0, equals);
        const double least = *base::parse_number(part.substr(equals == std::string::npos ? 0 : equals + 1));
        const auto refuse = [&](const std::string& target, const std::string& got) {
            throw GateNotMet("--min-ndcg-gain: expected an nDCG of at least " + std::to_string(least) +
                             " above the order that was shown for " + target + ", got " + got +
                             "; the model does not order these lists well enough");
        };
        if (lists.targets.empty()) refuse("every target", "none (" + std::string(lists.reason) + ")");
        for (const score::TargetLists& target : lists.targets) {
            if (!name.empty() && name != target.target) continue;
            const std::optional<double>& gain = target.all.difference.ndcg.value;
            if (!gain)
                refuse(target.target,
                       "none (" +
                           std::string(target.logged_reason.empty() ? "no_lists" : target.logged_reason) +
                           ")");
            if (*gain < least) refuse(target.target, std::to_string(*gain));
        }
    }
}

/// Before the long work: a name that is no target would be found out only after it.
void check_gate_names(const std::string& option, const std::string& gate,
                      const std::vector<std::string>& targets) {
    for (const std::string& part : list_option(gate)) {
        const std::size_t equals = part.find('=');
        const std::string name = part.substr(0, equals);
        if (equals == std::string::npos || std::ranges::find(targets, name) != targets.end()) continue;
        std::string known;
        for (const std::string& target : targets)
            known += (known.empty() ? "" : ", ") + target;
        const std::string near = base::nearest(name, targets);
        usage_error(option + ": expected one of the targets (" + known + "), got \"" + name + "\"" +
                    (near.empty() ? "" : "; is " + near + " meant?"));
    }
}

void check_gate_option(const std::string& option, const std::string& gate, double lowest) {
    for (const std::string& part : list_option(gate)) {
        const std::size_t equals = part.find('=');
        const auto least = base::parse_number(part.substr(equals == std::string::npos ? 0 : equals + 1));
        if (!least || *least < lowest || *least > 1) {
            usage_error(option + ": expected a number from " + (lowest < 0 ? "-1" : "0") +
                        " to 1, or NAME=" + (lowest < 0 ? "0.01" : "0.7") + ",..., got \"" + part + "\"");
        }
    }
}

void check_options(const EvaluateCommand& command, const Run& run) {
    command.drift.check(command.scores.empty());
    if (run.options.json + command.csv + command.markdown > 1)
        usage_error("--json, --csv and --markdown exclude each other; give one");
    check_gate_option("--min-auc", command.min_auc, 0);
    check_gate_option("--min-ndcg-gain", command.min_ndcg_gain, -1);
    if (command.scores.empty() == command.models.empty())
        usage_error("evaluate: expected -m MODEL and a log, or --scores FILE alone; give one of the two");
    if (command.models.size() > 2) usage_error("evaluate: expected one model or two, got more");
    if (command.scores.empty() && command.judging.log.paths.empty())
        usage_error("evaluate: expected a LOG, got none");
    if (!command.judging.by.empty() && !command.scores.empty())
        usage_error("--by: expected a model with it, got --scores, which has no columns; leave it out");
    if (command.judging.importance && (!command.scores.empty() || command.compares() || command.csv)) {
        usage_error(
            "--importance: it goes with one model and text, --markdown or --json, got --scores, two models "
            "or "
            "--csv; leave one out");
    }
    if (command.judging.lists && (!command.scores.empty() || command.compares() || command.csv)) {
        usage_error(
            "--lists: it goes with one model and text, --markdown or --json, got --scores, two models or "
            "--csv; leave one out");
    }
    for (const std::string& by : command.judging.by)
        (void)metrics::columns_of_by(by);
    const HistoryOptions& history = command.judging.history;
    if (!command.compares()) return;
    if (std::ranges::find(command.judging.log.paths, "-") != command.judging.log.paths.end())
        usage_error("evaluate: expected files for two models, got -; standard input can be read once");
    if (command.csv || command.markdown || !command.min_auc.empty() || !command.judging.by.empty() ||
        command.drift.wanted() || !history.state.empty() || !history.save_state.empty()) {
        usage_error(
            "evaluate: --by, --csv, --markdown, --min-auc, --max-drift, --state and --save-state go with one "
            "model, got two; leave them out");
    }
}

score::Comparison compare_models(const EvaluateCommand& command, Run& run) {
    std::vector<Judged> judged;
    std::vector<bool> of_log;
    for (const std::string& path : command.models) {
        const Bundle bundle = load_model(path, run);
        of_log.push_back(bundle.log.has_value());
        judged.push_back(judge(bundle, command.judging, false, nullptr, run));
    }
    if (of_log[0] != of_log[1])
        usage_error("evaluate: expected two models of logs or two of tables, got one of each");
    return score::compare(judged[0].examples, judged[1].examples);
}

/// What is judged, without its folder.
std::string file_name(const EvaluateCommand& command) {
    const std::string& path = command.scores.empty() ? command.models.front() : command.scores;
    return path.substr(path.find_last_of('/') + 1);
}

explain::Importance importance_of(const Bundle& bundle, const Judged& judged, const Run& run) {
    const score::ScoredExamples& examples = judged.examples;
    return explain::importance(bundle, *judged.sample,
                               {.labels = examples.labels,
                                .weights = examples.weights,
                                .clusters = examples.clusters,
                                .keys = examples.keys},
                               {.threads = run.threads()}, run.kernels());
}

/// Of one model, or of finished scores.
void evaluate_one(const EvaluateCommand& command, Run& run) {
    score::Evaluation evaluation;
    Bundle bundle;
    DriftGate drift(command.drift);
    std::optional<explain::Importance> importance;
    std::optional<score::ListEvaluation> lists;
    bool in_sample = false;
    if (!command.scores.empty()) {
        const FinishedScores finished = read_scores(command.scores, command.judging.log, run);
        check_gate_names("--min-auc", command.min_auc, {"score"});
        evaluation = score::evaluate_scores(finished.scores, finished.labels, finished.weights);
    } else {
        bundle = load_model(command.models.front(), run);
        std::vector<std::string> targets;
        for (const model::Head& head : bundle.heads)
            targets.push_back(head.name);
        check_gate_names("--min-auc", command.min_auc, targets);
        check_gate_names("--min-ndcg-gain", command.min_ndcg_gain, targets);
        if (command.judging.lists && !bundle.log)
            usage_error(
                "--lists: expected the model of a log, got that of a table, which has no lists; leave it "
                "out");
        Judged judged = judge(bundle, command.judging, true, &drift, run);
        lists = std::move(judged.lists);
        evaluation = score::evaluate(judged.examples, bundle.log.has_value(),
                                     judged.place_hidden ? &*judged.place_hidden : nullptr);
        for (const score::ExampleKeys& keys : judged.by)
            score::evaluate_by(evaluation, judged.examples, keys);
        evaluation.already_observed = judged.known.already_observed;
        evaluation.late = judged.known.late;
        evaluation.late_or_observed = judged.known.late_or_observed;
        in_sample = judged.in_sample;
        if (judged.sample) importance = importance_of(bundle, judged, run);
    }
    drift.note(bundle, run);
    run.out << (run.options.json
                    ? report::to_json(evaluation, run.console.warnings(), importance ? &*importance : nullptr,
                                      lists ? &*lists : nullptr)
                : command.csv                     ? report::to_csv(evaluation)
                : command.all || command.markdown ? report::to_text(evaluation, command.markdown)
                                                  : report::to_page(evaluation, file_name(command)));
    if (lists && !run.options.json) run.out << report::to_text(*lists, command.markdown);
    if (importance && !run.options.json) run.out << report::to_text(*importance, command.markdown);
    if (in_sample && (command.drift.wanted() || !command.min_auc.empty() || !command.min_ndcg_gain.empty())) {
        throw GateNotMet(
            "--allow-training-rows: expected rows that the model has not seen for a gate, got some "
            "that it learned from; no gate passes on them");
    }
    drift.judge();
    check_gate(command.min_auc, evaluation);
    if (lists) check_list_gate(command.min_ndcg_gain, *lists);
}

void run_evaluate(const EvaluateCommand& asked, Run& run) {
    EvaluateCommand command = asked;
    command.judging.lists |= !command.min_ndcg_gain.empty();  // the gate needs them
    check_options(command, run);
    std::vector<std::string> inputs = command.judging.inputs();
    inputs.insert(inputs.end(), command.models.begin(), command.models.end());
    if (!command.scores.empty()) inputs.push_back(command.scores);
    claim_outputs({command.judging.history.save_state, command.judging.log.rejects, run.options.manifest},
                  inputs);
    if (!command.compares()) return evaluate_one(command, run);
    const score::Comparison comparison = compare_models(command, run);
    run.out << (run.options.json ? report::to_json(comparison, run.console.warnings())
                                 : report::to_text(comparison));
}

}  // namespace

void add_evaluate(CLI::App& app, Session& session) {
    const auto [sub, command] =
        add_command(app, session, "evaluate", "How good a model is on rows it did not see", run_evaluate);
    command->judging.add_to(*sub, false);
    command->drift.add_to(*sub);
    sub->add_option("-m,--model", command->models, "The model file; of two, how they differ on the same rows")
        ->allow_extra_args(false);
    sub->add_option("--scores", command->scores,
                    "Judge finished scores: CSV with score, label and perhaps weight");
    sub->add_flag("--lists", command->judging.lists,
                  "The order of shown lists too: nDCG, MRR and hits of ours and of the one shown");
    sub->add_option("--min-ndcg-gain", command->min_ndcg_gain,
                    "Exit 4 below this nDCG above the order shown: 0.01 or NAME=0.01,...");
    sub->add_option("--min-auc", command->min_auc, "Exit 4 below this ROC AUC: 0.7 or NAME=0.7,...");
    sub->add_option(
           "--by", command->judging.by,
           "The figures per value of a column (of A,B together; of day, week, month, hour), predicted "
           "worst first; may repeat")
        ->allow_extra_args(false);
    sub->add_flag("--importance", command->judging.importance,
                  "What the predictions rest on: how much worse they get without each group of inputs");
    sub->add_flag("--all", command->all, "Every figure under its name, of every segment and day");
    sub->add_flag("--csv", command->csv, "One line per figure, for spreadsheets");
    sub->add_flag("--markdown", command->markdown, "Tables in Markdown");
}

}  // namespace funnel::tool
