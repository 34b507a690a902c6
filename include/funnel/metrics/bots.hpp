// SPDX-License-Identifier: MIT
// find_bots: users who do more in a minute than people do. They are reported, never silently taken out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "funnel/events/event_log.hpp"
#include "funnel/events/visit.hpp"
#include "funnel/metrics/user_rows.hpp"

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

}  // namespace detail

/// Per user 1 or 0. most: events per minute, 1 or more; a minute is any 60 seconds, the last moment not
/// included.
[[nodiscard]] inline std::vector<std::uint8_t> find_bots(const EventLog& log, std::int64_t most,
                                                         unsigned threads) {
    std::vector<std::uint8_t> is_bot(log.users.size());
    std::vector<detail::BotFinder> finders(std::max(1u, threads), detail::BotFinder(is_bot, most));
    for_each_user(
        log, [](std::size_t) { return std::uint16_t{0}; }, std::span(finders));
    return is_bot;
}

}  // namespace funnel::metrics
