// SPDX-License-Identifier: MIT
// Retriever: which items a user might be shown at one moment, from named sources over one history.
//
//     const history::Retriever retriever(*bundle.history, now);  // share it between threads
//     history::Retriever::Workspace workspace;                   // one per thread
//     for (const history::RetrievedItem& found : retriever.retrieve("u1", workspace))
//         show(retriever.id(found.item));
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/history/detail/item_sources.hpp"
#include "funnel/history/detail/user_items.hpp"
#include "funnel/history/history.hpp"

namespace funnel::history {

/// Where candidates come from. All but `listed` give what the shop shows: items with at least half as many
/// exposures as clicks, carts or purchases. Others, such as variants that are only sold, no model can judge.
enum class SourceKind : std::uint8_t {
    seen,      ///< what the user viewed, clicked, put into the cart or bought, the latest first
    coviewed,  ///< what is often looked at in the same visits as the last ten of these, which it leaves out
    popular,   ///< what most visits engaged with, each visit counting less as it ages
    fresh,     ///< "new": first met within the half-life of counts, after the first week of the history
    listed     ///< a list that the caller brings
};

inline constexpr std::array<std::string_view, 4> kSourceNames = {"seen", "coviewed", "popular", "new"};

/// A source gives its first `limit` items that are not excluded.
struct CandidateSource {
    SourceKind kind = SourceKind::popular;
    std::size_t limit = 100;
    std::vector<std::string> items = {};  ///< of SourceKind::listed, best first
};

struct RetrieveOptions {
    /// An item that several of them give comes from the first.
    std::vector<CandidateSource> sources = {{SourceKind::seen, 100, {}},
                                            {SourceKind::coviewed, 100, {}},
                                            {SourceKind::popular, 200, {}},
                                            {SourceKind::fresh, 100, {}}};
    /// Leaves out what the user bought less than so many microseconds ago. The history remembers
    /// HistoryOptions::forget.
    std::optional<std::int64_t> exclude_bought = {};
    bool exclude_cart = false;  ///< what is in the user's cart
    bool exclude_seen = false;  ///< what SourceKind::seen would give
};

struct RetrievedItem {
    std::uint32_t item = 0;    ///< see Retriever::id
    std::uint32_t source = 0;  ///< index into RetrieveOptions::sources
};

/// The candidates of all users at one time. Borrows the history, which must not observe anything while this
/// is in use. Holds up to 16 bytes per item and 24 per pair of a user and an item that the history keeps.
/// Const calls may run concurrently, each with a workspace of its own.
class Retriever {
 public:
    /// Reused from call to call; 8 bytes per item. Any will do, also one that another retriever has used.
    struct Workspace {
        std::vector<RetrievedItem> candidates = {};

     private:
        friend class Retriever;
        void begin(const void* owner, std::size_t items);
        /// True the first time since the call began.
        bool mark(std::vector<std::uint32_t>& marks, std::uint32_t item) noexcept {
            return std::exchange(marks[item], call_) != call_;
        }
        std::vector<std::uint32_t> excluded_ = {}, taken_ = {};
        detail::ItemSums sums_ = {};
        const void* owner_ = nullptr;
        std::uint32_t call_ = 0;
    };

    /// Throws Error(invalid_argument) if `now` is before the watermark of the history, and for times to
    /// exclude that are negative or longer than it remembers. O((items + pairs) log) of the history.
    explicit Retriever(const History& history, std::int64_t now, RetrieveOptions options = {});

    /// The candidates of `user`, without repeats, by source and its order; those of nobody for a user that
    /// the history does not know. Ties go by item id. Valid until the next call with this workspace.
    /// O(candidates + what is excluded).
    [[nodiscard]] std::span<const RetrievedItem> retrieve(std::string_view user, Workspace& workspace) const;

    /// Whether the history knows the user.
    [[nodiscard]] bool knows(std::string_view user) const noexcept { return number_of(user) != kNone; }
    /// All users that it knows, in the order of their ids. O(users log users).
    [[nodiscard]] std::vector<std::string_view> users() const;

    /// The id of a candidate's item.
    [[nodiscard]] std::string_view id(std::uint32_t item) const noexcept {
        const std::uint32_t known = state_.items.size();
        return item < known ? state_.items.text(item) : extra_.text(item - known);
    }
    /// Its place among all items in the order of ids.
    [[nodiscard]] std::uint32_t place(std::uint32_t item) const noexcept { return places_[item]; }
    /// Its category as the history knows it, or an empty text.
    [[nodiscard]] std::string_view category(std::uint32_t item) const noexcept;
    /// The codes of candidates for History::features_for_items.
    void look_up(std::span<const RetrievedItem> candidates, ItemCodes& codes) const;

    [[nodiscard]] const History& history() const noexcept { return history_; }
    [[nodiscard]] std::int64_t now() const noexcept { return now_; }
    [[nodiscard]] const RetrieveOptions& options() const noexcept { return options_; }

 private:
    [[nodiscard]] std::uint32_t number_of(std::string_view user) const noexcept;
    void add_lists();
    void exclude(std::uint32_t user, Workspace& workspace) const;
    void take(std::span<const std::uint32_t> items, std::uint32_t source, Workspace& workspace) const;

    const History& history_;
    const detail::HistoryState& state_;
    std::int64_t now_;
    RetrieveOptions options_;
    base::StringTable extra_;                         // items of lists that the history does not know
    std::vector<std::vector<std::uint32_t>> listed_;  // per source
    std::vector<std::uint32_t> places_;               // per item
    std::vector<bool> shown_;                         // per item of the history
    std::vector<std::uint32_t> popular_, fresh_;
    std::optional<detail::UserItems> own_;
};

namespace detail {

inline RetrieveOptions checked(RetrieveOptions options, const HistoryOptions& history, std::int64_t watermark,
                               std::int64_t now) {
    if (now < watermark) {
        throw Error(ErrorCode::invalid_argument, "retrieve: expected a time not before the last event, " +
                                                     base::format_time(watermark) + ", got \"" +
                                                     base::format_time(now) + "\"; use an older history");
    }
    const std::int64_t bought = options.exclude_bought.value_or(0);
    if (bought >= 0 && bought <= history.forget) return options;
    throw Error(ErrorCode::invalid_argument, "retrieve: expected to exclude what was bought within at most " +
                                                 base::format_duration(history.forget) +
                                                 ", which is what the history remembers, got \"" +
                                                 base::format_duration(bought) +
                                                 "\"; ask for less, or make a history with a longer forget");
}

}  // namespace detail

inline void Retriever::Workspace::begin(const void* owner, std::size_t items) {
    candidates.clear();
    if (owner_ != owner || excluded_.size() != items || ++call_ == 0) {
        excluded_.assign(items, 0);
        taken_.assign(items, 0);
        owner_ = owner;
        call_ = 1;
    }
}

inline Retriever::Retriever(const History& history, std::int64_t now, RetrieveOptions options)
    : history_(history),
      state_(history.state()),
      now_(now),
      options_(detail::checked(std::move(options), history.options(), history.watermark(), now)) {
    add_lists();
    places_ = detail::places_of_ids(state_.items, extra_);
    shown_ = detail::shown_items(state_, now_);
    const auto has = [&](SourceKind kind) {
        return std::ranges::find(options_.sources, kind, &CandidateSource::kind) != options_.sources.end();
    };
    if (has(SourceKind::popular)) popular_ = detail::popular_items(state_, now_, places_);
    if (has(SourceKind::fresh)) fresh_ = detail::fresh_items(state_, now_, places_);
    if (has(SourceKind::seen) || has(SourceKind::coviewed) || options_.exclude_seen ||
        options_.exclude_bought)
        own_.emplace(state_, now_, places_);
}

/// The lists as numbers: items that the history does not know come after those that it knows.
inline void Retriever::add_lists() {
    for (const CandidateSource& source : options_.sources) {
        std::vector<std::uint32_t>& items = listed_.emplace_back();
        for (const std::string& id : source.items) {
            const std::uint32_t known = state_.items.find(id);
            items.push_back(known != kNone ? known : state_.items.size() + extra_.intern(id));
        }
    }
}

inline std::uint32_t Retriever::number_of(std::string_view user) const noexcept {
    const std::uint32_t number = state_.users.find(user);
    return number != kNone && detail::live_user(state_, number, now_) != nullptr ? number : kNone;
}

inline std::vector<std::string_view> Retriever::users() const {
    std::vector<std::string_view> users;
    for (std::uint32_t u = 0; u < state_.users.size(); ++u) {
        if (detail::live_user(state_, u, now_) != nullptr) users.push_back(state_.users.text(u));
    }
    std::ranges::sort(users);
    return users;
}

inline std::string_view Retriever::category(std::uint32_t item) const noexcept {
    const detail::ItemState* known = detail::live_item(state_, item, now_);
    return known == nullptr || known->category == kNone ? std::string_view{}
                                                        : state_.categories.text(known->category);
}

inline void Retriever::look_up(std::span<const RetrievedItem> candidates, ItemCodes& codes) const {
    codes.codes.assign(candidates.size(), detail::Coded{});
    codes.generation = state_.generation;
    codes.complete = false;
    codes.texts = 0;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const std::uint32_t item = candidates[i].item;
        codes.codes[i].item = item < state_.items.size() ? item : detail::kUnheard;
    }
}

inline void Retriever::exclude(std::uint32_t user, Workspace& workspace) const {
    if (user == kNone) return;
    const bool any = options_.exclude_seen || options_.exclude_bought.has_value();
    for (const detail::UserItem& own : any ? own_->of(user) : std::span<const detail::UserItem>{}) {
        const bool bought = options_.exclude_bought && own.bought != kNever &&
                            base::micros_since(own.bought, now_) < *options_.exclude_bought;
        if (options_.exclude_seen || bought) workspace.mark(workspace.excluded_, own.item);
    }
    const detail::Cart* cart = options_.exclude_cart ? state_.carts.find(user) : nullptr;
    for (std::size_t i = 0; cart != nullptr && i < cart->lines; ++i)
        workspace.mark(workspace.excluded_, cart->items[i]);
}

/// The first of `items` that may be taken. One that another source gave counts for the limit, too: what a
/// source gives does not depend on the others.
inline void Retriever::take(std::span<const std::uint32_t> items, std::uint32_t source,
                            Workspace& workspace) const {
    const bool any = options_.sources[source].kind == SourceKind::listed;
    std::size_t left = options_.sources[source].limit;
    for (std::size_t i = 0; i < items.size() && left > 0; ++i) {
        if (workspace.excluded_[items[i]] == workspace.call_ || !(any || shown_[items[i]])) continue;
        --left;
        if (workspace.mark(workspace.taken_, items[i])) workspace.candidates.push_back({items[i], source});
    }
}

inline std::span<const RetrievedItem> Retriever::retrieve(std::string_view user, Workspace& workspace) const {
    const std::uint32_t number = number_of(user);
    workspace.begin(this, places_.size());
    exclude(number, workspace);
    const std::span<const detail::UserItem> own =
        own_ && number != kNone ? own_->of(number) : std::span<const detail::UserItem>{};
    std::vector<std::uint32_t>& items = workspace.sums_.items;
    for (std::uint32_t s = 0; s < options_.sources.size(); ++s) {
        switch (options_.sources[s].kind) {
            case SourceKind::seen:
                items.clear();
                for (const detail::UserItem& item : own)
                    items.push_back(item.item);
                take(items, s, workspace);
                break;
            case SourceKind::coviewed:
                detail::find_coviewed(state_, own, now_, places_, workspace.sums_);
                take(items, s, workspace);
                break;
            case SourceKind::popular:
                take(popular_, s, workspace);
                break;
            case SourceKind::fresh:
                take(fresh_, s, workspace);
                break;
            case SourceKind::listed:
                take(listed_[s], s, workspace);
                break;
        }
    }
    return workspace.candidates;
}

}  // namespace funnel::history
