// SPDX-License-Identifier: MIT
#include "history_start.hpp"

#include <algorithm>
#include <limits>

#include "funnel/base/count_words.hpp"
#include "funnel/base/time.hpp"
#include "funnel/persist/model_file.hpp"

namespace funnel::tool {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();

/// To the program a state that does not fit is a bad file, not a bad log.
history::History load_fitting(const std::string& path, const Bundle& bundle, events::RecentRows& recent,
                              files::FileDigest& digest) {
    try {
        return persist::load_matching_state(path, bundle, persist::kDefaultSizeLimit, &recent, &digest);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::schema) throw;
        throw Error(ErrorCode::format, error.what());
    }
}

HistoryStart load_matching_state(const Bundle& bundle, const HistoryOptions& options, Run& run) {
    files::FileDigest digest;
    events::RecentRows recent;
    history::History state = load_fitting(options.state, bundle, recent, digest);
    run.record.add_input(std::move(digest));
    const std::int64_t model = bundle.history->watermark(), watermark = state.watermark();
    if (watermark < model && !options.allow_older_state) {
        throw Error(ErrorCode::schema,
                    options.state + ": expected a state as new as the history inside the model, " +
                        base::format_time(model) + ", got one of " +
                        (watermark == kNever ? "no event" : base::format_time(watermark)) +
                        "; leave --state out to go on from the model, or say --allow-older-state");
    }
    return {std::move(state), std::move(recent), watermark};
}

/// The first time of the log after the watermark and the longest gap behind it.
struct Gaps {
    std::uint64_t before = 0, usual = 0;
    std::int64_t first = 0;
};

Gaps gaps_of(const EventLog& log, std::int64_t watermark) {
    std::vector<std::int64_t> times;
    std::ranges::copy_if(log.time, std::back_inserter(times),
                         [&](std::int64_t time) { return time > watermark; });
    if (times.empty()) return {};
    std::ranges::sort(times);
    Gaps gaps{.before = static_cast<std::uint64_t>(times.front()) - static_cast<std::uint64_t>(watermark),
              .first = times.front()};
    for (std::size_t i = 1; i < times.size(); ++i) {
        gaps.usual = std::max(
            gaps.usual, static_cast<std::uint64_t>(times[i]) - static_cast<std::uint64_t>(times[i - 1]));
    }
    return gaps;
}

void warn_about_gap(const EventLog& log, const HistoryStart& start, Run& run) {
    if (start.watermark == kNever) return;
    const Gaps gaps = gaps_of(log, start.watermark);
    const std::uint64_t usual = std::max(gaps.usual, static_cast<std::uint64_t>(start.history.longest_gap()));
    if (gaps.before <= static_cast<std::uint64_t>(base::kDay) || gaps.before / 3 <= usual) return;
    run.console.warn(
        "gap_before_first_row",
        "the first new row, " + base::format_time(gaps.first) + ", comes " +
            base::format_duration(static_cast<std::int64_t>(gaps.before / base::kHour) * base::kHour) +
            " after the last one that is known; is a day missing?");
}

}  // namespace

void HistoryOptions::add_to(CLI::App& command) {
    command
        .add_option("--history", history, "model: go on from the model's history; none: start from LOG alone")
        ->check(CLI::IsMember({"model", "none"}));
    command.add_option("--state", state, "Go on from this state instead of the model's");
    command.add_flag("--allow-older-state", allow_older_state,
                     "Also from a state that is older than the history inside the model");
    command.add_option("--save-state", save_state, "Write the history as it is after LOG, for the next run");
    command.add_option("--late-memory", late_memory,
                       "How long a state remembers its rows, to tell late ones from known ones");
    command.add_option("--max-late", max_late, "More late rows than this are a warning, P%");
    command.add_option("--score-from", score_from,
                       "Rows before this time are history only (ISO 8601); the same as --from");
}

void HistoryOptions::check(const LogOptions& log) const {
    if (duration_option("--late-memory", late_memory) > 3650 * base::kDay)
        usage_error("--late-memory: expected at most 3650d, got \"" + late_memory + "\"");
    (void)percent_option("--max-late", max_late);
    if (!state.empty() && history == "none")
        usage_error("--state and --history none exclude each other; give one");
    if (!save_state.empty() && !(log.to.empty() && log.period.empty())) {
        usage_error(std::string(log.to.empty() ? "--period" : "--to") +
                    " and --save-state: rows after the period would be in the state and never scored; use "
                    "--as-of for the log as it was known then");
    }
    if (!score_from.empty() && !(log.from.empty() || log.from == score_from))
        usage_error("--from and --score-from are two names of one option; give one");
}

events::Period HistoryOptions::asked(const LogOptions& log, const EventLog& rows) const {
    events::Period asked = log.asked(rows);
    if (!score_from.empty()) asked.from = time_option("--score-from", score_from, log.tz);
    return asked;
}

HistoryStart history_start(const Bundle& bundle, const HistoryOptions& options, Run& run) {
    if (!options.state.empty()) return load_matching_state(bundle, options, run);
    if (options.history == "none") return {history::History(bundle.history->options()), {}, kNever};
    return {*bundle.history, bundle.recent, bundle.history->watermark()};
}

void find_known_rows(const EventLog& log, HistoryStart& start, const HistoryOptions& options, Run& run) {
    if (start.watermark != kNever) start.known = start.recent.count_late(log, start.watermark);
    const events::LateRows& known = start.known;
    run.record.add_count("already_observed", known.already_observed);
    run.record.add_count("late", known.late);
    run.record.add_count("late_or_observed", known.late_or_observed);
    if (known.late > 0) {
        const std::string text = base::format_count(known.late) + " of " + base::counted(log.size(), "row") +
                                 (known.late == 1 ? " is" : " are") + " late: never seen, and before " +
                                 base::format_time(start.watermark) +
                                 ", the last time that is known; not counted anywhere";
        const double most = percent_option("--max-late", options.max_late);
        if (static_cast<double>(known.late) > most * static_cast<double>(log.size()))
            run.console.warn("late_rows", text + "; deliver the log later, or train on the whole of it");
        else
            run.console.note(text);
    }
    warn_about_gap(log, start, run);
}

void keep_state(const HistoryOptions& options, HistoryStart& start, const EventLog& log, Run& run) {
    const auto time_of = [](std::int64_t watermark) {
        return watermark == kNever ? std::nullopt : std::optional(watermark);
    };
    run.record.add_watermarks(time_of(start.watermark), time_of(start.history.watermark()));
    if (options.save_state.empty()) return;
    start.recent.observe(log, start.watermark, duration_option("--late-memory", options.late_memory));
    run.record.keep_state(options.save_state, persist::state_bytes(start.history, start.recent));
}

}  // namespace funnel::tool
