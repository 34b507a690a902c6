// SPDX-License-Identifier: MIT
// SegmentKeys: the segment of every row, for a breakdown by day, week, month, hour, item or a text column.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "funnel/metrics/metrics_options.hpp"

namespace funnel::metrics {

inline constexpr std::size_t kMaxSegments = 10'000;
/// More segments than this have no jackknife intervals: they cost 64 tallies each.
inline constexpr std::size_t kMaxIntervalSegments = 500;

struct SegmentKeys {
    std::string by;
    std::vector<std::optional<std::string>> names;  ///< sorted by bytes; the missing value last, without text
    std::vector<std::uint16_t> key_of_row;          ///< index into names; any key in rows that count nowhere
    /// Of combinations of a time and a column, per order line of the log: the key in which its order counts
    /// it, that of the order's time and the line's column. Empty: see TallyPlan::orders_are_whole.
    std::vector<std::uint16_t> key_of_line = {};
};

/// The keys of all rows inside [from, to), and of purchases and refunds outside, whose order may be inside.
/// Throws Error(invalid_argument) for a column that the log does not
/// hold and for more than 10,000 keys. Memory: 2 bytes per row, 6 while it runs.
/// codes_of: the codes of a text column to go by, if not its own; their spans outlive the call.
using CodesOf = events::RowCondition::CodesOf;
[[nodiscard]] SegmentKeys segment_keys(const EventLog& log, const MetricsOptions& options,
                                       const std::string& by, const CodesOf& codes_of = {});

/// Cuts local time. One thread at a time.
class LocalTime {
 public:
    /// zone: ascending by `from`; before its first entry its first offset holds; empty: UTC.
    explicit LocalTime(std::vector<OffsetChange> zone) : zone_(std::move(zone)) {}

    /// UTC microseconds to local ones; neighbours in time are cheap.
    [[nodiscard]] std::int64_t local(std::int64_t time) noexcept;

 private:
    std::vector<OffsetChange> zone_;
    std::size_t at_ = 0;
};

/// "2016-W39": ISO 8601 week of a day (days since 1970-01-01).
[[nodiscard]] std::string format_week(std::int64_t day);

/// Whether a breakdown is by time: then an order is in one key only.
[[nodiscard]] inline bool is_time_key(std::string_view by) noexcept {
    return by == "day" || by == "week" || by == "month" || by == "hour";
}

namespace detail {

/// A code per row and a text per code; kNone is the missing value.
struct RowCodes {
    std::vector<std::uint32_t> code;
    std::vector<std::string> text;
};

/// The same of any column, by reference to the log where it has the codes. The log outlives it.
struct ColumnCodes {
    std::vector<std::uint32_t> made = {};
    std::span<const std::uint32_t> code = {};  ///< per row
    std::size_t codes = 0;
    std::function<std::string(std::uint32_t)> text = {};
};

/// by: as segment_keys. Throws Error(invalid_argument) for a column that the log does not hold.
[[nodiscard]] ColumnCodes column_codes(const EventLog& log, const MetricsOptions& options,
                                       const std::string& by, const CodesOf& codes_of);

/// by: day, week, month or hour. Rows with `used` unset have no code of their own.
[[nodiscard]] RowCodes time_codes(const EventLog& log, const MetricsOptions& options, std::string_view by);

/// Codes that occur in used rows, ranked by their texts. text(code) of every code that occurs.
template <typename Text>
[[nodiscard]] SegmentKeys ranked_keys(const EventLog& log, const MetricsOptions& options,
                                      const std::string& by, std::span<const std::uint32_t> code,
                                      std::size_t codes, Text&& text);

[[noreturn]] inline void refuse_segments(const std::string& by, std::size_t keys) {
    throw Error(ErrorCode::invalid_argument, "--by " + by + ": expected at most 10000 keys, got " +
                                                 std::to_string(keys) + "; choose a coarser column");
}

[[nodiscard]] inline bool inside(const MetricsOptions& options, std::int64_t time) noexcept {
    return (!options.from || time >= *options.from) && (!options.to || time < *options.to);
}

}  // namespace detail

inline SegmentKeys segment_keys(const EventLog& log, const MetricsOptions& options, const std::string& by,
                                const CodesOf& codes_of) {
    const detail::ColumnCodes column = detail::column_codes(log, options, by, codes_of);
    return detail::ranked_keys(log, options, by, column.code, column.codes, column.text);
}

inline std::int64_t LocalTime::local(std::int64_t time) noexcept {
    if (zone_.empty()) return time;
    const auto holds = [&](std::size_t i) {
        return (i == 0 || zone_[i].from <= time) && (i + 1 == zone_.size() || time < zone_[i + 1].from);
    };
    if (!holds(at_)) {
        const auto next = std::ranges::upper_bound(zone_, time, {}, &OffsetChange::from);
        at_ = next == zone_.begin() ? 0 : static_cast<std::size_t>(next - zone_.begin()) - 1;
    }
    constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min(),
                           kLast = std::numeric_limits<std::int64_t>::max();
    const std::int64_t offset = zone_[at_].offset;  // at the ends of the 64 bits the day is cut off
    return offset > 0 ? (time > kLast - offset ? kLast : time + offset)
                      : (time < kFirst - offset ? kFirst : time + offset);
}

inline std::string format_week(std::int64_t day) {
    // The year of a week is the year of its Thursday; the calendar repeats after 400 years.
    const std::int64_t thursday = day + 3 - (day + 3 - base::floor_div(day + 3, 7) * 7);
    const std::string date = base::format_day(thursday);
    constexpr std::int64_t kCycle = 146097;
    const std::int64_t in_cycle = thursday - base::floor_div(thursday, kCycle) * kCycle;
    const std::chrono::sys_days at{std::chrono::days{static_cast<int>(in_cycle)}};
    const std::chrono::year_month_day civil{at};
    const std::chrono::sys_days new_year{civil.year() / std::chrono::January / 1};
    const auto week = (at - new_year).count() / 7 + 1;
    return date.substr(0, date.size() - 6) + (week < 10 ? "-W0" : "-W") + std::to_string(week);
}

namespace detail {

inline RowCodes time_codes(const EventLog& log, const MetricsOptions& options, std::string_view by) {
    LocalTime zone(options.zone);
    const auto text = [&](std::int64_t unit) {
        if (by == "hour") return std::string(unit < 10 ? "0" : "") + std::to_string(unit);
        if (by == "week") return format_week(unit);
        const std::string day = base::format_day(unit);
        return by == "month" ? day.substr(0, day.size() - 3) : day;
    };
    RowCodes codes;
    codes.code.resize(log.size());
    std::unordered_map<std::int64_t, std::uint32_t> code_of_unit;
    std::unordered_map<std::string, std::uint32_t> code_of_text;
    std::int64_t last_unit = std::numeric_limits<std::int64_t>::min();
    std::uint32_t last_code = 0;
    for (std::size_t row = 0; row < log.size(); ++row) {
        if (!inside(options, log.time[row])) continue;
        const std::int64_t local = zone.local(log.time[row]);
        const std::int64_t day = base::floor_div(local, base::kDay);
        const std::int64_t unit = by == "hour" ? (local - day * base::kDay) / base::kHour : day;
        if (unit != last_unit) {
            const auto [at, is_new] = code_of_unit.try_emplace(unit, 0);
            if (is_new) {
                std::string name = text(unit);
                const auto [named, first] =
                    code_of_text.try_emplace(name, static_cast<std::uint32_t>(codes.text.size()));
                if (first) codes.text.push_back(std::move(name));
                at->second = named->second;
            }
            last_unit = unit;
            last_code = at->second;
        }
        codes.code[row] = last_code;
    }
    return codes;
}

inline ColumnCodes column_codes(const EventLog& log, const MetricsOptions& options, const std::string& by,
                                const CodesOf& codes_of) {
    ColumnCodes out;
    if (is_time_key(by)) {
        RowCodes codes = time_codes(log, options, by);
        out.made = std::move(codes.code);
        out.code = out.made;
        out.codes = codes.text.size();
        out.text = [texts = std::move(codes.text)](std::uint32_t code) { return texts[code]; };
        return out;
    }
    const events::TextColumn* column = log.text_column(by);
    if (column == nullptr && by != "item") {
        std::string known = "day, week, month, hour, item";
        for (const auto& loaded : log.text_columns)
            known += ", " + loaded.name;
        throw Error(ErrorCode::invalid_argument,
                    "--by: expected one of " + known + ", got \"" + by + "\"; choose a column of the log");
    }
    const base::StringTable& values = column != nullptr ? column->values : log.items;
    out.code = column == nullptr ? std::span(log.item)
               : codes_of        ? codes_of(*column)
                                 : std::span(column->code);
    out.codes = values.size();
    out.text = [&values](std::uint32_t code) { return std::string(values.text(code)); };
    return out;
}

template <typename Text>
SegmentKeys ranked_keys(const EventLog& log, const MetricsOptions& options, const std::string& by,
                        std::span<const std::uint32_t> code, std::size_t codes, Text&& text) {
    const bool lines = !is_time_key(by);
    const auto is_line = [](EventKind kind) {
        return kind == EventKind::purchase || kind == EventKind::refund;
    };
    std::vector<bool> used(codes + 1);  // the last is the missing value
    const auto slot = [&](std::size_t row) { return code[row] == base::kNone ? codes : code[row]; };
    for (std::size_t row = 0; row < code.size(); ++row) {
        if (inside(options, log.time[row]) || (lines && is_line(log.kind[row]))) used[slot(row)] = true;
    }
    std::vector<std::pair<std::string, std::size_t>> sorted;
    for (std::uint32_t c = 0; c < codes; ++c) {
        if (used[c]) sorted.emplace_back(text(c), c);
    }
    if (sorted.size() + used[codes] > kMaxSegments) {
        refuse_segments(by, sorted.size() + used[codes]);
    }
    std::ranges::sort(sorted);
    SegmentKeys keys{.by = by, .names = {}, .key_of_row = std::vector<std::uint16_t>(code.size())};
    std::vector<std::uint16_t> rank(codes + 1);
    for (auto& [name, c] : sorted) {
        rank[c] = static_cast<std::uint16_t>(keys.names.size());
        keys.names.emplace_back(std::move(name));
    }
    if (used[codes]) {
        rank[codes] = static_cast<std::uint16_t>(keys.names.size());
        keys.names.emplace_back(std::nullopt);
    }
    for (std::size_t row = 0; row < code.size(); ++row)
        keys.key_of_row[row] = rank[slot(row)];
    return keys;
}

}  // namespace detail

}  // namespace funnel::metrics
