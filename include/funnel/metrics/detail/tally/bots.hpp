// SPDX-License-Identifier: MIT
// find_bots: users who do more in a minute than people do, or whose browser says what they are. They are
// reported, never silently taken out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/events/event_log.hpp"
#include "funnel/events/visit.hpp"
#include "funnel/metrics/detail/tally/user_rows.hpp"
#include "funnel/metrics/metrics_options.hpp"

namespace funnel::metrics {

namespace detail {

/// Marks users with more than `most` rows within some 60 seconds. One thread at a time.
class BotFinder {
 public:
    BotFinder(std::vector<std::uint8_t>& is_bot, std::int64_t most) : is_bot_(&is_bot), most_(most) {}

    void add_user(std::span<const UserRow> rows) noexcept {
        const auto reach = static_cast<std::size_t>(most_);
        for (std::size_t i = 0; i + reach < rows.size(); ++i) {
            if (!events::within(rows[i].time, rows[i + reach].time, base::kMinute - 1)) continue;
            (*is_bot_)[rows[i].user] = 1;
            return;
        }
    }

 private:
    std::vector<std::uint8_t>* is_bot_;
    std::int64_t most_;
};

/// Marks users with a row whose text in the column holds one of the words, in any case (ASCII).
inline void mark_by_words(const EventLog& log, const MetricsOptions& options,
                          std::vector<std::uint8_t>& is_bot) {
    const events::TextColumn* column = log.text_column(options.bot_column);
    if (column == nullptr) {
        throw Error(ErrorCode::invalid_argument, "--bot-rule: expected a column of the log, got \"" +
                                                     options.bot_column + "\"; choose one that is there");
    }
    const auto lower = [](std::string_view text) {
        std::string out(text);
        for (char& c : out)
            c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        return out;
    };
    std::vector<bool> named(column->values.size());
    for (std::uint32_t code = 0; code < named.size(); ++code) {
        const std::string text = lower(column->values.text(code));
        named[code] = std::ranges::any_of(options.bot_words, [&](const std::string& word) {
            return text.find(lower(word)) != std::string::npos;
        });
    }
    for (std::size_t row = 0; row < log.size(); ++row) {
        if (column->code[row] != base::kNone && named[column->code[row]]) is_bot[log.user[row]] = 1;
    }
}

}  // namespace detail

/// Per user 1 or 0, by the rules of the options: more rows than bot_events_per_minute within some 60 seconds
/// (the last moment not included), or a word of bot_words in bot_column. Throws Error(invalid_argument)
/// without that column.
[[nodiscard]] inline std::vector<std::uint8_t> find_bots(const EventLog& log, const MetricsOptions& options) {
    std::vector<std::uint8_t> is_bot(log.users.size());
    if (!options.bot_words.empty()) detail::mark_by_words(log, options, is_bot);
    if (options.bot_events_per_minute <= 0) return is_bot;
    std::vector<detail::BotFinder> finders(std::max(1u, options.threads),
                                           detail::BotFinder(is_bot, options.bot_events_per_minute));
    for_each_user(
        log, [](std::size_t) { return std::uint16_t{0}; }, std::span(finders));
    return is_bot;
}

}  // namespace funnel::metrics
