// SPDX-License-Identifier: MIT
// Paths: the ways that visits take through the shop, as count_paths gives them (docs/metrics.md, "Paths").
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/warning.hpp"
#include "funnel/eval/interval.hpp"
#include "funnel/events/money.hpp"

namespace funnel::metrics {

/// What a step of a path is: a stage of the funnel, or any type of event.
enum class PathSteps : std::uint8_t { stages, types };

inline constexpr std::size_t kMaxPathLength = 8;

struct PathOptions {
    PathSteps steps = PathSteps::stages;
    std::size_t length = 5;        ///< most steps, 1 to kMaxPathLength; a visit with more is cut there
    std::string by = {};           ///< as an entry of MetricsOptions::by; empty: none
    std::size_t most = 1'000'000;  ///< different paths held; with more, all are cut one step earlier
};

/// Of visits that take one path. Sums over paths are those of all visits, `users` aside.
struct PathCounts {
    std::int64_t visits = 0;
    std::int64_t longer = 0;         ///< of visits, those that go on after the last step
    std::int64_t bought = 0;         ///< of visits, those with a purchase, also behind the last step
    std::int64_t users = 0;          ///< who made the visits
    std::int64_t orders = 0;         ///< that began in the visits
    std::int64_t priced_orders = 0;  ///< of orders, those with an amount
    events::Money revenue = {};      ///< of the orders with all their lines, in whichever visit these are

    /// Whether the revenue is known: orders of which none has an amount have none, which is not 0.
    [[nodiscard]] bool priced() const noexcept { return orders == 0 || priced_orders > 0; }
    [[nodiscard]] bool operator==(const PathCounts&) const noexcept = default;
};

struct VisitPath {
    /// Per column of `by`; empty where the first row of the visit has no value.
    std::vector<std::optional<std::string>> values = {};
    std::vector<std::string> steps = {};  ///< empty: nothing of the visit is a step
    PathCounts counts = {};
    double share = 0;                         ///< of the visits of the key
    double conversion = 0;                    ///< bought / visits
    eval::Interval conversion_interval = {};  ///< 95 %, Wilson with the design effect of users
};

struct Paths {
    std::string by;
    std::vector<std::string> columns = {};  ///< of by
    PathSteps steps = PathSteps::stages;
    std::size_t length = 0;            ///< most steps; less than was asked for if the paths were too many
    std::int64_t visits = 0;           ///< of all keys
    std::vector<VisitPath> rows = {};  ///< by key bytes, the missing one last; then most visits; then steps
    bool has_amounts = false;          ///< revenue is known
    base::Warnings warnings = {};      ///< of orders, as metrics has them; "paths_cut"
};

}  // namespace funnel::metrics
