// SPDX-License-Identifier: MIT
// judge_lists: the order of shown lists against what was clicked and bought from them (docs/evaluation.md,
// "Lists").
//
//     const Funnel& funnel = bundle.log->funnel;
//     history::History history = *bundle.history;
//     dataset::ExampleOptions every;
//     every.mode = events::ExampleMode::every;
//     const auto rows = dataset::build_examples(log, funnel, every, &history);
//     const score::Scorer scorer(bundle, kernel::best());
//     score::ScoredExamples hidden;  // each impression is a row, scored as if its place were not known
//     (void)score::score_log(log, history, rows, scorer, {}, &hidden);
//     const score::ListEvaluation lists = score::judge_lists(log, hidden, funnel);
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_set>
#include <utility>
#include <vector>

#include "funnel/base/label.hpp"
#include "funnel/base/random.hpp"
#include "funnel/eval/clustered.hpp"
#include "funnel/eval/list_figures.hpp"
#include "funnel/eval/place_factors.hpp"
#include "funnel/events/event_log.hpp"
#include "funnel/events/funnel_stages.hpp"
#include "funnel/metrics/credited_impressions.hpp"
#include "funnel/metrics/measure.hpp"
#include "funnel/score/evaluation.hpp"
#include "funnel/score/list_evaluation.hpp"

namespace funnel::score {

/// A list: all rows of one user, visit, list name and moment, two or more with a positive among them.
/// examples: every impression of the log, scored without its place (mode `every`). A click is one that
/// credits the impression, as in ctr; what comes later is the label, and lists whose label is not known yet
/// are left out. Text column `list` and number column `position` of the log are used where it has them.
/// Without an impression among the examples: reason "no_impressions". O(n log n); memory: 30 bytes per
/// example.
[[nodiscard]] ListEvaluation judge_lists(const EventLog& log, const ScoredExamples& examples,
                                         const Funnel& funnel, std::size_t k = 10, unsigned threads = 1);

namespace detail {

/// Sums over lists, by groups of users.
struct ListSums {
    double lists = 0, paired = 0, weight = 0;
    eval::ListFigures ours = {}, paired_ours = {}, logged = {}, weighted = {};

    void subtract(const ListSums& other) noexcept { add(other, -1); }
    void add(const ListSums& other, double sign = 1) noexcept {
        lists += sign * other.lists;
        paired += sign * other.paired;
        weight += sign * other.weight;
        add(ours, other.ours, sign);
        add(paired_ours, other.paired_ours, sign);
        add(logged, other.logged, sign);
        add(weighted, other.weighted, sign);
    }
    static void add(eval::ListFigures& sum, const eval::ListFigures& more, double factor) noexcept {
        sum.ndcg += factor * more.ndcg;
        sum.mrr += factor * more.mrr;
        sum.hit += factor * more.hit;
    }
};

/// What is judged of one segment.
class ListTally {
 public:
    void add(std::uint64_t user, std::uint64_t rows, std::uint64_t positives, const eval::ListFigures& ours,
             bool paired, const eval::ListFigures& logged, double weight) {
        ListSums& sums = groups_[base::mix64(user) % eval::kUserGroups];
        ListSums::add(sums.ours, ours, 1);
        ++sums.lists;
        if (paired) {
            ++sums.paired;
            sums.weight += weight;
            ListSums::add(sums.paired_ours, ours, 1);
            ListSums::add(sums.logged, logged, 1);
            ListSums::add(sums.weighted, ours, weight);
            ListSums::add(sums.weighted, logged, -weight);
        }
        ++judged_.lists;
        judged_.rows += rows;
        judged_.positives += positives;
        judged_.paired += paired;
        users_.insert(user);
        if (paired) paired_users_.insert(user);
    }

    [[nodiscard]] JudgedLists judged(std::string name) const {
        JudgedLists out = judged_;
        out.name = std::move(name);
        out.users = users_.size();
        ListSums all;
        for (const ListSums& group : groups_)
            all.add(group);
        const auto figure = [&](eval::Scale scale, std::size_t users, auto&& value_of) {
            ListFigure result;
            const double value = value_of(all);
            if (!std::isfinite(value)) return ListFigure{{}, {{}, eval::kUndefined}};
            result.value = value;
            if (users < eval::kFewUsers) {
                result.range = {{}, eval::kFewUsersReason};
                return result;
            }
            std::array<double, eval::kUserGroups> without{};
            for (std::size_t g = 0; g < without.size(); ++g) {
                ListSums rest = all;
                rest.subtract(groups_[g]);
                without[g] = value_of(rest);
            }
            const auto interval = eval::jackknife(value, without, scale);
            result.range = {interval, interval ? std::string_view{} : eval::kAtTheEdge};
            return result;
        };
        const auto figures = [&](eval::Scale scale, std::size_t users, auto&& value_of) {
            return OrderFigures{
                figure(scale, users,
                       [&](const ListSums& s) { return value_of(s, &eval::ListFigures::ndcg); }),
                figure(scale, users, [&](const ListSums& s) { return value_of(s, &eval::ListFigures::mrr); }),
                figure(scale, users,
                       [&](const ListSums& s) { return value_of(s, &eval::ListFigures::hit); })};
        };
        out.ours = figures(eval::Scale::logit, users_.size(),
                           [](const ListSums& s, auto part) { return s.ours.*part / s.lists; });
        out.logged = figures(eval::Scale::logit, paired_users_.size(),
                             [](const ListSums& s, auto part) { return s.logged.*part / s.paired; });
        out.difference = figures(eval::Scale::plain, paired_users_.size(), [](const ListSums& s, auto part) {
            return (s.paired_ours.*part - s.logged.*part) / s.paired;
        });
        out.reweighted = figures(eval::Scale::plain, paired_users_.size(),
                                 [](const ListSums& s, auto part) { return s.weighted.*part / s.weight; });
        return out;
    }

    [[nodiscard]] std::uint64_t lists() const noexcept { return judged_.lists; }

 private:
    std::array<ListSums, eval::kUserGroups> groups_ = {};
    JudgedLists judged_ = {};
    std::unordered_set<std::uint64_t> users_, paired_users_;
};

/// min(b_1 / b_place, 10) of every place; empty with a reason where the places say nothing.
class PlaceWeights {
 public:
    PlaceWeights(const EventLog& log, const ScoredExamples& examples,
                 std::span<const std::uint8_t> credited) {
        const events::NumberColumn* position = log.number_column("position");
        if (position == nullptr) {
            reason_ = "no_positions";
            return;
        }
        std::map<std::pair<std::uint32_t, std::uint32_t>, eval::PlaceCell> cells;
        std::uint32_t places = 0;
        for (const encoding::ExampleKey& key : examples.keys) {
            const std::uint32_t item = log.item[key.row];
            const auto place = place_of(position->value[key.row]);
            if (item == base::kNone || !place) continue;
            eval::PlaceCell& cell =
                cells.try_emplace({item, *place}, eval::PlaceCell{item, *place}).first->second;
            ++cell.shown;
            cell.clicked += credited[key.row];
            places = std::max(places, *place + 1);
        }
        std::vector<eval::PlaceCell> table;
        for (const auto& [key, cell] : cells)
            table.push_back(cell);
        const eval::PlaceFactors factors = eval::place_factors(table, log.items.size(), places);
        reason_ = cells.empty() ? "no_positions" : factors.reason;
        double first = 0;  // of the first place that anything was clicked at
        for (const double factor : factors.place) {
            if (first == 0 && factor > 0) first = factor;
            weights_.push_back(first > 0 && factor > 0 ? std::min(first / factor, kMost) : kMost);
        }
    }

    [[nodiscard]] std::string_view reason() const noexcept { return reason_; }
    [[nodiscard]] double of(float position) const noexcept {
        const auto place = place_of(position);
        return place && *place < weights_.size() ? weights_[*place] : 1;
    }
    /// The place, if it is a whole number below 65,536.
    [[nodiscard]] static std::optional<std::uint32_t> place_of(float position) noexcept {
        const bool is_place = position >= 0 && position < 65536 && position == std::floor(position);
        return is_place ? std::optional(static_cast<std::uint32_t>(position)) : std::nullopt;
    }

 private:
    static constexpr double kMost = 10;
    std::string_view reason_ = {};
    std::vector<double> weights_;
};

/// Example numbers of one list after the other.
class ListFinder {
 public:
    ListFinder(const EventLog& log, const ScoredExamples& examples) {
        const events::TextColumn* list = log.text_column("list");
        const auto key = [&](std::uint32_t i) {
            const encoding::ExampleKey& k = examples.keys[i];
            return std::tuple(k.user, k.group, list == nullptr ? base::kNone : list->code[k.row], k.time, i);
        };
        for (std::uint32_t i = 0; i < examples.size(); ++i) {
            if (log.kind[examples.keys[i].row] == EventKind::impression) order_.push_back(i);
        }
        std::ranges::sort(order_, {}, key);
        for (std::uint32_t i = 0; i < order_.size(); ++i) {
            const auto same = [&] {
                const auto a = key(order_[i - 1]), b = key(order_[i]);
                return std::tie(std::get<0>(a), std::get<1>(a), std::get<2>(a), std::get<3>(a)) ==
                       std::tie(std::get<0>(b), std::get<1>(b), std::get<2>(b), std::get<3>(b));
            };
            if (i > 0 && same())
                ++ends_.back();
            else
                ends_.push_back(i + 1);
        }
    }

    /// Calls visit(span of example numbers) for every list of two rows or more.
    template <typename Visit>
    void for_each(Visit&& visit) const {
        std::size_t begin = 0;
        for (const std::size_t end : ends_) {
            if (end - begin > 1) visit(std::span<const std::uint32_t>(order_).subspan(begin, end - begin));
            begin = end;
        }
    }

 private:
    std::vector<std::uint32_t> order_;
    std::vector<std::size_t> ends_;
};

/// Judges the lists of one target.
class ListJudge {
 public:
    ListJudge(const EventLog& log, const ScoredExamples& examples, const PlaceWeights& weights, std::size_t k)
        : examples_(examples),
          weights_(weights),
          k_(k),
          position_(log.number_column("position")),
          list_(log.text_column("list")) {}

    /// labels: per example, 0, 1 or unknown.
    [[nodiscard]] TargetLists judge(const ListFinder& lists, std::size_t target,
                                    std::span<const std::uint8_t> labels) {
        lists.for_each([&](std::span<const std::uint32_t> rows) { add(rows, target, labels); });
        TargetLists out{.target = examples_.targets[target], .all = all_.judged("")};
        if (all_.lists() > 0 && out.all.paired == 0) out.logged_reason = "no_positions";
        out.place_reason = weights_.reason();
        for (const auto& [name, tally] : by_list_) {
            out.by_list.push_back(tally.judged(name.value_or("")));
            out.by_list.back().unnamed = !name;
        }
        std::ranges::stable_sort(out.by_list, std::greater<>(), &JudgedLists::lists);
        out.by_user.push_back(known_.judged("known_users"));
        out.by_user.push_back(new_.judged("new_users"));
        if (!out.place_reason.empty()) {
            out.all.reweighted = {};
            for (auto* segments : {&out.by_list, &out.by_user}) {
                for (JudgedLists& segment : *segments)
                    segment.reweighted = {};
            }
        }
        return out;
    }

 private:
    void add(std::span<const std::uint32_t> rows, std::size_t target, std::span<const std::uint8_t> labels) {
        scores_.clear();
        labels_.clear();
        places_.clear();
        double weight = 0, positives = 0;
        bool placed = position_ != nullptr;
        for (const std::uint32_t i : rows) {
            if (labels[i] == base::kUnknownLabel) return;
            const encoding::ExampleKey& key = examples_.keys[i];
            scores_.push_back(static_cast<double>(examples_.scores[target][i]));
            labels_.push_back(labels[i]);
            const float position = position_ == nullptr ? std::nanf("") : position_->value[key.row];
            placed = placed && !std::isnan(position);
            places_.push_back(-static_cast<double>(position));
            if (labels[i] != 1) continue;
            ++positives;
            weight += weights_.of(position);
        }
        const auto ours = eval::list_figures(scores_, labels_, k_);
        if (!ours) return;
        // With a positive, as in ours; no optional, of whose value g++ believes that it is read
        // uninitialized.
        const eval::ListFigures logged =
            placed ? eval::list_figures(places_, labels_, k_).value_or(eval::ListFigures{})
                   : eval::ListFigures{};
        const encoding::ExampleKey& key = examples_.keys[rows.front()];
        const std::uint64_t user = examples_.clusters[rows.front()];
        const auto put = [&](ListTally& tally) {
            tally.add(user, rows.size(), static_cast<std::uint64_t>(positives), *ours, placed, logged,
                      weight / positives);
        };
        put(all_);
        put(key.known_user ? known_ : new_);
        if (list_ == nullptr) return;
        const std::uint32_t code = list_->code[key.row];
        std::optional<std::string> name;
        if (code != base::kNone) name = std::string(list_->values.text(code));
        put(by_list_[name]);
    }

    const ScoredExamples& examples_;
    const PlaceWeights& weights_;
    std::size_t k_;
    const events::NumberColumn* position_;
    const events::TextColumn* list_;
    ListTally all_, known_, new_;
    std::map<std::optional<std::string>, ListTally> by_list_;
    std::vector<double> scores_, places_;
    std::vector<std::uint8_t> labels_;
};

}  // namespace detail

inline ListEvaluation judge_lists(const EventLog& log, const ScoredExamples& examples, const Funnel& funnel,
                                  std::size_t k, unsigned threads) {
    ListEvaluation out{.k = k};
    const bool shown = std::ranges::any_of(examples.keys, [&](const encoding::ExampleKey& key) {
        return log.kind[key.row] == EventKind::impression;
    });
    if (!shown) {
        out.reason = "no_impressions";
        return out;
    }
    const EventKind click = metrics::facts_of(log).click();
    const std::vector<std::uint8_t> credited = metrics::credited_impressions(log, click, threads);
    const detail::PlaceWeights weights(log, examples, credited);
    const detail::ListFinder lists(log, examples);
    std::vector<std::uint8_t> labels;
    for (std::size_t t = 0; t < examples.targets.size(); ++t) {
        labels = examples.labels[t];
        const auto stage = std::ranges::find(funnel.stages, examples.targets[t], &events::Stage::name);
        if (stage != funnel.stages.end() && (stage->kinds & events::kind_bit(click)) != 0) {
            for (std::size_t i = 0; i < labels.size(); ++i) {
                if (labels[i] != base::kUnknownLabel) labels[i] = credited[examples.keys[i].row];
            }
        }
        out.targets.push_back(detail::ListJudge(log, examples, weights, k).judge(lists, t, labels));
    }
    return out;
}

}  // namespace funnel::score
