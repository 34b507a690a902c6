// SPDX-License-Identifier: MIT
#include <algorithm>

#include "commands.hpp"
#include "drift_gate.hpp"
#include "funnel/base/count_words.hpp"
#include "funnel/base/time.hpp"
#include "funnel/files/atomic_file.hpp"
#include "funnel/persist/model_file.hpp"
#include "funnel/score/score_candidates.hpp"
#include "funnel/score/score_log.hpp"
#include "funnel/score/score_table.hpp"
#include "log_model.hpp"
#include "outputs.hpp"
#include "reason_columns.hpp"
#include "row_inputs.hpp"
#include "rows_out.hpp"
#include "table_model.hpp"

namespace funnel::tool {
namespace {

struct ScoreCommand {
    LogOptions log;
    TableOptions table;
    HistoryOptions history;
    DriftOptions drift;
    ReasonOptions reasons;
    SideOptions side;
    std::string model, output, candidates;
};

void write_header(RowsOut& rows, std::initializer_list<std::string_view> names, const Bundle& bundle,
                  const ReasonColumns& reasons) {
    for (const std::string_view name : names)
        rows.text(name);
    for (const model::Head& head : bundle.heads)
        rows.text("p_" + head.name);
    reasons.write_header(rows);
    rows.end_row();
}

void write_scores(RowsOut& rows, const score::ScoredExamples& scored, std::size_t i,
                  const ReasonColumns& reasons) {
    for (const auto& p : scored.scores)
        rows.number(p[i]);
    reasons.write(rows, i);
    rows.end_row();
}

void write_example(RowsOut& rows, const Event& event, const score::ScoredExamples& scored, std::size_t i,
                   const ReasonColumns& reasons) {
    rows.text(base::format_time(scored.keys[i].time));
    rows.text(event.user);
    rows.text(event.item);
    rows.number(static_cast<int>(scored.keys[i].known_user));
    rows.number(static_cast<int>(scored.keys[i].known_item));
    write_scores(rows, scored, i, reasons);
}

void score_examples(const ScoreCommand& command, const Bundle& bundle, DriftGate& drift,
                    ReasonColumns& reasons, Run& run) {
    const events::SideTables side = command.side.load(*bundle.log, command.log, run);
    HistoryStart start = history_start(bundle, command.history, run);
    const ingest::ReadResult read = read_for_model(bundle, command.log, side, start, run);
    const score::Scorer scorer(bundle, run.kernels(), &side);
    const dataset::BuildOptions build = build_options(*bundle.log, side, run);
    RowsOut rows(command.output, run.out);
    write_header(rows, {"event_time", "user_id", "item_id", "known_user", "known_item"}, bundle, reasons);
    if (command.candidates.empty()) {
        const dataset::ExampleList examples =
            examples_for_model(bundle, read.log, start, command.history, command.log, run);
        if (examples.already_observed > 0) {
            run.console.note(base::counted(examples.already_observed, "row") +
                             " not after the last time that is known: not scored");
        }
        const score::ScoredExamples scored =
            score::score_log(read.log, start.history, examples, scorer, build, nullptr,
                             drift.begin(bundle, run), reasons.observer());
        reasons.finish();
        if (scored.size() == 0 && examples.already_observed == 0 && command.history.score_from.empty() &&
            command.log.from.empty() && command.log.period.empty())
            run.console.warn("nothing_scored",
                             "no row of the log is an example that this model scores: nothing is scored");
        for (std::size_t i = 0; i < scored.size(); ++i) {
            write_example(rows, read.log.event(scored.keys[i].row), scored, i, reasons);
        }
        run.record.add_count("examples", scored.size());
    } else {
        const Candidates candidates =
            read_candidates(command.candidates, command.log, start.history, read.log, run);
        const score::ScoredExamples scored =
            score::score_candidates(read.log, start.history, candidates.events, scorer, reasons.observer());
        reasons.finish();
        for (std::size_t i = 0; i < scored.size(); ++i)
            write_example(rows, candidates.events[i], scored, i, reasons);
    }
    run.record.add_output(command.output);
    rows.finish();
    keep_state(command.history, start, read.log, run);
}

/// The columns of --keep. No two columns of the output may share a name.
std::vector<std::string> kept_names(const ScoreCommand& command, const Bundle& bundle) {
    std::vector<std::string> names = list_option(command.table.keep), taken;
    for (const model::Head& head : bundle.heads)
        taken.push_back("p_" + head.name);
    for (std::size_t i = 1; i <= command.reasons.count.value_or(0); ++i)
        taken.push_back("reason_" + std::to_string(i));
    for (const std::string& name : names) {
        if (std::ranges::find(taken, name) != taken.end())
            usage_error("--keep: expected columns that score does not write itself, got \"" + name +
                        "\"; rename the column in the table");
        if (std::ranges::count(names, name) > 1)
            usage_error("--keep: expected each column once, got \"" + name + "\" twice");
    }
    return names;
}

std::vector<const ingest::TableTextColumn*> kept_columns(const ingest::Table& table,
                                                         const std::vector<std::string>& names) {
    std::vector<const ingest::TableTextColumn*> kept;
    for (const std::string& name : names) {
        kept.push_back(table.column(name));
        if (kept.back() == nullptr)
            throw Error(ErrorCode::schema, "--keep: expected a column of the table, got \"" + name + "\"");
    }
    return kept;
}

void score_rows(const ScoreCommand& command, const Bundle& bundle, DriftGate& drift, ReasonColumns& reasons,
                Run& run) {
    const std::vector<std::string> names = kept_names(command, bundle);
    const LabelledTable rows = read_for_model(bundle, command.table, command.log, false, run);
    const std::vector<const ingest::TableTextColumn*> kept = kept_columns(rows.table, names);
    const score::ScoredExamples scored = score::score_table(bundle, rows.data, run.kernels());
    (void)drift.begin(bundle, run);
    drift.add_table(rows.data, scored);
    reasons.add_table(rows.data);
    RowsOut out(command.output, run.out);
    for (const auto* column : kept)
        out.text(column->name);
    write_header(out, {}, bundle, reasons);
    for (std::size_t i = 0; i < scored.size(); ++i) {
        for (const auto* column : kept) {
            const std::uint32_t code = column->code[i];
            out.text(code == base::kNone ? std::string_view{} : column->values.text(code));
        }
        write_scores(out, scored, i, reasons);
    }
    run.record.add_output(command.output);
    run.record.add_count("examples", scored.size());
    out.finish();
}

void run_score(const ScoreCommand& command, Run& run) {
    command.drift.check(command.candidates.empty());
    command.reasons.check();
    command.history.check(command.log);
    std::vector<std::string> inputs = command.log.inputs();
    inputs.push_back(command.model);
    if (!command.candidates.empty()) inputs.push_back(command.candidates);
    for (const std::string& path : command.side.paths())
        inputs.push_back(path);
    claim_outputs({command.output, command.history.save_state, command.log.rejects, run.options.manifest},
                  inputs);
    const Bundle bundle = load_model(command.model, run);
    DriftGate drift(command.drift);
    ReasonColumns reasons(command.reasons, bundle, run);
    if (bundle.log) {
        command.table.refuse_for_log();
        score_examples(command, bundle, drift, reasons, run);
    } else {
        if (!command.candidates.empty())
            usage_error("--candidates: it goes with a model of a log, got one of a table; leave it out");
        score_rows(command, bundle, drift, reasons, run);
    }
    drift.note(bundle, run);
    drift.judge();
}

}  // namespace

void add_score(CLI::App& app, Session& session) {
    const auto [sub, command] =
        add_command(app, session, "score", "One row of probabilities per example", run_score);
    command->log.add_to(*sub);
    command->history.add_to(*sub);
    command->drift.add_to(*sub);
    command->reasons.add_to(*sub);
    command->side.add_to(*sub);
    sub->add_option("-m,--model", command->model, "The model file")->required();
    sub->add_option("-o,--output", command->output, "CSV file (.gz by name); default: standard output");
    sub->add_option(
        "--candidates", command->candidates,
        "Score these pairs instead, LOG being the history: user_id,item_id[,event_time,list,position]");
    sub->add_option("--keep", command->table.keep, "Tables: columns to pass through, COL,...");
    command->table.add_reading_to(*sub);
}

}  // namespace funnel::tool
