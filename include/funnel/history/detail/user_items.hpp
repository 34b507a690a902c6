// SPDX-License-Identifier: MIT
// UserItems: the items that each user has engaged with, which a HistoryState keeps per pair alone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "funnel/history/detail/history_queries.hpp"
#include "funnel/history/detail/history_state.hpp"

namespace funnel::history::detail {

/// An item of a user's own history.
struct UserItem {
    std::int64_t engaged = kNever;  ///< last view, click, cart, ...
    std::int64_t bought = kNever;   ///< last purchase
    std::uint32_t item = kNone;
};

/// The pairs of a state that are in use at one time, by user. 24 bytes per pair. Immutable: share freely.
class UserItems {
 public:
    /// place: of every item in the order of ids, which decides between equal times. O(pairs log pairs).
    UserItems(const HistoryState& s, std::int64_t now, std::span<const std::uint32_t> place);

    /// Newest engagement first.
    [[nodiscard]] std::span<const UserItem> of(std::uint32_t user) const noexcept {
        if (std::size_t{user} + 1 >= begins_.size()) return {};
        return std::span(items_).subspan(begins_[user], begins_[user + 1] - begins_[user]);
    }

 private:
    std::vector<std::size_t> begins_;  // of each user, and the end
    std::vector<UserItem> items_;
};

/// The pair of this record, as far as it is in use at `now`: its item is kNone if it is not, or if the user
/// has done no more than take the item out of a cart or give it back.
[[nodiscard]] inline UserItem user_item(const HistoryState& s, const ActedRow& record,
                                        std::int64_t now) noexcept {
    const auto user = static_cast<std::uint32_t>(record.key >> 32);
    const auto item = static_cast<std::uint32_t>(record.key);
    const UserState* live = live_user(s, user, now);
    UserItem found;
    if (live == nullptr || is_stale(s, *live, s.acted_at[record.row], now) ||
        live_item(s, item, now) == nullptr)
        return found;
    const std::int64_t* times = s.acted_last.data() + record.row * s.channels.pair_slots;
    const std::uint8_t purchase = s.channels.channel(EventKind::purchase);
    for (std::size_t c = 0; c < s.channels.size(); ++c) {
        if (!has_channel(s.channels.paired, c)) continue;
        const std::int64_t last = times[s.channels.pair_slot[c]];
        if (has_channel(s.channels.engaging, c)) found.engaged = std::max(found.engaged, last);
        if (c == purchase) found.bought = last;
    }
    if (found.engaged != kNever) found.item = item;
    return found;
}

inline UserItems::UserItems(const HistoryState& s, std::int64_t now, std::span<const std::uint32_t> place)
    : begins_(std::size_t{s.users.size()} + 1, 0) {
    s.acted.for_each([&](const ActedRow& record) {
        if (user_item(s, record, now).item != kNone) ++begins_[(record.key >> 32) + 1];
    });
    for (std::size_t u = 1; u < begins_.size(); ++u)
        begins_[u] += begins_[u - 1];
    items_.resize(begins_.back());
    std::vector<std::size_t> next(begins_.begin(), begins_.end() - 1);
    s.acted.for_each([&](const ActedRow& record) {
        const UserItem found = user_item(s, record, now);
        if (found.item != kNone) items_[next[record.key >> 32]++] = found;
    });
    for (std::size_t u = 0; u + 1 < begins_.size(); ++u) {
        const auto own = std::span(items_).subspan(begins_[u], begins_[u + 1] - begins_[u]);
        std::ranges::sort(own, [&](const UserItem& a, const UserItem& b) {
            return a.engaged != b.engaged ? a.engaged > b.engaged : place[a.item] < place[b.item];
        });
    }
}

}  // namespace funnel::history::detail
