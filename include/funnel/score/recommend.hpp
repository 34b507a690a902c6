// SPDX-License-Identifier: MIT
// recommend: the best items for each user, of the candidates that a Retriever names.
//
//     const history::Retriever retriever(*bundle.history, now);
//     const score::Scorer scorer(bundle, kernel::best());
//     const std::vector<std::string_view> users = retriever.users();
//     score::recommend(retriever, scorer, users, {.target = 0}, [&](const score::Recommendations& found) {
//         for (const score::RecommendedItem& item : found.items) show(item.id, item.p);
//     });
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/parallel.hpp"
#include "funnel/events/side_tables.hpp"
#include "funnel/history/retrieve.hpp"
#include "funnel/score/scorer.hpp"

namespace funnel::score {

struct RecommendOptions {
    std::size_t target = 0;        ///< index into Scorer::target_names: what the list is ordered by
    std::size_t top = 10;          ///< the most items per user
    std::size_t per_category = 0;  ///< the most of one category, 0: any number; items without one are free
    bool keep_rows = false;        ///< Recommendations::numeric and categorical, for explain::reasons
    unsigned threads = 1;
    /// What completes items for the scorer: decides their category before the history does.
    const events::FurtherInputs* further = nullptr;
};

struct RecommendedItem {
    std::string_view id;
    float p = 0;
    std::uint32_t source = 0;  ///< index into RetrieveOptions::sources
};

struct Recommendations {
    std::string_view user;
    bool known = false;                         ///< the history knows the user
    std::vector<RecommendedItem> items;         ///< best first; equal ones by id
    std::vector<float> numeric;                 ///< (items, d): the inputs of each, if they are kept
    std::vector<std::string_view> categorical;  ///< (items, c), valid as the ids
};

/// Finds lists for one user after the other. Borrows both; a thread of its own needs a recommender of its
/// own.
class ListMaker {
 public:
    /// Throws Error(invalid_argument) for a target that the scorer has not, Error(schema) for a history that
    /// does not fit it.
    ListMaker(const history::Retriever& retriever, const Scorer& scorer, const RecommendOptions& options);

    /// The best items for `user`, shown to the user at Retriever::now() in a new visit, places unknown. Ids
    /// are valid as long as the retriever. Allocates no more once it has seen as many candidates.
    void make(std::string_view user, Recommendations& found);

 private:
    struct Ranked {
        std::uint64_t key = 0;  // ascending: best first
        std::uint32_t candidate = 0;
    };
    void score(const events::Event& context, std::span<const history::RetrievedItem> candidates);
    [[nodiscard]] bool has_room(std::uint32_t item);
    void keep_row(std::size_t candidate, std::size_t candidates, Recommendations& found) const;

    const history::Retriever& retriever_;
    const Scorer& scorer_;
    RecommendOptions options_;
    history::Retriever::Workspace sources_;
    Scorer::Workspace workspace_ = {};
    history::ItemCodes codes_ = {};
    std::vector<events::Event> items_;
    std::vector<float> p_;
    std::vector<Ranked> order_;
    std::vector<std::pair<std::string_view, std::size_t>> categories_;  // of the list so far
};

/// Calls use(recommendations) for every one of `users`, in their order and from the calling thread; the same
/// lists for any number of threads. Throws as ListMaker.
template <typename Use>
void recommend(const history::Retriever& retriever, const Scorer& scorer,
               std::span<const std::string_view> users, const RecommendOptions& options, Use&& use) {
    constexpr std::size_t kTask = 16, kBlock = 64 * kTask;  // users: what is held at once
    std::vector<Recommendations> found(std::min(kBlock, users.size()));
    std::vector<std::unique_ptr<ListMaker>> idle;
    idle.push_back(
        std::make_unique<ListMaker>(retriever, scorer, options));  // what is wrong shows without users
    std::mutex mutex;
    const auto borrow = [&] {
        const std::scoped_lock lock(mutex);
        if (idle.empty()) return std::make_unique<ListMaker>(retriever, scorer, options);
        std::unique_ptr<ListMaker> maker = std::move(idle.back());
        idle.pop_back();
        return maker;
    };
    for (std::size_t first = 0; first < users.size(); first += kBlock) {
        const std::size_t n = std::min(kBlock, users.size() - first);
        base::for_each_task((n + kTask - 1) / kTask, options.threads, [&](std::size_t task) {
            std::unique_ptr<ListMaker> maker = borrow();
            for (std::size_t i = task * kTask; i < std::min(n, (task + 1) * kTask); ++i)
                maker->make(users[first + i], found[i]);
            const std::scoped_lock lock(mutex);
            idle.push_back(std::move(maker));
        });
        for (std::size_t i = 0; i < n; ++i)
            use(std::as_const(found[i]));
    }
}

inline ListMaker::ListMaker(const history::Retriever& retriever, const Scorer& scorer,
                            const RecommendOptions& options)
    : retriever_(retriever), scorer_(scorer), options_(options) {
    scorer.check_history(retriever.history());
    if (options.target < scorer.targets()) return;
    throw Error(ErrorCode::invalid_argument,
                "recommend: expected a target below " + std::to_string(scorer.targets()) + ", got \"" +
                    std::to_string(options.target) + "\"; see Scorer::target_names");
}

inline void ListMaker::score(const events::Event& context,
                             std::span<const history::RetrievedItem> candidates) {
    const std::size_t n = candidates.size(), targets = scorer_.targets();
    items_.assign(n, {});
    for (std::size_t i = 0; i < n; ++i)
        items_[i].item = retriever_.id(candidates[i].item);
    retriever_.look_up(candidates, codes_);
    p_.resize(n * targets);
    scorer_.score_items(retriever_.history(), context, items_, p_, workspace_, {.codes = &codes_});
    // Floats from 0 up are in the order of their bits. The place of the id behind them breaks ties.
    order_.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
        const auto bits = std::bit_cast<std::uint32_t>(p_[i * targets + options_.target]);
        order_[i] = {std::uint64_t{~bits} << 32 | retriever_.place(candidates[i].item),
                     static_cast<std::uint32_t>(i)};
    }
}

/// Counts the item in its category; false if that is full.
inline bool ListMaker::has_room(std::uint32_t item) {
    if (options_.per_category == 0) return true;
    events::Event event{.item = retriever_.id(item)};
    if (options_.further != nullptr) options_.further->complete(event);
    const std::string_view category = event.category.empty() ? retriever_.category(item) : event.category;
    if (category.empty()) return true;
    auto at = std::ranges::find(categories_, category, &std::pair<std::string_view, std::size_t>::first);
    if (at == categories_.end()) at = categories_.insert(at, {category, 0});
    return at->second < options_.per_category && ++at->second > 0;
}

/// Scoring leaves the inputs of all candidates in its workspace.
inline void ListMaker::keep_row(std::size_t candidate, std::size_t candidates, Recommendations& found) const {
    const auto append = [&](const auto& rows, auto& to) {
        const std::size_t width = rows.size() / candidates;
        const auto row = rows.begin() + static_cast<std::ptrdiff_t>(candidate * width);
        to.insert(to.end(), row, row + static_cast<std::ptrdiff_t>(width));
    };
    append(workspace_.numeric, found.numeric);
    append(workspace_.categorical, found.categorical);
}

inline void ListMaker::make(std::string_view user, Recommendations& found) {
    found.user = user;
    found.known = retriever_.knows(user);
    found.items.clear();
    found.numeric.clear();
    found.categorical.clear();
    const std::span<const history::RetrievedItem> candidates = retriever_.retrieve(user, sources_);
    if (candidates.empty()) return;
    score({.time = retriever_.now(), .kind = events::EventKind::impression, .user = user}, candidates);
    const std::size_t sorted =
        options_.per_category == 0 ? std::min(options_.top, order_.size()) : order_.size();
    std::ranges::partial_sort(order_, order_.begin() + static_cast<std::ptrdiff_t>(sorted), {}, &Ranked::key);
    categories_.clear();
    for (std::size_t i = 0; i < sorted && found.items.size() < options_.top; ++i) {
        const std::size_t at = order_[i].candidate;
        if (!has_room(candidates[at].item)) continue;
        found.items.push_back({.id = items_[at].item,
                               .p = p_[at * scorer_.targets() + options_.target],
                               .source = candidates[at].source});
        if (options_.keep_rows) keep_row(at, candidates.size(), found);
    }
}

}  // namespace funnel::score
