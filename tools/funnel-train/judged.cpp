// SPDX-License-Identifier: MIT
#include "judged.hpp"

#include "funnel/score/score_log.hpp"

namespace funnel::tool {
namespace {

Judged judge_log(const Bundle& bundle, const JudgeOptions& options, bool hide_place, DriftGate* drift,
                 Session& session) {
    const events::SideTables side =
        options.side.load(*bundle.log, options.log, options.general, session.console);
    const ingest::ReadResult read =
        read_for_model(bundle, options.log, side, options.general, session.console);
    history::History history = starting_history(bundle, options.history);
    const dataset::ExampleList examples =
        examples_for_model(bundle, read.log, history, options.history, options.log, options.general);
    const score::Scorer scorer(bundle, chosen_kernels(options.general), &side);
    const dataset::BuildOptions build = build_options(*bundle.log, side, session.console);
    Judged judged{.examples = {}, .place_hidden = {}, .already_observed = examples.already_observed};
    const bool has_place =
        read.log.text_column("list") != nullptr || read.log.number_column("position") != nullptr;
    if (hide_place && has_place) judged.place_hidden.emplace();
    judged.examples = score::score_log(read.log, history, examples, scorer, build,
                                       judged.place_hidden ? &*judged.place_hidden : nullptr,
                                       drift == nullptr ? nullptr : drift->begin(bundle, options.general));
    save_state(options.history, history, options.general);
    return judged;
}

Judged judge_table(const Bundle& bundle, const JudgeOptions& options, DriftGate* drift, Session& session) {
    const LabelledTable rows =
        read_for_model(bundle, options.table, options.log, options.general, true, session.console);
    Judged judged{.examples = score_table(bundle, rows.data, !options.table.group.empty(),
                                          chosen_kernels(options.general)),
                  .place_hidden = {}};
    if (drift != nullptr) {
        (void)drift->begin(bundle, options.general);
        drift->add_table(rows.data, judged.examples);
    }
    return judged;
}

}  // namespace

void JudgeOptions::add_to(CLI::App& command, bool log_required) {
    general.add_to(command);
    log.add_to(command, log_required);
    table.add_to(command);
    history.add_to(command);
    side.add_to(command);
}

std::vector<std::string> JudgeOptions::inputs() const {
    std::vector<std::string> all = log.paths;
    for (std::string& path : side.paths())
        all.push_back(std::move(path));
    return all;
}

Judged judge(const Bundle& bundle, const JudgeOptions& options, bool hide_place, DriftGate* drift,
             Session& session) {
    if (bundle.log) options.table.refuse_for_log();
    Judged judged = bundle.log ? judge_log(bundle, options, hide_place, drift, session)
                               : judge_table(bundle, options, drift, session);
    options.general.record->add_count("examples", judged.examples.size());
    if (bundle.log) options.general.record->add_count("already_observed", judged.already_observed);
    return judged;
}

}  // namespace funnel::tool
