// SPDX-License-Identifier: MIT
#include "judged.hpp"

#include <algorithm>

#include "funnel/base/hash.hpp"
#include "funnel/ingest/time_zone.hpp"
#include "funnel/score/judge_lists.hpp"
#include "funnel/score/score_log.hpp"
#include "funnel/score/score_table.hpp"

namespace funnel::tool {
namespace {

/// The columns of a log that --by names; those of tables beside it are added after reading.
std::vector<std::string> columns_by(const JudgeOptions& options, const SideColumns& beside, bool of_tables) {
    std::vector<std::string> names;
    for (const std::string& by : options.by) {
        for (const std::string& name : metrics::columns_of_by(by)) {
            if (!metrics::is_time_key(name) && name != "item" && beside.contains(name) == of_tables)
                names.push_back(name);
        }
    }
    return names;
}

std::vector<events::OffsetChange> zone_of(const JudgeOptions& options, const EventLog& log) {
    if (log.empty()) return {};
    return options.log.offsets(*std::ranges::min_element(log.time), log.last_time());
}

/// Keeps rows of whole users of a log, by the clusters of score_log.
dataset::RawRowObserver keep_rows(explain::RowSample& sample, const EventLog& log,
                                  const dataset::ExampleList& examples) {
    return [&](std::size_t example, std::span<const float> numeric,
               std::span<const std::string_view> categorical) {
        const std::uint32_t user = log.user[examples.rows[example]];
        if (sample.wants(base::hash_bytes(log.users.text(user)))) sample.add(example, numeric, categorical);
    };
}

void keep_rows(explain::RowSample& sample, const encoding::Dataset& data,
               const score::ScoredExamples& scored) {
    std::vector<std::string_view> texts(data.categorical_features.size());
    for (std::size_t i = 0; i < data.size(); ++i) {
        if (!sample.wants(scored.clusters.empty() ? i : scored.clusters[i])) continue;
        data.copy_texts(i, texts);
        sample.add(i, data.numeric_row(i), texts);
    }
}

/// Every impression is a row of a list, also where an item was shown before: more than the model's examples.
score::ListEvaluation judge_lists(const Bundle& bundle, const JudgeOptions& options, const EventLog& log,
                                  const HistoryStart& start, const score::Scorer& scorer,
                                  const dataset::BuildOptions& build, Run& run) {
    const Funnel& funnel = bundle.log->funnel;
    if ((funnel.stages.front().kinds & events::kind_bit(EventKind::impression)) == 0)
        return {.reason = "no_impressions"};
    dataset::ExampleOptions every = example_options(bundle, log, start, options.history, options.log, run);
    every.mode = events::ExampleMode::every;
    history::History history = start.history;
    const dataset::ExampleList rows = dataset::build_examples(log, funnel, every, &history);
    score::ScoredExamples hidden;
    (void)score::score_log(log, history, rows, scorer, build, &hidden);
    return score::judge_lists(log, hidden, funnel, score::ListEvaluation().k, run.threads());
}

Judged judge_log(const Bundle& bundle, const JudgeOptions& options, bool hide_place, DriftGate* drift,
                 Run& run) {
    const events::SideTables side = options.side.load(*bundle.log, options.log, run);
    HistoryStart start = history_start(bundle, options.history, run);
    const SideColumns beside = options.by.empty() ? SideColumns{} : options.side.columns(options.log, run);
    std::vector<std::string> if_there = columns_by(options, beside, true);
    if (options.lists) if_there.emplace_back("list");
    ingest::ReadResult read = read_for_model(bundle, options.log, side, start, run,
                                             columns_by(options, beside, false), if_there, options.lists);
    if (!columns_by(options, beside, true).empty()) {
        options.side.add_columns(read.log, read.schema, columns_by(options, beside, true), options.log, run);
    }
    const dataset::ExampleList examples =
        examples_for_model(bundle, read.log, start, options.history, options.log, run);
    const score::Scorer scorer(bundle, run.kernels(), &side);
    const dataset::BuildOptions build = build_options(*bundle.log, side, run);
    Judged judged{.examples = {},
                  .place_hidden = {},
                  .known = start.known,
                  .in_sample = learned_from(bundle, read.log, examples, options.allow_training_rows, run)};
    const bool has_place =
        read.log.text_column("list") != nullptr || read.log.number_column("position") != nullptr;
    if (hide_place && has_place) judged.place_hidden.emplace();
    if (options.importance) judged.sample.emplace(bundle.encoder, examples.size());
    if (options.lists) judged.lists = judge_lists(bundle, options, read.log, start, scorer, build, run);
    judged.examples = score::score_log(
        read.log, start.history, examples, scorer, build,
        judged.place_hidden ? &*judged.place_hidden : nullptr,
        drift == nullptr ? nullptr : drift->begin(bundle, run),
        judged.sample ? keep_rows(*judged.sample, read.log, examples) : dataset::RawRowObserver{});
    for (const std::string& by : options.by)
        judged.by.push_back(
            score::keys_of_examples(judged.examples, read.log, by, zone_of(options, read.log)));
    keep_state(options.history, start, read.log, run);
    return judged;
}

/// A table has no times: the model knows its training by the bytes of the files.
bool learned_from(const Bundle& bundle, const JudgeOptions& options, Run& run) {
    for (const files::FileDigest& file : run.record.inputs()) {
        if (std::ranges::find(bundle.learned_from, file.xxh128) == bundle.learned_from.end()) continue;
        if (!options.allow_training_rows) {
            throw Error(ErrorCode::schema,
                        file.path +
                            ": expected rows that the model has not seen, got a file that it was trained on; "
                            "give another, or judge it all the same with --allow-training-rows");
        }
        run.console.warn("in_sample",
                         file.path +
                             ": the model was trained on this file: the figures are better than they "
                             "will be on new rows");
        return true;
    }
    return false;
}

Judged judge_table(const Bundle& bundle, const JudgeOptions& options, DriftGate* drift, Run& run) {
    const LabelledTable rows = read_for_model(bundle, options.table, options.log, true, run);
    Judged judged{
        .examples = score::score_table(bundle, rows.data, run.kernels(), !options.table.group.empty()),
        .place_hidden = {},
        .known = {},
        .in_sample = learned_from(bundle, options, run)};
    for (const std::string& by : options.by)
        judged.by.push_back(score::keys_of_rows(columns_of(rows.table), by));
    if (options.importance) {
        judged.sample.emplace(bundle.encoder, rows.data.size());
        keep_rows(*judged.sample, rows.data, judged.examples);
    }
    if (drift != nullptr) {
        (void)drift->begin(bundle, run);
        drift->add_table(rows.data, judged.examples);
    }
    return judged;
}

}  // namespace

void JudgeOptions::add_to(CLI::App& command, bool log_required) {
    log.add_to(command, log_required);
    table.add_to(command);
    table.add_reading_to(command);
    history.add_to(command);
    side.add_to(command);
    command.add_flag("--allow-training-rows", allow_training_rows,
                     "Judge also rows that the model learned from; no gate passes then");
}

std::vector<std::string> JudgeOptions::inputs() const {
    std::vector<std::string> all = log.inputs();
    for (std::string& path : side.paths())
        all.push_back(std::move(path));
    return all;
}

Judged judge(const Bundle& bundle, const JudgeOptions& options, bool hide_place, DriftGate* drift, Run& run) {
    options.history.check(options.log);
    if (bundle.log) options.table.refuse_for_log();
    Judged judged = bundle.log ? judge_log(bundle, options, hide_place, drift, run)
                               : judge_table(bundle, options, drift, run);
    run.record.add_count("examples", judged.examples.size());
    return judged;
}

}  // namespace funnel::tool
