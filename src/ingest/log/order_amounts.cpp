// SPDX-License-Identifier: MIT
#include "ingest/log/order_amounts.hpp"
#include "funnel/base/count_words.hpp"

#include <cmath>
#include <unordered_map>

namespace funnel::ingest::detail {

void OrderAmounts::add(const LogPlan& plan, std::uint32_t order, double revenue) {
    if (plan.revenue == kNoSlot || order == base::kNone || std::isnan(revenue)) return;
    const bool totals = (plan.order_totals & events::kind_bit(events::EventKind::purchase)) != 0;
    if (!totals && different_ > 0) return;  // amounts of lines, as they should be
    if (order >= state_.size()) {
        state_.resize(order + 1, none);
        first_.resize(order + 1, 0);
    }
    State& state = state_[order];
    if (state == none) {
        first_[order] = revenue;
        state = one_line;
    } else if (first_[order] != revenue && state != different) {
        if (state == equal) --equal_;
        state = different;
        ++different_;
    } else if (state == one_line && revenue != 0) {
        state = equal;
        ++equal_;
    }
    if (totals || different_ == 0) return;
    first_ = {};
    state_ = {};
}

void OrderAmounts::tell(const LogPlan& plan, std::vector<std::string>& notes,
                        base::Warnings& warnings) const {
    if ((plan.order_totals & events::kind_bit(events::EventKind::purchase)) != 0) {
        if (different_ == 0) return;
        warnings.push_back(
            {"order_totals_differ", base::counted(different_, "order") +
                                        " with different totals on the lines: the first total counts"});
        return;
    }
    // One order of two equal lines may be chance.
    if (different_ > 0 || equal_ < 2) return;
    notes.push_back("all lines of an order have the same revenue, in each of the " +
                    base::format_count(equal_) +
                    " orders of several lines: if it is the total of the order, map it as order_revenue");
}

void count_totals_once(events::EventLog& log, events::KindSet kinds) {
    std::unordered_map<std::uint64_t, std::uint64_t> first;  // key of an order to its first filled row
    const auto key_of = [&](const events::OrderLine& line) {
        return (std::uint64_t{log.user[line.row]} << 32 | line.order) * 2 +
               (log.kind[line.row] == events::EventKind::refund ? 1 : 0);
    };
    const auto is_total = [&](const events::OrderLine& line) {
        return line.order != base::kNone && (kinds & events::kind_bit(log.kind[line.row])) != 0;
    };
    for (const events::OrderLine& line : log.order_lines) {
        if (is_total(line) && !std::isnan(line.revenue)) first.try_emplace(key_of(line), line.row);
    }
    for (events::OrderLine& line : log.order_lines) {
        if (!is_total(line)) continue;
        const auto at = first.find(key_of(line));
        if (at != first.end() && at->second != line.row) line.revenue = 0;
    }
}

}  // namespace funnel::ingest::detail
