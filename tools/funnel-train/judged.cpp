// SPDX-License-Identifier: MIT
#include "judged.hpp"

#include "funnel/persist/model_file.hpp"
#include "funnel/score/score_log.hpp"

namespace funnel::tool {
namespace {

Judged judge_log(const Bundle& bundle, const LogOptions& log, const HistoryOptions& history_options,
                 const GeneralOptions& general, Session& session) {
    const ingest::ReadResult read = read_for_model(*bundle.log, log, general, session.console);
    features::History history = starting_history(bundle, history_options);
    const features::ExampleList examples =
        examples_for_model(bundle, read.log, history, history_options, log, general);
    const score::Scorer scorer(bundle, chosen_kernels(general));
    features::BuildOptions build{.text_inputs = bundle.log->text_inputs,
                                 .number_inputs = bundle.log->number_inputs,
                                 .progress = session.console.progress()};
    Judged judged{score::score_log(read.log, history, examples, scorer, build), examples.already_observed};
    if (!history_options.save_state.empty()) persist::save_state(history_options.save_state, history);
    return judged;
}

}  // namespace

Judged judge(const Bundle& bundle, const LogOptions& log, const TableOptions& table,
             const HistoryOptions& history, const GeneralOptions& general, Session& session) {
    if (bundle.log) return judge_log(bundle, log, history, general, session);
    const LabelledTable rows = read_for_model(bundle, table, log, general, true, session.console);
    return {score_table(bundle, rows.data, !table.group.empty(), chosen_kernels(general)), 0};
}

}  // namespace funnel::tool
