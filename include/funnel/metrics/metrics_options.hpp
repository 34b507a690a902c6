// SPDX-License-Identifier: MIT
// MetricsOptions and LogFacts: what to count, and what must be known of the whole log first.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/bytes.hpp"
#include "funnel/base/hash.hpp"
#include "funnel/base/time.hpp"
#include "funnel/events/event_log.hpp"
#include "funnel/events/funnel_stages.hpp"
#include "funnel/events/money.hpp"
#include "funnel/events/row_condition.hpp"
#include "funnel/events/timeline.hpp"
#include "funnel/events/visit.hpp"
#include "funnel/metrics/detail/funnel/funnel_rules.hpp"

namespace funnel::metrics {

/// Whose way through the funnel is counted.
enum class Entity : std::uint8_t {
    user,
    session,    ///< one visit of a user
    user_item,  ///< one user and one item
    exposure    ///< the first event of stage 0 of a user and item in a visit: what models are trained on
};

/// Whose rules decide how far an entity came.
enum class Semantics : std::uint8_t { funnel, clickhouse };

/// "user", "session", "user-item" or "exposure".
[[nodiscard]] constexpr std::string_view entity_name(Entity entity) noexcept {
    constexpr std::string_view kNames[] = {"user", "session", "user-item", "exposure"};
    return kNames[static_cast<std::size_t>(entity)];
}

/// The entity of that name, or empty.
[[nodiscard]] constexpr std::optional<Entity> parse_entity(std::string_view name) noexcept {
    for (const Entity entity : {Entity::user, Entity::session, Entity::user_item, Entity::exposure}) {
        if (entity_name(entity) == name) return entity;
    }
    return std::nullopt;
}

/// Which row a purchase takes a value from where its own row says nothing of a column: none, the first of its
/// visit, the first of its user, the last before it. Of rows with a value.
enum class Touch : std::uint8_t { event, visit, first, last };

struct TouchRule {
    Touch how = Touch::visit;
    std::optional<std::int64_t> within = {};  ///< microseconds, inclusive: of last, how long before at most
    bool asked = false;  ///< else only columns of which no purchase has a value of its own take one
};

/// "event", "visit", "first", "last" or "last:30d", or empty.
[[nodiscard]] std::optional<TouchRule> parse_touch(std::string_view text);
/// That text again.
[[nodiscard]] std::string touch_text(const TouchRule& rule);

using events::OffsetChange;

struct MetricsOptions {
    Funnel funnel = {};                      ///< required: one stage or more
    std::vector<std::string> left_out = {};  ///< stages of the default funnel without events; shown only
    std::int64_t window = 7 * base::kDay;    ///< microseconds, inclusive
    Entity entity = Entity::user;
    FunnelRules rules = {};
    Semantics semantics = Semantics::funnel;
    bool differences = false;                 ///< of every segment to the whole log
    bool timing = false;                      ///< time to convert and value of every step
    std::vector<std::int64_t> horizons = {};  ///< per stage after the first, entity exposure; empty: default
    std::optional<std::int64_t> from = {}, to = {};  ///< [from, to): what begins there counts; T stays
    std::optional<events::RowCondition> where = {};  ///< units that begin with a row that fits count
    std::vector<std::string> by =
        {};                ///< day, week, month, hour, item, a text column of the log, or several: "A,B"
    TouchRule touch = {};  ///< of the columns of `where` and `by`
    std::vector<std::string> item_columns = {};  ///< columns that belong to items, which take no touch
    std::vector<OffsetChange> zone = {};         ///< ascending; what cuts days; empty: UTC
    std::int64_t visit_gap = events::kVisitGap;
    std::int64_t warmup =
        0;  ///< first orders and carts of the first `warmup` of the log are known, not counted
    std::vector<std::int64_t> repeat_within = {30 * base::kDay};  ///< repeat_purchase_within, microseconds
    std::vector<std::int64_t> retention = {};  ///< days N of retention_d and retention_unbounded
    bool rolling_days = false;  ///< days of retention are 24 hours from the first event, not calendar days
    std::int64_t bot_events_per_minute =
        0;                        ///< users with more are bots, and rates without them stand beside; 0: off
    std::string bot_column = {};  ///< so are users with a row whose text in this column ...
    std::vector<std::string> bot_words = {};  ///< ... holds one of these words, in any case; a browser's name
    [[nodiscard]] bool names_bots() const noexcept { return bot_events_per_minute > 0 || !bot_words.empty(); }
    bool exposures = false;  ///< ctr_exposure whatever the entity; with entity exposure it costs nothing
    bool order_copies_dropped = false;  ///< the log went through drop_order_copies: no warning advises it
    unsigned threads = 1;
};

namespace detail {
inline constexpr std::string_view kTouchNames[] = {"event", "visit", "first", "last"};
}

inline std::string touch_text(const TouchRule& rule) {
    std::string text(detail::kTouchNames[static_cast<std::size_t>(rule.how)]);
    return rule.within ? text + ":" + base::format_duration(*rule.within) : text;
}

inline std::optional<TouchRule> parse_touch(std::string_view text) {
    TouchRule rule{.asked = true};
    constexpr std::string_view kWithin = "last:";
    if (text.starts_with(kWithin)) {
        rule.how = Touch::last;
        rule.within = base::parse_duration(text.substr(kWithin.size()));
        return rule.within ? std::optional(rule) : std::nullopt;
    }
    const auto at = std::ranges::find(detail::kTouchNames, text);
    if (at == std::end(detail::kTouchNames)) return std::nullopt;
    rule.how = static_cast<Touch>(at - std::begin(detail::kTouchNames));
    return rule;
}

/// Equal where the options count the same: of all that a MetricsState depends on.
[[nodiscard]] std::uint64_t key_of(const MetricsOptions& options);
/// Decided once on the whole log, never per segment or part. Facts of parts add.
struct LogFacts {
    std::int64_t first_time = std::numeric_limits<std::int64_t>::max();
    std::int64_t last_time = std::numeric_limits<std::int64_t>::min();
    events::KindSet kinds = 0;  ///< kinds that occur
    bool has_sessions = false;
    bool has_revenue = false, has_quantity = false, has_price = false;
    bool order_totals = false;         ///< see EventLog
    bool knows_shared_orders = false;  ///< somebody else counts the order ids of several users
    std::vector<std::string> said_by_purchases =
        {};  ///< text columns of which a purchase has a value; sorted

    LogFacts& operator+=(const LogFacts& other) {
        first_time = std::min(first_time, other.first_time);
        last_time = std::max(last_time, other.last_time);
        kinds |= other.kinds;
        has_sessions |= other.has_sessions;
        has_revenue |= other.has_revenue;
        order_totals |= other.order_totals;
        has_quantity |= other.has_quantity;
        has_price |= other.has_price;
        for (const std::string& column : other.said_by_purchases) {
            const auto at = std::ranges::lower_bound(said_by_purchases, column);
            if (at == said_by_purchases.end() || *at != column) said_by_purchases.insert(at, column);
        }
        return *this;
    }

    [[nodiscard]] bool has(EventKind kind) const noexcept { return (kinds & events::kind_bit(kind)) != 0; }
    /// What a click is: a view if the log holds no click.
    [[nodiscard]] EventKind click() const noexcept {
        return has(EventKind::click) ? EventKind::click : EventKind::view;
    }
    [[nodiscard]] events::AmountRule amounts() const noexcept { return {has_revenue, has_quantity}; }
};

/// Equal where the facts are.
[[nodiscard]] std::uint64_t key_of(const LogFacts& facts);

namespace detail {

/// Never 0.
[[nodiscard]] inline std::uint64_t key_of_bytes(base::ByteWriter&& out) {
    const std::vector<char> bytes = std::move(out).take();
    return std::max<std::uint64_t>(base::hash_bytes({bytes.data(), bytes.size()}), 1);
}

inline void write_rules(base::ByteWriter& out, const FunnelRules& rules) {
    out.value(rules.order);
    out.value(rules.hold);
    for (const bool flag : {rules.strict_increase, rules.first_entry, rules.open, rules.count_entries})
        out.value(flag);
    out.value<std::uint64_t>(rules.optional.size());
    for (const bool may : rules.optional)
        out.value<bool>(may);
    out.array(rules.step_windows);
    out.value(rules.excluded);
}

}  // namespace detail

inline std::uint64_t key_of(const MetricsOptions& options) {
    base::ByteWriter out;
    out.text(options.funnel.text());
    for (const std::int64_t value :
         {options.window, options.visit_gap, options.warmup, options.bot_events_per_minute})
        out.value(value);
    out.value(options.entity);
    out.value(options.semantics);
    detail::write_rules(out, options.rules);
    for (const bool flag : {options.timing, options.rolling_days, options.exposures})
        out.value(flag);
    for (const auto* values : {&options.horizons, &options.repeat_within, &options.retention})
        out.array(*values);
    for (const auto& bound : {options.from, options.to}) {
        out.value<bool>(bound.has_value());
        out.value<std::int64_t>(bound.value_or(0));
    }
    for (const auto* texts : {&options.by, &options.bot_words, &options.item_columns}) {
        out.value<std::uint64_t>(texts->size());
        for (const std::string& text : *texts)
            out.text(text);
    }
    out.text(options.bot_column);
    out.text(options.where ? options.where->text() : std::string());
    out.value(options.touch.how);
    out.value<bool>(options.touch.asked);
    out.value<std::int64_t>(options.touch.within.value_or(-1));
    for (const OffsetChange& change : options.zone) {
        out.value(change.from);
        out.value(change.offset);
    }
    return detail::key_of_bytes(std::move(out));
}

inline std::uint64_t key_of(const LogFacts& facts) {
    base::ByteWriter out;
    out.value(facts.first_time);
    out.value(facts.last_time);
    out.value(facts.kinds);
    for (const bool flag : {facts.has_sessions, facts.has_revenue, facts.has_quantity, facts.has_price})
        out.value(flag);
    for (const std::string& column : facts.said_by_purchases)
        out.text(column);
    return detail::key_of_bytes(std::move(out));
}

/// One pass over the log.
[[nodiscard]] inline LogFacts facts_of(const EventLog& log) {
    LogFacts facts{.has_revenue = log.has_revenue,
                   .has_quantity = log.has_quantity,
                   .has_price = log.has_price,
                   .order_totals = log.order_totals};
    for (const std::int64_t time : log.time) {
        facts.first_time = std::min(facts.first_time, time);
        facts.last_time = std::max(facts.last_time, time);
    }
    for (const EventKind kind : log.kind)
        facts.kinds |= events::kind_bit(kind);
    facts.has_sessions = std::ranges::any_of(log.session, [](std::uint64_t key) { return key != 0; });
    for (const events::TextColumn& column : log.text_columns) {
        const bool said = std::ranges::any_of(log.order_lines, [&](const events::OrderLine& line) {
            return log.kind[line.row] == EventKind::purchase && column.code[line.row] != base::kNone;
        });
        if (said) facts.said_by_purchases.push_back(column.name);
    }
    std::ranges::sort(facts.said_by_purchases);
    return facts;
}

}  // namespace funnel::metrics
