// SPDX-License-Identifier: MIT
// TouchedColumns: what a column says of a purchase whose own row says nothing: the campaign, list or device
// that its user met before (docs/metrics.md, "Touch").
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/events/visit.hpp"
#include "funnel/metrics/detail/tally/buyer_rows.hpp"
#include "funnel/metrics/metrics_options.hpp"

namespace funnel::metrics {

/// Whether purchases without a value in this column take one from other rows: not what belongs to an item,
/// and, unless a rule was asked for, only if no purchase of the whole log has a value of its own.
[[nodiscard]] inline bool takes_touch(const MetricsOptions& options, const LogFacts& facts,
                                      const events::TextColumn& column) {
    constexpr std::string_view kOfItems[] = {"item",     "category", "brand", "price",
                                             "quantity", "revenue",  "order", "position"};
    if (options.touch.how == Touch::event || std::ranges::find(kOfItems, column.name) != std::end(kOfItems))
        return false;
    if (std::ranges::find(options.item_columns, column.name) != options.item_columns.end()) return false;
    const bool said =
        std::ranges::find(facts.said_by_purchases, column.name) != facts.said_by_purchases.end();
    return options.touch.asked || !said;
}

namespace detail {

/// The value that a purchase takes: of the rows of one user, in order, as they come.
class TouchSearch {
 public:
    TouchSearch(const EventLog& log, const events::TextColumn& column) : log_(log), column_(column) {}

    void start() noexcept { best_.reset(); }
    /// Of rows with one time and type, the one with the smallest text is taken. latest: the last moment is
    /// wanted, else the first.
    void see(std::size_t row, bool latest) {
        if (column_.code[row] == base::kNone) return;
        const bool same = best_ && log_.time[*best_] == log_.time[row] && log_.kind[*best_] == log_.kind[row];
        const bool smaller =
            same && column_.values.text(column_.code[row]) < column_.values.text(column_.code[*best_]);
        if (!best_ || smaller || (latest && !same)) best_ = row;
    }
    [[nodiscard]] const std::optional<std::size_t>& row() const noexcept { return best_; }

 private:
    const EventLog& log_;
    const events::TextColumn& column_;
    std::optional<std::size_t> best_;
};

/// The codes of one column after the rule, and how many purchases took a value.
struct TouchCodes {
    std::vector<std::uint32_t> code;
    std::int64_t rows = 0;
};

[[nodiscard]] inline TouchCodes touch_codes(const EventLog& log, const events::TextColumn& column,
                                            const TouchRule& rule, std::int64_t visit_gap) {
    TouchCodes out{.code = column.code};
    TouchSearch search(log, column);
    std::vector<TouchSearch> of_visit;
    const auto take = [&](std::size_t purchase, const std::optional<std::size_t>& from) {
        if (!from || (rule.within && !events::within(std::min(log.time[*from], log.time[purchase]),
                                                     log.time[purchase], *rule.within)))
            return;
        out.code[purchase] = column.code[*from];
        ++out.rows;
    };
    const auto waits = [&](std::size_t row) {
        return log.kind[row] == EventKind::purchase && column.code[row] == base::kNone;
    };
    for_each_buyer(log, visit_gap,
                   [&](std::span<const std::size_t> rows, std::span<const std::uint32_t> visit) {
                       search.start();
                       if (rule.how == Touch::last) {
                           for (std::size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
                               // Purchases of one moment are no touch of each other.
                               for (; end < rows.size() && log.time[rows[end]] == log.time[rows[begin]] &&
                                      log.kind[rows[end]] == log.kind[rows[begin]];
                                    ++end) {
                                   if (waits(rows[end])) take(rows[end], search.row());
                               }
                               for (std::size_t i = begin; i < end; ++i)
                                   search.see(rows[i], true);
                           }
                           return;
                       }
                       of_visit.clear();
                       for (std::size_t i = 0; i < rows.size(); ++i) {
                           while (of_visit.size() <= visit[i])
                               of_visit.emplace_back(log, column);
                           (rule.how == Touch::visit ? of_visit[visit[i]] : search).see(rows[i], false);
                       }
                       for (std::size_t i = 0; i < rows.size(); ++i) {
                           if (waits(rows[i]))
                               take(rows[i], (rule.how == Touch::visit ? of_visit[visit[i]] : search).row());
                       }
                   });
    return out;
}

}  // namespace detail

/// The codes to go by of every column that is asked for, made once. One thread at a time; spans live as long
/// as this does.
class TouchedColumns {
 public:
    TouchedColumns(const EventLog& log, const MetricsOptions& options, const LogFacts& facts)
        : log_(log), options_(options), facts_(facts) {}

    [[nodiscard]] std::span<const std::uint32_t> codes_of(const events::TextColumn& column) {
        if (!takes_touch(options_, facts_, column)) return column.code;
        const auto [at, is_new] = made_.try_emplace(column.name);
        if (is_new) at->second = detail::touch_codes(log_, column, options_.touch, options_.visit_gap);
        return at->second.code;
    }
    /// Per column that takes a touch: purchases that took a value.
    [[nodiscard]] std::map<std::string, std::int64_t> rows() const {
        std::map<std::string, std::int64_t> out;
        for (const auto& [name, codes] : made_)
            out[name] = codes.rows;
        return out;
    }

 private:
    const EventLog& log_;
    const MetricsOptions& options_;
    const LogFacts& facts_;
    std::map<std::string, detail::TouchCodes> made_;
};

}  // namespace funnel::metrics
