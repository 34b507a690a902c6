// SPDX-License-Identifier: MIT
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "commands.hpp"
#include "funnel/base/count_words.hpp"
#include "funnel/base/time.hpp"
#include "funnel/history/log_coder.hpp"
#include "funnel/score/recommend.hpp"
#include "list_options.hpp"
#include "log_model.hpp"
#include "outputs.hpp"
#include "reason_columns.hpp"
#include "rows_out.hpp"

namespace funnel::tool {
namespace {

struct RecommendCommand {
    LogOptions log;
    HistoryOptions history;
    SideOptions side;
    ListOptions lists;
    ReasonOptions reasons;  // of the target of the lists
    std::string model, output;
};

/// Wrong words end the run before the long work.
void check(const RecommendCommand& command, const Run& run) {
    command.history.check(command.log);
    if (!command.log.from.empty() || !command.log.to.empty() || !command.log.period.empty() ||
        !command.history.score_from.empty()) {
        usage_error(
            "recommend: expected --as-of, got an option of the period; all rows are history, and lists are "
            "of "
            "the time right after them");
    }
    command.lists.check();
    command.reasons.check();
    std::vector<std::string> inputs = command.log.inputs();
    inputs.push_back(command.model);
    for (const std::string& path : command.lists.paths())
        inputs.push_back(path);
    for (const std::string& path : command.side.paths())
        inputs.push_back(path);
    claim_outputs({command.output, command.history.save_state, command.log.rejects, run.options.manifest},
                  inputs);
}

/// Right after all that is known, or at --as-of.
std::int64_t time_of_lists(const RecommendCommand& command, const history::History& history) {
    const std::int64_t now = history.watermark() + 1;
    return command.log.as_of.empty()
               ? now
               : std::max(now, time_option("--as-of", command.log.as_of, command.log.tz));
}

/// Writes a row per user and place.
class ListsOut {
 public:
    ListsOut(const RecommendCommand& command, const std::string& target, ReasonColumns& reasons, Run& run)
        : sources_(command.lists.source_names()), reasons_(reasons), rows_(command.output, run.out) {
        for (const std::string& name : {std::string("user_id"), std::string("rank"), std::string("item_id"),
                                        "p_" + target, std::string("source"), std::string("known_user")})
            rows_.text(name);
        reasons_.write_header(rows_);
        rows_.end_row();
    }
    void add(const score::Recommendations& found) {
        ++users_;
        if (!found.known) ++unknown_;
        if (found.items.empty()) ++empty_;
        items_ += found.items.size();
        reasons_.explain(found.items.size(), found.numeric, found.categorical);
        for (std::size_t i = 0; i < found.items.size(); ++i) {
            rows_.text(found.user);
            rows_.number(i + 1);
            rows_.text(found.items[i].id);
            rows_.number(found.items[i].p);
            rows_.text(sources_[found.items[i].source]);
            rows_.number(static_cast<int>(found.known));
            reasons_.write(rows_, i);
            rows_.end_row();
        }
    }
    void finish(const RecommendCommand& command, Run& run) {
        run.record.add_output(command.output);
        run.record.add_count("users", users_);
        run.record.add_count("unknown_users", unknown_);
        run.record.add_count("recommendations", items_);
        if (empty_ > 0) {
            run.console.warn("empty_lists", base::format_count(empty_) + " of " +
                                                base::counted(users_, "user") +
                                                (empty_ == 1 ? " gets" : " get") +
                                                " no item: no source has one that is not excluded");
        }
        if (users_ == 0) {
            run.console.warn("empty_lists",
                             command.lists.users.empty()
                                 ? "nobody gets a list: the history knows no user"
                                 : "nobody gets a list: " + command.lists.users + " names no user");
        }
        rows_.finish();
    }

 private:
    std::vector<std::string> sources_;
    ReasonColumns& reasons_;
    RowsOut rows_;
    std::uint64_t users_ = 0, unknown_ = 0, empty_ = 0, items_ = 0;
};

void run_recommend(const RecommendCommand& command, Run& run) {
    check(command, run);
    const Bundle bundle = load_model(command.model, run);
    if (!bundle.log) usage_error("recommend: expected a model of a log, got one of a table");
    if (bundle.log->examples == events::ExampleMode::visit)
        usage_error(
            "recommend: expected a model of items, got one of visits, which has one probability for all of "
            "them; train with --examples first");
    const std::size_t target = head_named(command.lists.target, bundle);
    history::RetrieveOptions wanted = command.lists.retrieve_options(bundle.history->options().forget, run);
    const auto named = command.lists.named_users(run);
    ReasonColumns reasons({command.reasons.count, bundle.heads[target].name}, bundle, run);

    const events::SideTables side = command.side.load(*bundle.log, command.log, run);
    HistoryStart start = history_start(bundle, command.history, run);
    const ingest::ReadResult read = read_for_model(bundle, command.log, side, start, run);
    find_known_rows(read.log, start, command.history, run);
    history::observe_log(read.log, start.history);
    const std::int64_t now = time_of_lists(command, start.history);
    start.history.advance(now);
    if (wanted.exclude_bought && (start.history.options().kinds & events::kind_bit(EventKind::purchase)) == 0)
        run.console.warn(
            "no_purchases",
            "--exclude bought: the model counts no event of type purchase, so nothing is left out");

    const score::Scorer scorer(bundle, run.kernels(), &side);
    const history::Retriever retriever(start.history, now, std::move(wanted));
    const std::vector<std::string_view> users =
        named ? std::vector<std::string_view>(named->begin(), named->end()) : retriever.users();
    ListsOut out(command, bundle.heads[target].name, reasons, run);
    score::recommend(retriever, scorer, users,
                     {.target = target,
                      .top = command.lists.top,
                      .per_category = command.lists.per_category.value_or(0),
                      .keep_rows = command.reasons.count.has_value(),
                      .threads = run.threads(),
                      .further = &side},
                     [&](const score::Recommendations& found) { out.add(found); });
    out.finish(command, run);
    keep_state(command.history, start, read.log, run);
}

}  // namespace

void add_recommend(CLI::App& app, Session& session) {
    const auto [sub, command] = add_command(
        app, session, "recommend", "The best items for each user, with where each came from", run_recommend);
    command->log.add_to(*sub);
    command->history.add_to(*sub);
    command->side.add_to(*sub);
    for (const char* name : {"--from", "--to", "--period", "--score-from"})
        sub->get_option(name)->group("");  // refused with a word about --as-of
    sub->add_option("-m,--model", command->model, "The model file")->required();
    sub->add_option("-o,--output", command->output, "CSV file (.gz by name); default: standard output");
    command->lists.add_to(*sub);
    sub->add_option("--reasons", command->reasons.count,
                    "Beside each row the N inputs that moved its probability most, up or down (1 to 100)");
}

}  // namespace funnel::tool
