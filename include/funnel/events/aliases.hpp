// SPDX-License-Identifier: MIT
// apply_aliases: ids that belong to one person, according to a list, become one user; nothing is guessed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/events/event_log.hpp"

namespace funnel::events {

/// (alias, user): rows of `alias` become rows of `user`. Returns how many rows that were.
/// Throws Error(invalid_argument) if an alias belongs to two users or is itself the user of another alias.
inline std::size_t apply_aliases(EventLog& log,
                                 const std::vector<std::pair<std::string_view, std::string_view>>& aliases) {
    std::vector<std::uint32_t> of(log.users.size());
    std::iota(of.begin(), of.end(), std::uint32_t{0});
    const auto code = [&](std::string_view user) {
        const std::uint32_t at = log.users.intern(user);
        if (at == of.size()) of.push_back(at);
        return at;
    };
    std::vector<bool> is_user(of.size());
    for (const auto& [alias, user] : aliases) {
        const std::uint32_t from = code(alias), to = code(user);
        if (of[from] != from && of[from] != to) {
            throw Error(ErrorCode::invalid_argument, "aliases: expected one user per alias, got two for \"" +
                                                         std::string(alias) + "\"; take one out");
        }
        of[from] = to;
        is_user.resize(of.size());
        is_user[to] = true;
    }
    for (std::uint32_t at = 0; at < of.size(); ++at) {
        if (of[at] == at || !is_user[at]) continue;
        throw Error(ErrorCode::invalid_argument, "aliases: expected users that are no aliases, got \"" +
                                                     std::string(log.users.text(at)) +
                                                     "\" as both; name the last user of the chain");
    }
    std::size_t rows = 0;
    for (std::uint32_t& user : log.user) {
        rows += of[user] != user;
        user = of[user];
    }
    return rows;
}

}  // namespace funnel::events
