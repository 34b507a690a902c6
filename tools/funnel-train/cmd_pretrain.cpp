// SPDX-License-Identifier: MIT
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands.hpp"
#include "funnel/report/result_json.hpp"
#include "funnel/report/text_table.hpp"
#include "funnel/train/item_visits.hpp"
#include "log_model.hpp"
#include "outputs.hpp"
#include "rows_out.hpp"

namespace funnel::tool {
namespace {

struct PretrainCommand {
    LogOptions log;
    train::SkipGramOptions learning;
    std::string events, output;
    std::uint64_t min_count = 5;
};

/// --events, or every kind but impressions: what was shown says more of the shop than of its visitors. A log
/// of nothing else has its impressions.
events::KindSet kinds_of(const PretrainCommand& command, const EventLog& log) {
    events::KindSet kinds = 0;
    for (const std::string& name : list_option(command.events)) {
        const auto kind = events::parse_kind(name);
        if (!kind) usage_error("--events: expected event types such as view,cart_add, got \"" + name + "\"");
        kinds |= events::kind_bit(*kind);
    }
    if (kinds != 0) return kinds;
    const events::KindSet impression = events::kind_bit(events::EventKind::impression);
    for (std::size_t row = 0; row < log.size(); ++row) {
        if (log.item[row] != base::kNone) kinds |= events::kind_bit(log.kind[row]);
    }
    return (kinds & ~impression) != 0 ? kinds & ~impression : kinds;
}

void write_vectors(const std::string& path, const EventLog& log, const train::ItemVisits& visits,
                   const std::vector<float>& vectors, std::size_t dimensions, std::ostream& out) {
    RowsOut rows(path, out);
    rows.text("item_id");
    for (std::size_t d = 0; d < dimensions; ++d)
        rows.text("v" + std::to_string(d));
    rows.end_row();
    for (std::size_t i = 0; i < visits.items.size(); ++i) {
        rows.text(log.items.text(visits.items[i]));
        for (std::size_t d = 0; d < dimensions; ++d)
            rows.number(vectors[i * dimensions + d]);
        rows.end_row();
    }
    rows.finish();
}

void run_pretrain(const PretrainCommand& command, Run& run) {
    claim_outputs({command.output, command.log.rejects, run.options.manifest}, command.log.paths);
    ingest::ReadOptions reading = command.log.read_options(run);
    ingest::ReadResult read = ingest::read_log(command.log.paths, reading);
    tell_about_reading(read.report, command.log, run);
    EventLog& log = read.log;
    const events::Period asked = command.log.asked(log);
    if (asked.to) log.keep_before(*asked.to);
    const train::ItemVisits visits = train::item_visits(
        log, {.kinds = kinds_of(command, log), .min_count = command.min_count, .from = asked.from});
    if (visits.sequences.size() == 0) {
        throw Error(ErrorCode::schema,
                    "expected visits with two items of at least " + std::to_string(command.min_count) +
                        " events, got none; give more days, a smaller --min-count or other --events");
    }
    const std::vector<float> vectors =
        train::skip_gram(visits.sequences, visits.items.size(), command.learning);
    write_vectors(command.output, log, visits, vectors, command.learning.dimensions, run.out);
    run.record.add_output(command.output);
    const nlohmann::ordered_json json = {
        {"schema_version", report::kSchemaVersion},
        {"visits", visits.sequences.size()},
        {"events", visits.sequences.items.size()},
        {"items", visits.items.size()},
        {"dimensions", command.learning.dimensions},
        {"warnings", report::warnings_json<nlohmann::ordered_json>(run.console.warnings())}};
    if (run.options.json) {
        run.out << json.dump(2) << "\n";
        return;
    }
    const auto count = [](std::size_t n) { return report::format_count(static_cast<std::int64_t>(n)); };
    run.out << "Vectors of " << count(visits.items.size()) << " items from "
            << count(visits.sequences.items.size()) << " events in " << count(visits.sequences.size())
            << " visits\n";
}

}  // namespace

void add_pretrain(CLI::App& app, Session& session) {
    const auto [sub, command] =
        add_command(app, session, "pretrain", "Vectors of items from visits without labels", run_pretrain);
    command->log.add_to(*sub);
    train::SkipGramOptions& learning = command->learning;
    sub->add_option("-o,--output", command->output, "CSV with item_id and the numbers, for --vectors")
        ->required();
    sub->add_option("--dimensions", learning.dimensions, "Numbers per item")->check(CLI::Range(1, 1024));
    sub->add_option("--window", learning.window, "Neighbours on each side, at most")
        ->check(CLI::Range(1, 100));
    sub->add_option("--negatives", learning.negatives, "Drawn items per neighbour")
        ->check(CLI::Range(1, 100));
    sub->add_option("--epochs", learning.epochs, "Passes over the visits")->check(CLI::Range(1, 10000));
    sub->add_option("--learning-rate", learning.learning_rate, "At first; it falls to a hundredth")
        ->check(CLI::Range(1e-6, 10.0));
    sub->add_option("--min-count", command->min_count, "Events that an item needs")->check(whole_number());
    sub->add_option("--events", command->events,
                    "Event types that make a visit, view,cart_add,... (default: all but impressions)");
    sub->add_option("--seed", learning.seed, "Of starts, draws and negatives")->check(whole_number());
}

}  // namespace funnel::tool
