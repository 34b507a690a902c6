// SPDX-License-Identifier: MIT
// warnings_of: what makes the numbers of a log doubtful; notes_of: what is good to know beside them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/count_words.hpp"
#include "funnel/base/hash.hpp"
#include "funnel/base/time.hpp"
#include "funnel/base/warning.hpp"
#include "funnel/metrics/detail/tally/tally.hpp"
#include "funnel/metrics/metrics_options.hpp"

namespace funnel::metrics {

/// User ids that databases and trackers write for "nobody".
inline constexpr std::array<std::string_view, 8> kPlaceholders = {"null", "undefined", "None", "NaN",
                                                                  "0",    "(not set)", "\\N",  "-"};

/// What only warnings ask of a log. Checks of logs without a common user add.
struct LogChecks {
    std::int64_t busiest_user = 0;      ///< rows of the user with the most
    std::int64_t last_month_rows = 0;   ///< in the 30 days before the last time
    std::int64_t shared_order_ids = 0;  ///< order ids that occur with several users
    bool has_items = false;             ///< some row has an item
    /// Rows of users whose id stands for none (kPlaceholders).
    std::map<std::string, std::int64_t> placeholder_rows = {};
    /// Hashes of the order ids and of the shared ones among them, sorted, so that an id whose users are in
    /// several logs is seen.
    std::vector<std::uint64_t> order_ids = {}, shared = {};

    LogChecks& operator+=(const LogChecks& other) {
        busiest_user = std::max(busiest_user, other.busiest_user);
        last_month_rows += other.last_month_rows;
        has_items |= other.has_items;
        for (const auto& [id, rows] : other.placeholder_rows)
            placeholder_rows[id] += rows;
        std::vector<std::uint64_t> common, all, several;
        std::ranges::set_intersection(order_ids, other.order_ids, std::back_inserter(common));
        std::ranges::set_union(order_ids, other.order_ids, std::back_inserter(all));
        std::ranges::set_union(shared, other.shared, std::back_inserter(several));
        order_ids = std::move(all);
        shared.clear();
        std::ranges::set_union(several, common, std::back_inserter(shared));
        shared_order_ids = static_cast<std::int64_t>(shared.size());
        return *this;
    }
};

/// One pass over the rows; 4 bytes per user, 12 per order.
[[nodiscard]] LogChecks checks_of(const EventLog& log, const LogFacts& facts);

/// rows, users: of the whole log.
[[nodiscard]] base::Warnings warnings_of(const Tally& total, const LogChecks& checks, std::int64_t rows,
                                         std::int64_t users, const MetricsOptions& options,
                                         const LogFacts& facts);

/// How this log was counted, where that depends on the log or on what was asked. No reason for doubt.
[[nodiscard]] base::Warnings notes_of(const Tally& total, std::int64_t rows, const MetricsOptions& options,
                                      const LogFacts& facts);

namespace detail {

/// "12.3 %"
[[nodiscard]] inline std::string percent(std::int64_t part, std::int64_t whole) {
    const std::int64_t tenths = (part * 2000 + whole) / (2 * whole);
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " %";
}

/// "2.9 d"
[[nodiscard]] inline std::string rough_days(std::uint64_t micros) {
    const std::uint64_t tenths = (micros * 10 + base::kDay / 2) / base::kDay;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " d";
}

inline void check_orders(const EventLog& log, LogChecks& checks) {
    std::vector<std::uint32_t> user_of(log.orders.size(), base::kNone);
    std::vector<bool> shared(log.orders.size());
    for (const events::OrderLine& line : log.order_lines) {
        if (line.order == base::kNone || log.kind[line.row] != EventKind::purchase) continue;
        std::uint32_t& user = user_of[line.order];
        if (user != base::kNone && user != log.user[line.row]) shared[line.order] = true;
        user = log.user[line.row];
    }
    for (std::uint32_t order = 0; order < user_of.size(); ++order) {
        if (user_of[order] == base::kNone) continue;
        const std::uint64_t hash = base::hash_bytes(log.orders.text(order));
        checks.order_ids.push_back(hash);
        if (shared[order]) checks.shared.push_back(hash);
    }
    std::ranges::sort(checks.order_ids);
    std::ranges::sort(checks.shared);
    checks.shared_order_ids = static_cast<std::int64_t>(checks.shared.size());
}

/// Of purchases and visits that lack something or look doubled.
inline void warn_of_rows(const Tally& total, const LogChecks& checks, const MetricsOptions& options,
                         const LogFacts& facts, base::Warnings& out) {
    if (checks.shared_order_ids > 0) {
        out.push_back({"order_ids_of_several_users",
                       base::counted(checks.shared_order_ids, "order id") +
                           " with rows of several users; each user's rows count as an order of their own"});
    }
    if (total[Count::late_order_rows] > 0) {
        out.push_back(
            {"late_order_rows",
             base::counted(total[Count::late_order_rows], "purchase row") +
                 (total[Count::late_order_rows] == 1 ? " is" : " are") +
                 " later than the first of their order" +
                 (options.order_copies_dropped
                      ? ", and no copies: lines that came later"
                      : ", as if it was written again; --dedup orders leaves out copies of lines")});
    }
    const bool priced = facts.has_revenue || facts.has_price;
    if (priced && total[Count::purchase_rows_without_value] > 0) {
        out.push_back({"purchase_rows_without_value",
                       percent(total[Count::purchase_rows_without_value], total[Count::purchase_rows]) +
                           " of the purchase rows have no amount (" +
                           base::format_count(total[Count::purchase_rows_without_value]) +
                           "); they add 0 to revenue"});
    }
    if (total[Count::orders_overpaid_back] > 0) {
        out.push_back(
            {"refunds_above_orders",
             base::counted(total[Count::orders_overpaid_back], "order") +
                 " refunded with more than the amount: what comes back may hold shipping or tax that "
                 "revenue does not, so net figures may be too low"});
    }
    if (total[Count::refund_rows_unmatched] * 100 >= total[Count::refund_rows] &&
        total[Count::refund_rows_unmatched] > 0) {
        out.push_back({"refunds_without_order",
                       base::format_count(total[Count::refund_rows_unmatched]) + " of " +
                           base::counted(total[Count::refund_rows], "refund row") +
                           " without an order of the user in this log: net orders do not know them, net "
                           "revenue takes them off"});
    }
    if (facts.has_sessions && total[Count::rows_without_visit_id] > 0) {
        out.push_back({"rows_without_visit_id",
                       base::counted(total[Count::rows_without_visit_id], "row") +
                           " without a visit id: these visits are cut where the user was silent for " +
                           base::format_duration(options.visit_gap)});
    }
}

}  // namespace detail

inline LogChecks checks_of(const EventLog& log, const LogFacts& facts) {
    LogChecks checks;
    if (!facts.knows_shared_orders) detail::check_orders(log, checks);
    checks.has_items = std::ranges::any_of(log.item, [](std::uint32_t item) { return item != base::kNone; });
    std::vector<std::uint32_t> rows_of(log.users.size());
    for (const std::uint32_t user : log.user)
        ++rows_of[user];
    for (const std::uint32_t rows : rows_of)
        checks.busiest_user = std::max<std::int64_t>(checks.busiest_user, rows);
    for (const std::string_view id : kPlaceholders) {
        const std::uint32_t user = log.users.find(id);
        if (user != base::kNone && rows_of[user] > 0)
            checks.placeholder_rows[std::string(id)] = rows_of[user];
    }
    checks.last_month_rows = std::ranges::count_if(
        log.time, [&](std::int64_t time) { return events::within(time, facts.last_time, 30 * base::kDay); });
    return checks;
}

/// What to say of a period without a row.
[[nodiscard]] inline base::Warning empty_period(const LogFacts& facts) {
    return base::Warning{"empty_period", "no row in the period: the log is from " +
                                             base::format_time(facts.first_time) + " to " +
                                             base::format_time(facts.last_time) +
                                             "; choose --from and --to inside it"};
}

/// What to say of a period that begins before the log does and ends in it: its figures are of a part of it.
/// Nothing for less than a day, or half of a shorter period: a log seldom begins with midnight.
[[nodiscard]] inline std::optional<base::Warning> early_period(const MetricsOptions& options,
                                                               const LogFacts& facts) {
    if (!options.from || facts.first_time > facts.last_time || facts.first_time <= *options.from)
        return std::nullopt;
    const std::int64_t end = options.to ? *options.to : facts.last_time;
    if (end <= facts.first_time) return std::nullopt;
    const auto between = [](std::int64_t from, std::int64_t to) {
        return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
    };
    const std::uint64_t missing = between(*options.from, facts.first_time);
    if (missing < std::min<std::uint64_t>(base::kDay, between(*options.from, end) / 2)) return std::nullopt;
    return base::Warning{"period_before_log", "the period begins " + base::format_time(*options.from) +
                                                  ", before the log, " + base::format_time(facts.first_time) +
                                                  ": its figures are of the part that the log has"};
}

/// How purchases that say nothing of a column were counted.
[[nodiscard]] inline base::Warning touch_note(const std::string& column, std::int64_t rows,
                                              const TouchRule& rule) {
    const std::string span =
        rule.within ? " at most " + base::format_duration(*rule.within) + " before" : std::string(" before");
    const std::string from = rule.how == Touch::visit   ? "the first row of their visit"
                             : rule.how == Touch::first ? "the first row of their user"
                                                        : "the last row" + span;
    return base::Warning{"orders_by_touch", base::counted(rows, "purchase row") + " without a \"" + column +
                                                "\" of their own: counted under that of " + from +
                                                " that has one (--touch event: under none)"};
}

/// What to say of a condition that fits no row.
[[nodiscard]] inline base::Warning nothing_fits(const std::string& where) {
    return base::Warning{"where_fits_nothing",
                         "no row fits --where \"" + where +
                             "\"; see with --by which values a column has, written as in the log"};
}

inline base::Warnings warnings_of(const Tally& total, const LogChecks& checks, std::int64_t rows,
                                  std::int64_t users, const MetricsOptions& options, const LogFacts& facts) {
    base::Warnings out;
    if (rows == 0) return out;
    if (facts.kinds == events::kind_bit(EventKind::other)) {
        out.push_back({"no_known_event",
                       "no event is of a type that metrics know; map the names of this log in a schema"});
        return out;
    }
    if (!checks.has_items && facts.kinds != events::kind_bit(EventKind::page_view)) {
        out.push_back({"no_items",
                       "no row has an item: what joins events of one item (ctr, cvr_post_click, carts, "
                       "repeat purchase) "
                       "finds nothing; if the log has items, name their column in the schema"});
    }
    if (total[Count::pairs_carted] > 0 && total[Count::pairs_mature] == 0) {
        const std::int64_t begin = std::max(facts.first_time, options.from.value_or(facts.first_time));
        const std::uint64_t span = events::elapsed(std::min(begin, facts.last_time), facts.last_time);
        out.push_back({"window_over_for_no_cart",
                       std::string(options.from ? "from --from to its end the log" : "log") + " spans " +
                           detail::rough_days(span) + "; window " + base::format_duration(options.window) +
                           " is over for no cart; try --window " +
                           base::format_duration(
                               std::max<std::int64_t>(1, static_cast<std::int64_t>(span / 3) / base::kHour) *
                               base::kHour)});
    }
    detail::warn_of_rows(total, checks, options, facts, out);
    for (const auto& [id, of] : checks.placeholder_rows) {
        if (of * 200 <= rows) continue;
        out.push_back({"placeholder_user",
                       detail::percent(of, rows) + " of all rows have the user \"" + id +
                           "\", which may stand for nobody: they count as one user; name it under missing "
                           "in a schema"});
    }
    if (users >= 1000 && checks.busiest_user * 200 > rows) {
        out.push_back({"busy_user", "one user has " + detail::percent(checks.busiest_user, rows) +
                                        " of all rows: a robot, or an id that many share?"});
    }
    if (checks.last_month_rows * 1000 < rows) {
        out.push_back(
            {"latest_event_alone",
             "the latest event, " + base::format_time(facts.last_time) +
                 ", is more than 30 days after 99.9 % of all others; if a clock was wrong, leave it out "
                 "with --to, since windows are judged by the latest time"});
    }
    return out;
}

inline base::Warnings notes_of(const Tally& total, std::int64_t rows, const MetricsOptions& options,
                               const LogFacts& facts) {
    base::Warnings out;
    if (rows == 0 || facts.kinds == events::kind_bit(EventKind::other)) return out;
    if (total[Count::impressions] > 0 && !facts.has(EventKind::click) && facts.has(EventKind::view)) {
        out.push_back(
            {"view_is_click",
             "no click in the log: in ctr, ctr_raw, ctr_followed and click_user_rate a view is the click"});
    }
    if (!options.by.empty()) {
        out.push_back({"user_in_several_keys",
                       "a user counts in every key in which the user has an event; a visit, a pair and an "
                       "order count in the key of the row they begin with"});
    }
    return out;
}

}  // namespace funnel::metrics
