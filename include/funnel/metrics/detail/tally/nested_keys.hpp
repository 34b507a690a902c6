// SPDX-License-Identifier: MIT
// keys_of: the segments of any entry of MetricsOptions::by, also of several columns at once ("device,list").
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "funnel/metrics/detail/tally/buyer_rows.hpp"
#include "funnel/metrics/segments.hpp"

namespace funnel::metrics {

/// The columns of "A,B", without blanks around them. Throws Error(invalid_argument) for an empty one.
[[nodiscard]] std::vector<std::string> columns_of_by(std::string_view by);

/// Whether all columns are times: then an order is in one key only.
[[nodiscard]] inline bool is_by_time(std::string_view by) {
    return std::ranges::all_of(columns_of_by(by), [](const std::string& name) { return is_time_key(name); });
}

/// One value per column of `by`, empty where it is missing, from the key of a Segment.
[[nodiscard]] std::vector<std::optional<std::string>> values_of_key(std::string_view by,
                                                                    const std::optional<std::string>& key);

/// As segment_keys; by may name several columns, whose combinations are then the keys.
[[nodiscard]] SegmentKeys keys_of(const EventLog& log, const MetricsOptions& options, const std::string& by,
                                  const CodesOf& codes_of = {});

namespace detail {

/// Values of one key are joined so that keys sort value by value and missing ones come last.
inline constexpr char kBetween = '\x1f', kEscape = '\x1e', kMissingValue = '\xff';

inline void append_value(std::string& key, const std::string& value) {
    for (const char c : value) {
        if (c != kBetween && c != kEscape && c != kMissingValue) {
            key += c;
        } else {
            (key += kEscape) += c == kBetween ? '1' : c == kEscape ? '2' : '3';
        }
    }
}

/// Gives pairs of codes codes of their own.
class PairCodes {
 public:
    [[nodiscard]] std::uint32_t code(std::uint32_t a, std::uint32_t b) {
        const std::uint64_t pair = std::uint64_t{a} << 32 | b;
        const auto [at, is_new] = codes_.try_emplace(pair, static_cast<std::uint32_t>(pairs_.size()));
        if (is_new) pairs_.push_back(pair);
        return at->second;
    }
    [[nodiscard]] std::pair<std::uint32_t, std::uint32_t> pair(std::uint32_t code) const noexcept {
        return {static_cast<std::uint32_t>(pairs_[code] >> 32), static_cast<std::uint32_t>(pairs_[code])};
    }
    [[nodiscard]] std::size_t size() const noexcept { return pairs_.size(); }

 private:
    std::unordered_map<std::uint64_t, std::uint32_t> codes_;
    std::vector<std::uint64_t> pairs_;
};

/// Several columns, and the combinations of their values that occur.
class NestedColumns {
 public:
    NestedColumns(const EventLog& log, const MetricsOptions& options, const std::string& by,
                  const CodesOf& codes_of) {
        for (const std::string& name : columns_of_by(by)) {
            by_time_.push_back(is_time_key(name));
            columns_.push_back(column_codes(log, options, name, codes_of));
            columns_.back().code = columns_.back().made.empty() ? columns_.back().code : columns_.back().made;
        }
        pairs_.resize(columns_.size() - 1);
    }

    /// The combination whose times are those of one row and whose other values are those of another.
    [[nodiscard]] std::uint32_t code(std::size_t time_row, std::size_t row) {
        const auto of = [&](std::size_t i) { return columns_[i].code[by_time_[i] ? time_row : row]; };
        std::uint32_t code = of(0);
        for (std::size_t i = 1; i < columns_.size(); ++i)
            code = pairs_[i - 1].code(code, of(i));
        return code;
    }
    [[nodiscard]] std::size_t codes() const noexcept { return pairs_.back().size(); }
    [[nodiscard]] bool by_time() const {
        return std::ranges::all_of(by_time_, [](bool time) { return time; });
    }
    [[nodiscard]] bool mixed() const {
        return !by_time() && std::ranges::any_of(by_time_, [](bool time) { return time; });
    }

    /// The key of a combination.
    [[nodiscard]] std::string key(std::uint32_t code) const {
        std::vector<std::uint32_t> values(columns_.size());
        for (std::size_t i = columns_.size(); i-- > 1;)
            std::tie(code, values[i]) = pairs_[i - 1].pair(code);
        values[0] = code;
        std::string key;
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (i > 0) key += kBetween;
            if (values[i] == base::kNone) {
                key += kMissingValue;
            } else {
                append_value(key, columns_[i].text(values[i]));
            }
        }
        return key;
    }

 private:
    std::vector<bool> by_time_;
    std::vector<ColumnCodes> columns_;
    std::vector<PairCodes> pairs_;
};

/// Per order line the row at whose time its order began; a line without an order has its own.
[[nodiscard]] inline std::vector<std::size_t> first_rows_of_orders(const EventLog& log,
                                                                   std::int64_t visit_gap) {
    std::vector<std::size_t> line_of_row_first(log.order_lines.size());
    const auto line_at = [&](std::size_t row) {
        const auto at = std::ranges::lower_bound(log.order_lines, row, {}, &events::OrderLine::row);
        return at != log.order_lines.end() && at->row == row
                   ? static_cast<std::size_t>(at - log.order_lines.begin())
                   : log.order_lines.size();
    };
    std::map<std::uint64_t, std::size_t> first;  // of the user's orders
    for_each_buyer(
        log, visit_gap, [&](std::span<const std::size_t> rows, std::span<const std::uint32_t> visits) {
            first.clear();
            const auto order_of = [&](std::size_t i, std::size_t line) {
                const std::uint32_t id = log.order_lines[line].order;
                return id != base::kNone ? std::uint64_t{id} : std::uint64_t{1} << 32 | visits[i];
            };
            for (const bool purchases : {true, false}) {  // refunds look for the order of a purchase
                for (std::size_t i = 0; i < rows.size(); ++i) {
                    if (!is_order_line(log.kind[rows[i]])) continue;
                    const std::size_t line = line_at(rows[i]);
                    if (line == log.order_lines.size() ||
                        (log.kind[rows[i]] == EventKind::purchase) != purchases)
                        continue;
                    const std::uint64_t order = order_of(i, line);
                    if (purchases) {
                        line_of_row_first[line] = first.try_emplace(order, rows[i]).first->second;
                    } else {
                        const auto at =
                            log.order_lines[line].order == base::kNone ? first.end() : first.find(order);
                        line_of_row_first[line] = at == first.end() ? rows[i] : at->second;
                    }
                }
            }
        });
    return line_of_row_first;
}

}  // namespace detail

inline std::vector<std::string> columns_of_by(std::string_view by) {
    std::vector<std::string> names;
    for (std::string_view rest = by;;) {
        const std::size_t end = std::min(rest.find(','), rest.size());
        std::string_view name = rest.substr(0, end);
        if (end < by.size()) {  // of several
            while (name.starts_with(' '))
                name.remove_prefix(1);
            while (name.ends_with(' '))
                name.remove_suffix(1);
            if (name.empty())
                throw Error(ErrorCode::invalid_argument,
                            "--by: expected a column on both sides of a comma, got \"" + std::string(by) +
                                "\"; write --by A,B");
        }
        names.emplace_back(name);
        if (end == rest.size()) return names;
        rest.remove_prefix(end + 1);
    }
}

inline std::vector<std::optional<std::string>> values_of_key(std::string_view by,
                                                             const std::optional<std::string>& key) {
    if (by.find(',') == by.npos || !key) return {key};
    std::vector<std::optional<std::string>> values;
    std::string value;
    bool missing = false;
    for (std::size_t i = 0; i <= key->size(); ++i) {
        if (i == key->size() || (*key)[i] == detail::kBetween) {
            values.push_back(missing ? std::nullopt : std::optional(std::exchange(value, {})));
            missing = false;
        } else if ((*key)[i] == detail::kMissingValue) {
            missing = true;
        } else if ((*key)[i] == detail::kEscape && i + 1 < key->size()) {
            const char what = (*key)[++i];
            value += what == '1' ? detail::kBetween : what == '2' ? detail::kEscape : detail::kMissingValue;
        } else {
            value += (*key)[i];
        }
    }
    return values;
}

inline SegmentKeys keys_of(const EventLog& log, const MetricsOptions& options, const std::string& by,
                           const CodesOf& codes_of) {
    if (by.find(',') == by.npos) return segment_keys(log, options, by, codes_of);
    detail::NestedColumns columns(log, options, by, codes_of);
    std::vector<std::uint32_t> code(log.size()), code_of_line;
    std::vector<bool> used;
    const auto use = [&](std::uint32_t c) {
        if (used.size() <= c) used.resize(c + std::size_t{1});
        used[c] = true;
    };
    const bool lines = !columns.by_time() && !columns.mixed();
    for (std::size_t row = 0; row < log.size(); ++row) {
        const bool inside = detail::inside(options, log.time[row]);
        if (!inside && !(lines && detail::is_order_line(log.kind[row]))) continue;
        use(code[row] = columns.code(row, row));
    }
    if (columns.mixed()) {
        const std::vector<std::size_t> first = detail::first_rows_of_orders(log, options.visit_gap);
        code_of_line.resize(first.size());
        for (std::size_t line = 0; line < first.size(); ++line) {
            // An order that begins outside the period counts nowhere.
            const std::size_t row = log.order_lines[line].row;
            const bool counts = detail::inside(options, log.time[first[line]]);
            code_of_line[line] = counts ? columns.code(first[line], row) : code[row];
            if (counts) use(code_of_line[line]);
        }
    }
    used.resize(columns.codes());
    std::vector<std::pair<std::string, std::uint32_t>> sorted;
    for (std::uint32_t c = 0; c < used.size(); ++c) {
        if (used[c]) sorted.emplace_back(columns.key(c), c);
    }
    if (sorted.size() > kMaxSegments) detail::refuse_segments(by, sorted.size());
    std::ranges::sort(sorted);
    SegmentKeys keys{.by = by, .names = {}, .key_of_row = std::vector<std::uint16_t>(log.size())};
    std::vector<std::uint16_t> rank(std::max<std::size_t>(used.size(), 1));
    for (auto& [name, c] : sorted) {
        rank[c] = static_cast<std::uint16_t>(keys.names.size());
        keys.names.emplace_back(std::move(name));
    }
    for (std::size_t row = 0; row < log.size(); ++row)
        keys.key_of_row[row] = rank[code[row]];
    for (const std::uint32_t c : code_of_line)
        keys.key_of_line.push_back(rank[c]);
    return keys;
}

}  // namespace funnel::metrics
