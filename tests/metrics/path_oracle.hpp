// SPDX-License-Identifier: MIT
// Funnels under rules, by trying every chain of every entity: straight from docs/metrics.md, sharing nothing
// with the library but the names of the rules.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "funnel/metrics/detail/funnel/funnel_rules.hpp"
#include "metrics/oracle.hpp"

namespace funnel::test {

/// Stage to the earliest end of a chain that ends there.
using Ends = std::map<std::size_t, std::int64_t>;

class PathOracle {
 public:
    PathOracle(std::vector<Row> log, Funnel funnel, metrics::FunnelRules rules, std::int64_t window,
               std::string entity)
        : funnel_(std::move(funnel)), rules_(std::move(rules)), window_(window) {
        std::ranges::stable_sort(log, {}, &Row::time);
        for (const Row& row : log) {
            if (entity == "user-item" && row.item.empty()) continue;
            const std::string name = entity == "user"      ? row.user
                                     : entity == "session" ? row.user + "/" + row.session
                                                           : row.user + "/" + row.item;
            entities_[name].push_back(row);
        }
    }

    [[nodiscard]] std::vector<std::int64_t> reached() const {
        std::vector<std::int64_t> out(funnel_.stages.size());
        for (const auto& [name, rows] : entities_) {
            std::set<std::size_t> stages;
            for (const auto& part : parts(rows)) {
                for (const auto& [start, ends] : tries(part)) {
                    for (const auto& [stage, end] : ends) {
                        if (rules_.count_entries) ++out[stage];
                        stages.insert(stage);
                    }
                }
            }
            if (rules_.count_entries) continue;
            for (const std::size_t stage : stages)
                ++out[stage];
        }
        return out;
    }

    /// Microseconds from the entry that came furthest (of equal ones the earliest; if parts tie, the times of
    /// any are right) to each stage that it reached; of a log with one entity.
    [[nodiscard]] std::set<std::vector<std::int64_t>> times() const {
        std::set<std::vector<std::int64_t>> out;
        std::pair<std::size_t, std::int64_t> best{0, 0};
        for (const auto& part : parts(entities_.begin()->second)) {
            for (const auto& [start, ends] : tries(part)) {
                const std::pair rank(ends.rbegin()->first + 1, -start);
                if (rank < best) continue;
                if (rank > best) out.clear();
                best = rank;
                std::vector<std::int64_t> times(funnel_.stages.size(), -1);
                for (const auto& [stage, end] : ends)
                    times[stage] = end - start;
                out.insert(times);
            }
        }
        return out;
    }

 private:
    using Rows = std::vector<Row>;

    [[nodiscard]] std::vector<Rows> parts(const Rows& rows) const {
        if (rules_.hold == metrics::Hold::nothing) return {rows};
        std::map<std::string, Rows> by;
        for (const Row& row : rows) {
            const std::string& what = rules_.hold == metrics::Hold::item ? row.item : row.key;
            if (!what.empty()) by[what].push_back(row);
        }
        std::vector<Rows> out;
        for (auto& [what, part] : by)
            out.push_back(part);
        return out;
    }

    [[nodiscard]] bool serves(const Row& row, std::size_t stage) const {
        return (funnel_.stages[stage].kinds >> static_cast<unsigned>(row.kind) & 1) != 0;
    }
    [[nodiscard]] bool excluded(const Row& row) const {
        return (rules_.excluded >> static_cast<unsigned>(row.kind) & 1) != 0;
    }

    /// What every entry that counts came to, by its time.
    [[nodiscard]] std::map<std::int64_t, Ends> tries(const Rows& rows) const {
        std::map<std::int64_t, Ends> out;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const auto add = [&](std::size_t stage, std::int64_t end) {
                auto& ends = out[rows[i].time];
                const auto at = ends.try_emplace(stage, end).first;
                at->second = std::min(at->second, end);
            };
            if (rules_.order == metrics::StepOrder::any) {
                for (std::size_t k = 0; k < funnel_.stages.size(); ++k) {
                    if (serves(rows[i], k)) any_order(rows, rows[i].time, add);
                }
                continue;
            }
            for (std::size_t k = 0; k < (rules_.open ? funnel_.stages.size() : 1); ++k) {
                if (!serves(rows[i], k)) continue;
                std::vector<std::size_t> chain{i};
                extend(rows, chain, k, add);
            }
        }
        return kept(rows, out);
    }

    [[nodiscard]] std::map<std::int64_t, Ends> kept(const Rows& rows,
                                                    std::map<std::int64_t, Ends> all) const {
        if (rules_.first_entry && !all.empty()) all.erase(std::next(all.begin()), all.end());
        if (!rules_.count_entries) return all;
        std::map<std::int64_t, Ends> out;
        std::optional<std::int64_t> busy;
        for (const auto& [start, ends] : all) {
            if (busy && start <= *busy) continue;
            out[start] = ends;
            const auto end = ends.find(funnel_.stages.size() - 1);
            busy = start + window_;
            for (const Row& row : rows) {
                if (excluded(row) && row.time > start) busy = std::min(*busy, row.time);
            }
            if (end != ends.end()) busy = end->second;
        }
        return out;
    }

    /// Whether a chain, given by its rows and the stage of its last, obeys all rules but those of its parts.
    [[nodiscard]] bool allowed(const Rows& rows, const std::vector<std::size_t>& chain) const {
        const std::int64_t first = rows[chain.front()].time, last = rows[chain.back()].time;
        if (last - first > window_) return false;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (rows[i].time <= first || rows[i].time >= last) continue;
            if (excluded(rows[i])) return false;
            if (rules_.order == metrics::StepOrder::strict && std::ranges::find(chain, i) == chain.end())
                return false;
        }
        return true;
    }

    template <typename Add>
    void extend(const Rows& rows, std::vector<std::size_t>& chain, std::size_t stage, const Add& add) const {
        if (allowed(rows, chain)) add(stage, rows[chain.back()].time);
        for (std::size_t next = stage + 1; next < funnel_.stages.size(); ++next) {
            for (std::size_t i = 0; i < rows.size(); ++i) {
                const std::int64_t wait = rows[i].time - rows[chain.back()].time;
                if (!serves(rows[i], next) || std::ranges::find(chain, i) != chain.end()) continue;
                if (wait < 0 || (rules_.strict_increase && wait == 0)) continue;
                const std::int64_t limit = rules_.step_window(next);
                if (limit != metrics::kNoStepWindow && wait > limit) continue;
                chain.push_back(i);
                extend(rows, chain, next, add);
                chain.pop_back();
            }
            if (!rules_.is_optional(next)) break;
        }
    }

    /// The most stages served by different rows in [start, end], for every end.
    template <typename Add>
    void any_order(const Rows& rows, std::int64_t start, const Add& add) const {
        for (const Row& last : rows) {
            if (last.time < start || last.time - start > window_) continue;
            if (std::ranges::any_of(rows, [&](const Row& row) {
                    return excluded(row) && row.time > start && row.time < last.time;
                }))
                continue;
            std::vector<bool> used(rows.size());
            const std::size_t most = match(rows, start, last.time, 0, used);
            for (std::size_t k = 0; k < most; ++k)
                add(k, last.time);
        }
    }

    [[nodiscard]] std::size_t match(const Rows& rows, std::int64_t start, std::int64_t end, std::size_t stage,
                                    std::vector<bool>& used) const {
        if (stage == funnel_.stages.size()) return 0;
        std::size_t best = match(rows, start, end, stage + 1, used);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (used[i] || rows[i].time < start || rows[i].time > end || !serves(rows[i], stage)) continue;
            used[i] = true;
            best = std::max(best, 1 + match(rows, start, end, stage + 1, used));
            used[i] = false;
        }
        return best;
    }

    Funnel funnel_;
    metrics::FunnelRules rules_;
    std::int64_t window_;
    std::map<std::string, Rows> entities_;
};

}  // namespace funnel::test
