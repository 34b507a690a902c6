// SPDX-License-Identifier: MIT
// ClickHouseFunnel: how far an entity comes according to ClickHouse's windowFunnel in its default mode: rows
// sorted by (time, step), and a row serves every step it fits (AggregateFunctionWindowFunnel.cpp).
// explain_clickhouse: which users it counts differently from us, and by which rule.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/events/visit.hpp"
#include "funnel/metrics/detail/funnel/funnel_reach.hpp"
#include "funnel/metrics/detail/tally/tally_plan.hpp"
#include "funnel/metrics/detail/tally/user_rows.hpp"
#include "funnel/metrics/funnel_disagreement.hpp"

namespace funnel::metrics {

/// One thread at a time. Rows x stages.
class ClickHouseFunnel {
 public:
    ClickHouseFunnel(const StageSets& sets, std::int64_t window) : sets_(sets), window_(window) {}

    void start_entity() noexcept {
        start_.fill(std::nullopt);
        group_ = 0;
        any_ = false;
    }

    /// Rows in order of time. entry: whether it may be step 1.
    void add(std::uint8_t set, std::int64_t time, bool entry) noexcept {
        if (any_ && time != time_) close_group();
        any_ = true;
        time_ = time;
        entry_ = entry;
        if (set != StageSets::kNoSet) group_ |= std::uint32_t{1} << set;
    }

    /// Stages reached; after the last row.
    [[nodiscard]] std::size_t reach() noexcept {
        if (any_) close_group();
        any_ = false;
        for (std::size_t k = sets_.stages(); k > 0; --k) {
            if (start_[k - 1]) return k;
        }
        return 0;
    }

 private:
    // The rows at one time, step by step: what they give does not depend on how many of a kind there are.
    void close_group() noexcept {
        for (std::size_t k = 0; k < sets_.stages(); ++k) {
            if ((group_ >> sets_.of_stage(k) & 1) == 0) continue;
            if (k == 0) {
                if (entry_) start_[0] = time_;
            } else if (start_[k - 1] && events::within(*start_[k - 1], time_, window_)) {
                start_[k] = start_[k - 1];
            }
        }
        group_ = 0;
    }

    StageSets sets_;
    std::int64_t window_;
    std::array<std::optional<std::int64_t>, kMaxStages>
        start_{};              // the latest start of a chain to this stage
    std::uint32_t group_ = 0;  // sets with a row at time_
    std::int64_t time_ = 0;
    bool any_ = false, entry_ = false;
};

namespace detail {

/// Both funnels of every user. One thread at a time.
class FunnelComparer {
 public:
    explicit FunnelComparer(const TallyPlan& plan)
        : plan_(&plan), ours_(plan.sets, plan.options.window), theirs_(plan.sets, plan.options.window) {}

    void add_user(std::span<const UserRow> rows) {
        ours_.start_entity();
        theirs_.start_entity();
        for (const UserRow& row : rows) {
            const bool entry = row.time >= plan_->first_counted && row.time <= plan_->last_counted;
            const std::uint8_t set = plan_->sets.of(row.kind);
            if (set == StageSets::kNoSet) continue;
            ours_.add(set, row.time, entry ? 0 : FunnelReach::kNoEntry);
            theirs_.add(set, row.time, entry);
        }
        const std::size_t ours = ours_.best(plan_->last_time).reach, theirs = theirs_.reach();
        if (ours == theirs) return;
        found_.push_back({std::string(plan_->log.users.text(rows.front().user)), ours, theirs,
                          "one row serves two steps"});
    }

    [[nodiscard]] const std::vector<FunnelDisagreement>& found() const noexcept { return found_; }

 private:
    const TallyPlan* plan_;
    FunnelReach ours_;
    ClickHouseFunnel theirs_;
    std::vector<FunnelDisagreement> found_;
};

}  // namespace detail

/// Users, sorted by id, whose plain funnel ClickHouse counts differently. options.entity must be user.
[[nodiscard]] inline std::vector<FunnelDisagreement> explain_clickhouse(const EventLog& log,
                                                                        const MetricsOptions& options,
                                                                        const LogFacts& facts) {
    const TallyPlan plan(log, options, facts);
    std::vector<detail::FunnelComparer> workers(std::max(1u, options.threads), detail::FunnelComparer(plan));
    for_each_user(
        log, [](std::size_t) { return std::uint16_t{0}; }, std::span(workers));
    std::vector<FunnelDisagreement> all;
    for (const auto& worker : workers)
        all.insert(all.end(), worker.found().begin(), worker.found().end());
    std::ranges::sort(all, {}, &FunnelDisagreement::user);
    return all;
}

}  // namespace funnel::metrics
