// SPDX-License-Identifier: MIT
// TallyPlan and UserView: what all counters of one measurement share, and the user they are looking at.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "funnel/events/event_log.hpp"
#include "funnel/events/horizon.hpp"
#include "funnel/metrics/detail/funnel/funnel_reach.hpp"
#include "funnel/metrics/detail/tally/tally.hpp"
#include "funnel/metrics/detail/tally/user_rows.hpp"
#include "funnel/metrics/metrics_options.hpp"

namespace funnel::metrics {

/// Borrows the log and the options: they must outlive it. Immutable while users are counted: share freely.
struct TallyPlan {
    const EventLog& log;
    const MetricsOptions& options;
    LogFacts facts;
    StageSets sets;
    std::int64_t last_time = 0;          ///< T: the latest time
    std::vector<std::int64_t> horizons;  ///< per stage after the first
    std::size_t keys = 1;                ///< segments x groups
    std::size_t groups = 1;              ///< kUserGroups neighbouring keys are one segment, for intervals
    std::size_t counted_keys =
        std::numeric_limits<std::size_t>::max();  ///< keys from here on are context: rows that options.where
                                                  ///< leaves out have the key of a row that fits +
                                                  ///< counted_keys
    bool one_key_per_user = true;                 ///< all rows of a user that count have the same key
    bool orders_are_whole = true;  ///< an order is in the key of its first row with all its lines; else
                                   ///< it is in every key of a line, with the lines of that key
    std::span<const std::uint16_t> key_of_line = {};                    ///< see SegmentKeys
    std::int64_t warm_time = std::numeric_limits<std::int64_t>::min();  ///< end of the warm-up
    std::size_t click_stage = 0;  ///< the first stage after stage 0 that holds the click; 0: none
    std::int64_t first_counted = std::numeric_limits<std::int64_t>::min();  ///< units that begin from here
    std::int64_t last_counted = std::numeric_limits<std::int64_t>::max();   ///< ... to here count

    /// Throws Error(invalid_argument) for options out of range.
    TallyPlan(const EventLog& the_log, const MetricsOptions& the_options, const LogFacts& the_facts);

    /// The first entry of an entity, and when it came to the last stage.
    void add_first_entry(Tally& tally, std::int64_t start, std::optional<std::int64_t> end) const {
        const auto span = [&](std::int64_t to) {  // beyond any window is far enough
            return static_cast<std::int64_t>(std::min<std::uint64_t>(
                events::elapsed(start, to), std::numeric_limits<std::int64_t>::max()));
        };
        std::optional<std::int64_t> arrival;
        if (end && *end <= last_time) arrival = span(*end);
        tally.first_entries.add(span(last_time), options.window, arrival);
    }
    /// The key in which an order that begins with `first` counts a line. Whatever the order begins with, only
    /// lines that fit options.where count.
    [[nodiscard]] std::uint16_t order_key(const UserRow& first, const UserRow& line) const noexcept {
        const std::size_t context = line.key / counted_keys * counted_keys;
        if (orders_are_whole) return static_cast<std::uint16_t>(first.key % counted_keys + context);
        if (key_of_line.empty() || line.line == kNoLine) return line.key;
        return static_cast<std::uint16_t>(key_of_line[line.line] * groups + line.key % groups + context);
    }
    /// The key of a user with one key per user.
    [[nodiscard]] std::uint16_t user_key(const UserRow& row) const noexcept {
        return static_cast<std::uint16_t>(row.key % counted_keys);
    }
    [[nodiscard]] bool warm(std::int64_t time) const noexcept { return time >= warm_time; }
    /// Whether a window of `span` that opened at `time` is over.
    [[nodiscard]] bool mature(std::int64_t time, std::int64_t span) const noexcept {
        return events::mature(time, span, last_time);
    }
};

/// The user at hand, and where its counts go: a unit counts in the segment of the row it begins with, if that
/// row is in the period and fits the condition. Other rows are context.
struct UserView {
    std::span<const UserRow> rows;  ///< all of the user, sorted by (time, kind, key)
    std::span<Tally> tallies;       ///< per key
    std::int64_t first_counted = std::numeric_limits<std::int64_t>::min();
    std::int64_t last_counted = std::numeric_limits<std::int64_t>::max();
    std::size_t counted_keys = std::numeric_limits<std::size_t>::max();

    [[nodiscard]] bool in_period(std::size_t position) const noexcept {
        return rows[position].time >= first_counted && rows[position].time <= last_counted;
    }
    /// Whether a unit that begins with this row counts.
    [[nodiscard]] bool counts(std::size_t position) const noexcept {
        return in_period(position) && rows[position].key < counted_keys;
    }

    [[nodiscard]] Tally& at(std::size_t position) const noexcept { return tallies[rows[position].key]; }
    void mark(Count what, std::size_t position) const noexcept { ++at(position)[what]; }
};

inline TallyPlan::TallyPlan(const EventLog& the_log, const MetricsOptions& the_options,
                            const LogFacts& the_facts)
    : log(the_log), options(the_options), facts(the_facts), sets(the_options.funnel) {
    const auto refuse = [](const std::string& what) {
        throw Error(ErrorCode::invalid_argument, "metrics: expected " + what);
    };
    if (sets.stages() < 1 || sets.stages() > kMaxStages) refuse("a funnel of 1 to 32 stages");
    if (const auto wrong = complaint(options.rules, options.funnel); !wrong.empty())
        refuse(std::string(wrong));
    if (options.semantics == Semantics::clickhouse &&
        (!options.rules.plain() || options.timing || !options.by.empty() || options.where ||
         options.entity == Entity::exposure))
        refuse("ClickHouse semantics for a plain funnel without --by, --where, --timing and exposures");
    if (options.entity == Entity::exposure && !options.rules.plain())
        refuse("the plain funnel for exposures, which have rules of their own");
    if (options.rules.hold == Hold::category && log.text_column("category") == nullptr)
        refuse("a log with categories to hold them");
    if (options.window < 0) refuse("a window of 0 or more");
    if (options.visit_gap <= 0) refuse("a visit gap above 0");
    if (options.from && options.to && *options.to < *options.from) refuse("from <= to; exchange them");
    horizons = options.horizons.empty() ? events::default_horizons(options.funnel) : options.horizons;
    if (horizons.size() + 1 != sets.stages()) refuse("one horizon per stage after the first");
    if (std::ranges::any_of(horizons, [](std::int64_t h) { return h < 0; })) refuse("horizons of 0 or more");
    if (log.order_lines.size() >= kNoLine) refuse("at most 4294967294 order lines");
    if (options.warmup < 0) refuse("a warm-up of 0 or more");
    if (std::ranges::any_of(options.repeat_within, [](std::int64_t span) { return span < 0; }) ||
        std::ranges::any_of(options.retention, [](std::int64_t day) { return day < 0; })) {
        refuse("spans and days of 0 or more");
    }
    if (options.warmup > 0 && facts.first_time < std::numeric_limits<std::int64_t>::max() - options.warmup) {
        warm_time = facts.first_time + options.warmup;
    }
    for (std::size_t k = sets.stages(); k-- > 1;) {
        if ((options.funnel.stages[k].kinds & events::kind_bit(facts.click())) != 0) click_stage = k;
    }
    last_time = facts.last_time;
    if (options.from) first_counted = *options.from;
    if (options.to && *options.to > std::numeric_limits<std::int64_t>::min()) {
        last_counted = *options.to - 1;
    } else if (options.to) {  // nothing is before the first moment
        first_counted = std::numeric_limits<std::int64_t>::max();
    }
}

}  // namespace funnel::metrics
