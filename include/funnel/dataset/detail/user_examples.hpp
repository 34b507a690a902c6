// SPDX-License-Identifier: MIT
// UserExamples: the examples and labels of one user of a log; see examples.hpp for the rules.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/events/example_mode.hpp"
#include "funnel/events/horizon.hpp"
#include "funnel/events/visit.hpp"
#include "funnel/history/history.hpp"

namespace funnel::dataset {

namespace detail {

struct Target {
    std::string name;
    std::size_t stage = 0;
    std::int64_t horizon = 0;
};

struct ExampleRules {
    events::ExampleMode mode;
    const Funnel& funnel;
    const std::vector<Target>& targets;
    std::int64_t visit_gap;
    std::int64_t first;                 ///< no examples before
    std::optional<std::int64_t> until;  ///< no examples from here on
    std::int64_t end;                   ///< T
    std::vector<history::detail::Coded> waiting =
        {};  ///< what the history has taken in but does not use yet, by user
};

/// Bit k of known and positive is target k.
struct UserExample {
    std::uint64_t row = 0;
    std::uint64_t group = 0;
    std::uint32_t known = 0, positive = 0;
};

/// One thread at a time; the scratch is kept from user to user.
class UserExamples {
 public:
    /// Borrows everything; history may be nullptr.
    UserExamples(const EventLog& log, const ExampleRules& rules, const history::History* history);

    /// Adds the examples of one user to `out`. rows: all rows of the user after the watermark; sorted here.
    void find(std::uint32_t user, std::span<std::uint64_t> rows, std::vector<UserExample>& out);

 private:
    static constexpr std::uint32_t kNoExample = base::kNone;
    static constexpr std::int64_t kNoEvent = std::numeric_limits<std::int64_t>::max();

    /// An event of the user: a row of the log, or one that still waits in the history.
    struct Step {
        std::int64_t time = 0;
        std::uint64_t row = 0;
        std::uint32_t item = base::kNone;
        std::uint32_t visit = 0;   ///< from 0, in order of first events
        std::uint32_t stages = 0;  ///< bit k: counts for stage k
        std::uint32_t example = kNoExample;
        bool waits = false;
    };
    struct LocalVisit {
        std::uint64_t session = 0;
        std::int64_t start = 0, last = 0;
        bool goes_on = false;        ///< the history knows it ...
        std::uint32_t known_as = 0;  ///< ... under this number
    };

    void add_waiting();
    void add_step(Step step, EventKind kind, std::uint64_t session);
    void link_visit(LocalVisit& visit, std::int64_t time);
    void mark_examples(std::string_view user, std::vector<UserExample>& out);
    [[nodiscard]] bool seen_before(const Step& step) const;
    void label(std::span<UserExample> out);
    void label_group(std::span<const Step*> group, std::span<UserExample> out, bool of_visit);
    void label_example(const Step& step, UserExample& example, bool of_visit) const;

    const EventLog& log_;
    const ExampleRules& rules_;
    const history::detail::HistoryState* state_ = nullptr;
    events::VisitSplitter splitter_;
    std::uint32_t known_user_ = base::kNone;  ///< the user's number in the history
    std::vector<Step> steps_;
    std::vector<LocalVisit> visits_;
    std::vector<const Step*> order_;
    std::vector<std::int64_t> next_, next_strict_;  ///< per stage
    std::vector<std::uint32_t> ties_;               ///< per stage
};

inline UserExamples::UserExamples(const EventLog& log, const ExampleRules& rules,
                                  const history::History* history)
    : log_(log),
      rules_(rules),
      state_(history != nullptr ? &history->state() : nullptr),
      splitter_(rules.visit_gap),
      next_(rules.funnel.stages.size()),
      next_strict_(rules.funnel.stages.size()),
      ties_(rules.funnel.stages.size()) {}

inline void UserExamples::find(std::uint32_t user, std::span<std::uint64_t> rows,
                               std::vector<UserExample>& out) {
    const auto before = [&](std::uint64_t a, std::uint64_t b) { return events::row_before(log_, a, b); };
    if (!std::ranges::is_sorted(rows, before)) std::ranges::sort(rows, before);
    const std::string_view name = log_.users.text(user);
    known_user_ = state_ != nullptr ? state_->users.find(name) : base::kNone;
    splitter_.start_user();
    steps_.clear();
    visits_.clear();
    add_waiting();
    for (const std::uint64_t row : rows) {
        add_step({.time = log_.time[row], .row = row, .item = log_.item[row]}, log_.kind[row],
                 log_.session[row]);
    }
    const std::size_t begin = out.size();
    mark_examples(name, out);
    label(std::span(out).subspan(begin));
}

/// Events that the history has taken in but does not use yet tell which exposures are not the first.
inline void UserExamples::add_waiting() {
    if (known_user_ == base::kNone) return;
    auto at = std::ranges::lower_bound(rules_.waiting, known_user_, {}, &history::detail::Coded::user);
    for (; at != rules_.waiting.end() && at->user == known_user_; ++at) {
        const history::detail::Coded& event = *at;
        const std::uint32_t item =
            event.item == base::kNone ? base::kNone : log_.items.find(state_->items.text(event.item));
        add_step({.time = event.time, .item = item, .waits = true}, static_cast<EventKind>(event.kind),
                 event.session);
    }
}

inline void UserExamples::add_step(Step step, EventKind kind, std::uint64_t session) {
    step.visit = splitter_.visit(step.time, session);
    if (step.visit == visits_.size()) {
        visits_.push_back({.session = session, .start = step.time});
        link_visit(visits_.back(), step.time);
    }
    visits_[step.visit].last = step.time;
    for (std::size_t k = 0; k < rules_.funnel.stages.size(); ++k) {
        if ((rules_.funnel.stages[k].kinds & events::kind_bit(kind)) != 0) step.stages |= 1u << k;
    }
    if (step.stages != 0) steps_.push_back(step);
}

/// Finds out whether a visit that is new in this log goes on with one of the history.
inline void UserExamples::link_visit(LocalVisit& visit, std::int64_t time) {
    if (known_user_ == base::kNone) return;
    const history::detail::UserState* user = history::detail::live_user(*state_, known_user_, time);
    if (user == nullptr) return;
    // A later gap visit of this log cannot be the history's: more than the gap lies between its begin and
    // any event before it.
    const history::detail::Visit known =
        history::detail::visit_of(*state_, *user, known_user_, visit.session, time);
    visit.goes_on = !known.is_new;
    visit.known_as = known.number;
}

inline bool UserExamples::seen_before(const Step& step) const {
    const LocalVisit& visit = visits_[step.visit];
    if (!visit.goes_on) return false;
    std::uint32_t item = base::kNone;
    if (rules_.mode != events::ExampleMode::visit) item = state_->items.find(log_.items.text(step.item));
    if (item == base::kNone && rules_.mode != events::ExampleMode::visit) return false;
    return history::detail::is_exposed(*state_, known_user_, item, visit.known_as, step.time);
}

/// Marks the S0 steps that are examples: all, or the first of each (visit, item) or visit.
inline void UserExamples::mark_examples(std::string_view user, std::vector<UserExample>& out) {
    order_.clear();
    for (const Step& step : steps_) {
        const bool counts =
            (step.stages & 1) != 0 && (step.item != base::kNone || rules_.mode == events::ExampleMode::visit);
        if (counts) order_.push_back(&step);
    }
    const auto thing = [&](const Step* s) {
        return rules_.mode == events::ExampleMode::visit ? base::kNone : s->item;
    };
    if (rules_.mode != events::ExampleMode::every) {
        const auto before = [&](const Step* a, const Step* b) {
            return a->visit != b->visit   ? a->visit < b->visit
                   : thing(a) != thing(b) ? thing(a) < thing(b)
                                          : a < b;
        };
        std::ranges::sort(order_, before);
        const auto same = [&](const Step* a, const Step* b) {
            return a->visit == b->visit && thing(a) == thing(b);
        };
        order_.erase(std::unique(order_.begin(), order_.end(), same), order_.end());
    }
    const std::uint64_t user_hash = base::hash_bytes(user);
    const std::size_t begin = out.size();
    for (const Step* step : order_) {
        if (step->waits || step->time < rules_.first) continue;
        if (rules_.until && step->time >= *rules_.until) continue;
        if (rules_.mode != events::ExampleMode::every && seen_before(*step)) continue;
        const LocalVisit& visit = visits_[step->visit];
        const std::uint64_t key =
            visit.session != 0 ? visit.session : static_cast<std::uint64_t>(visit.start);
        steps_[static_cast<std::size_t>(step - steps_.data())].example =
            static_cast<std::uint32_t>(out.size() - begin);
        out.push_back({.row = step->row, .group = base::mix64(user_hash ^ base::mix64(key))});
    }
}

/// Labels of the examples: steps of one item (or of the user, or of one visit) from the last to the first.
inline void UserExamples::label(std::span<UserExample> out) {
    if (out.empty()) return;
    for (const bool of_visit : {false, true}) {
        const auto concerned = [&](const Target& t) {
            return (t.horizon == events::kVisitHorizon) == of_visit;
        };
        if (std::ranges::none_of(rules_.targets, concerned)) continue;
        order_.clear();
        for (const Step& step : steps_) {
            if (!step.waits) order_.push_back(&step);
        }
        const auto group = [&](const Step* s) {
            return of_visit ? s->visit : rules_.mode == events::ExampleMode::visit ? 0u : s->item;
        };
        std::ranges::stable_sort(order_, {}, group);
        for (std::size_t i = 0, end = 0; i < order_.size(); i = end) {
            while (end < order_.size() && group(order_[end]) == group(order_[i]))
                ++end;
            label_group(std::span(order_).subspan(i, end - i), out, of_visit);
        }
    }
}

inline void UserExamples::label_group(std::span<const Step*> group, std::span<UserExample> out,
                                      bool of_visit) {
    const std::size_t stages = next_.size();
    std::ranges::fill(next_, kNoEvent);
    for (std::size_t end = group.size(), begin = end; end > 0; end = begin) {
        const std::int64_t time = group[end - 1]->time;
        std::ranges::copy(next_, next_strict_.begin());
        std::ranges::fill(ties_, 0u);
        for (begin = end; begin > 0 && group[begin - 1]->time == time; --begin) {
            for (std::size_t k = 0; k < stages; ++k)
                ties_[k] += group[begin - 1]->stages >> k & 1;
        }
        for (std::size_t k = 0; k < stages; ++k) {
            if (ties_[k] > 0) next_[k] = time;
        }
        for (std::size_t i = begin; i < end; ++i) {
            if (group[i]->example != kNoExample) label_example(*group[i], out[group[i]->example], of_visit);
        }
    }
}

/// next_: first event of each stage at or after the step's time; next_strict_: after it; ties_: at it.
inline void UserExamples::label_example(const Step& step, UserExample& example, bool of_visit) const {
    for (std::size_t t = 0; t < rules_.targets.size(); ++t) {
        const Target& target = rules_.targets[t];
        if ((target.horizon == events::kVisitHorizon) != of_visit) continue;
        std::int64_t tau = kNoEvent;
        for (std::size_t k = target.stage; k < next_.size(); ++k) {
            // A stage of the same kinds as S0 needs another event than the example itself.
            const bool itself = (step.stages >> k & 1) != 0 && ties_[k] == 1;
            tau = std::min(tau, itself ? next_strict_[k] : next_[k]);
        }
        const std::int64_t from = of_visit ? visits_[step.visit].last : step.time;
        const std::int64_t horizon = of_visit ? rules_.visit_gap : target.horizon;
        const bool positive = tau != kNoEvent && (of_visit || events::within(step.time, tau, horizon));
        example.known |= (events::mature(from, horizon, rules_.end) ? 1u : 0u) << t;
        example.positive |= (positive ? 1u : 0u) << t;
    }
}

}  // namespace detail
}  // namespace funnel::dataset
