// SPDX-License-Identifier: MIT
// Scorer: a frozen model for many threads: a context and a history in, probabilities out.
//
//     const score::Scorer scorer(bundle, kernel::best());  // share it between threads
//     score::Scorer::Workspace workspace;                 // one per thread
//     std::vector<float> p(scorer.targets());
//     scorer.score(*bundle.history, {.time = now, .user = "u1", .item = "i1"}, p, workspace);
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/events/side_tables.hpp"
#include "funnel/history/history.hpp"
#include "funnel/model/columns_needed.hpp"
#include "funnel/model/predictor.hpp"

namespace funnel::score {

/// Immutable: share freely; every thread brings its own Workspace. With a workspace that has seen as many
/// items before, no call allocates. The history may be read by many threads as long as nobody observes.
class Scorer {
 public:
    struct Workspace {
        model::Predictor::Workspace predictor;
        std::vector<float> numeric;                 ///< (n, d)
        std::vector<std::string_view> categorical;  ///< (n, c)
        std::vector<std::uint64_t> keys = {};       ///< (n), of rank
        // Only with further inputs: rows of the history alone, and items with what the tables know of them.
        std::vector<float> history_numeric = {};
        std::vector<std::string_view> history_categorical = {};
        std::vector<Event> items = {};
    };

    /// What a call brings with it.
    struct Call {
        const events::FurtherInputs* further = nullptr;  ///< in place of the scorer's
        const history::ItemCodes* codes = nullptr;       ///< of the items, from History::look_up
    };

    /// Copies what it needs of the bundle; borrows the kernels and `further`, which writes the inputs that
    /// the history does not have: the text_inputs, number_inputs and side_inputs of the model, in this order
    /// (most often events::SideTables). Throws Error(schema) for a model of a table: score its rows with
    /// model::Predictor; Error(invalid_argument) if the model has further inputs and `further` is nullptr.
    explicit Scorer(const Bundle& bundle, const nn::Kernels& kernels = nn::eigen_kernels(),
                    const events::FurtherInputs* further = nullptr);

    [[nodiscard]] std::size_t targets() const noexcept { return predictor_.targets(); }  ///< K
    [[nodiscard]] const std::vector<std::string>& target_names() const noexcept { return names_; }
    [[nodiscard]] const model::Predictor& predictor() const noexcept { return predictor_; }

    /// Whether `history` counts what the model's own counts: the same options, so the same features.
    [[nodiscard]] bool fits(const history::History& history) const;
    /// What a log that is scored must have: model::columns_needed of the bundle.
    [[nodiscard]] const events::NeededColumns& needed() const noexcept { return needed_; }

    /// Throws Error(schema) if it does not.
    void check_history(const history::History& history) const;

    // All three throw Error(shape) for spans of a wrong size and Error(schema) for a history that does not
    // fit. Any workspace will do, also one that another scorer has used.

    /// p: K probabilities of the example `context`: who, which item, when, in which visit, list and place.
    void score(const history::History& history, const Event& context, std::span<float> p,
               Workspace& workspace) const;

    /// p: n x K row-major, for n items shown to one user at one time; of each of `items` the item, list,
    /// position, category, brand and price count. The user's part is computed once: cheaper than n calls of
    /// score, and from four items on equal to them up to rounding.
    void score_items(const history::History& history, const Event& context, std::span<const Event> items,
                     std::span<float> p, Workspace& workspace) const {
        score_items(history, context, items, p, workspace, Call{});
    }
    void score_items(const history::History& history, const Event& context, std::span<const Event> items,
                     std::span<float> p, Workspace& workspace, const Call& call) const;

    /// Indices of `items`, the most probable for `target` first; equal ones in the order given.
    /// order: n places, or k < n for the k best of all. p as for score_items.
    /// Throws Error(invalid_argument) for a target from K on.
    void rank(const history::History& history, const Event& context, std::span<const Event> items,
              std::size_t target, std::span<std::uint32_t> order, std::span<float> p,
              Workspace& workspace) const {
        rank(history, context, items, target, order, p, workspace, Call{});
    }
    void rank(const history::History& history, const Event& context, std::span<const Event> items,
              std::size_t target, std::span<std::uint32_t> order, std::span<float> p, Workspace& workspace,
              const Call& call) const;

 private:
    void check(const history::History& history, std::size_t items, std::size_t room) const;
    void write_further(const history::History& history, const Event& context, std::span<const Event> items,
                       Workspace& workspace, const events::FurtherInputs& further) const;

    model::Predictor predictor_;
    std::vector<std::string> names_;
    const events::FurtherInputs* further_ = nullptr;
    std::optional<std::uint64_t> history_key_;  // of the model's own history
    events::NeededColumns needed_;
};

namespace detail {

/// The inputs of a model that no History writes, or an empty text.
[[nodiscard]] inline std::string first_further_input(const model::LogTask& task) {
    for (const auto* names : {&task.text_inputs, &task.number_inputs}) {
        if (!names->empty()) return names->front();
    }
    return task.side_inputs.empty() ? std::string{} : task.side_inputs.front().name();
}

/// Rows of width `from` to the begin of rows of width `to`.
template <typename T>
void widen_rows(const std::vector<T>& narrow, std::size_t from, std::size_t to, std::vector<T>& wide) {
    for (std::size_t i = 0; i * from < narrow.size() && from > 0; ++i)
        std::copy_n(narrow.data() + i * from, from, wide.data() + i * to);
}

}  // namespace detail

inline Scorer::Scorer(const Bundle& bundle, const nn::Kernels& kernels, const events::FurtherInputs* further)
    : predictor_(bundle, kernels, bundle.history ? bundle.history->user_features() : 0) {
    if (!bundle.log) {
        throw Error(ErrorCode::schema,
                    "scorer: expected a model of a log, got one of a table; use "
                    "model::Predictor on its rows");
    }
    const std::string needed = detail::first_further_input(*bundle.log);
    if (!needed.empty() && further == nullptr) {
        throw Error(ErrorCode::invalid_argument, "scorer: expected a source of the model's input \"" +
                                                     needed + "\", got none; give events::SideTables");
    }
    if (!needed.empty()) further_ = further;
    for (const model::Head& head : bundle.heads)
        names_.push_back(head.name);
    if (bundle.history) history_key_ = bundle.history->options_key();
    needed_ = model::columns_needed(bundle);
}

inline bool Scorer::fits(const history::History& history) const {
    if (history_key_) return history.options_key() == *history_key_;
    const auto& numeric = predictor_.encoder().numeric_features();
    const auto& categorical = predictor_.encoder().categorical_features();
    const events::FeatureSpec& spec = history.spec();  // further inputs come after these
    const bool small = spec.numeric.size() <= numeric.size() && spec.categorical.size() <= categorical.size();
    return small &&
           std::ranges::equal(spec.numeric, std::span(numeric).first(spec.numeric.size()), {},
                              &base::NumericFeature::name, &base::NumericFeature::name) &&
           std::ranges::equal(spec.categorical, std::span(categorical).first(spec.categorical.size()));
}

inline void Scorer::check_history(const history::History& history) const {
    if (fits(history)) return;
    throw Error(ErrorCode::schema,
                "scorer: expected a history with the options of the model's own, got one with other stages "
                "or features; make it with History(bundle.history->options()), or copy the model's");
}

inline void Scorer::check(const history::History& history, std::size_t items, std::size_t room) const {
    if (room != items * targets()) {
        throw Error(ErrorCode::shape, "scorer: expected room for " + std::to_string(items) + " x " +
                                          std::to_string(targets()) + " probabilities, got \"" +
                                          std::to_string(room) + "\"; one row of targets() for each item");
    }
    check_history(history);
}

/// The rows of `items` from the history and from the further inputs.
inline void Scorer::write_further(const history::History& history, const Event& context,
                                  std::span<const Event> items, Workspace& workspace,
                                  const events::FurtherInputs& further) const {
    const std::size_t d = history.spec().numeric.size(), c = history.spec().categorical.size();
    const std::size_t all_d = predictor_.encoder().numeric_features().size();
    const std::size_t all_c = predictor_.encoder().categorical_features().size();
    workspace.items.assign(items.begin(), items.end());
    for (Event& item : workspace.items) {
        item.user = context.user;
        item.time = context.time;
        further.complete(item);
    }
    workspace.history_numeric.resize(items.size() * d);
    workspace.history_categorical.resize(items.size() * c);
    history.features_for_items(context, workspace.items, workspace.history_numeric,
                               workspace.history_categorical);
    workspace.numeric.resize(items.size() * all_d);
    workspace.categorical.resize(items.size() * all_c);
    detail::widen_rows(workspace.history_numeric, d, all_d, workspace.numeric);
    detail::widen_rows(workspace.history_categorical, c, all_c, workspace.categorical);
    const std::uint64_t session = events::session_key(context);
    for (std::size_t i = 0; i < items.size(); ++i) {
        further.write(workspace.items[i], session,
                      std::span(workspace.numeric).subspan(i * all_d + d, all_d - d),
                      std::span(workspace.categorical).subspan(i * all_c + c, all_c - c));
    }
}

inline void Scorer::score(const history::History& history, const Event& context, std::span<float> p,
                          Workspace& workspace) const {
    if (further_ != nullptr) return score_items(history, context, {&context, 1}, p, workspace);
    check(history, 1, p.size());
    workspace.numeric.resize(history.spec().numeric.size());
    workspace.categorical.resize(history.spec().categorical.size());
    history.features(context, workspace.numeric, workspace.categorical);
    predictor_.predict(workspace.numeric, workspace.categorical, p, workspace.predictor);
}

inline void Scorer::score_items(const history::History& history, const Event& context,
                                std::span<const Event> items, std::span<float> p, Workspace& workspace,
                                const Call& call) const {
    check(history, items.size(), p.size());
    if (further_ != nullptr) {
        write_further(history, context, items, workspace,
                      call.further != nullptr ? *call.further : *further_);
    } else {
        workspace.numeric.resize(items.size() * history.spec().numeric.size());
        workspace.categorical.resize(items.size() * history.spec().categorical.size());
        if (call.codes != nullptr) {
            history.features_for_items(context, items, *call.codes, workspace.numeric, workspace.categorical);
        } else {
            history.features_for_items(context, items, workspace.numeric, workspace.categorical);
        }
    }
    predictor_.predict(workspace.numeric, workspace.categorical, p, workspace.predictor,
                       history.user_features());
}

inline void Scorer::rank(const history::History& history, const Event& context, std::span<const Event> items,
                         std::size_t target, std::span<std::uint32_t> order, std::span<float> p,
                         Workspace& workspace, const Call& call) const {
    if (target >= targets()) {
        throw Error(ErrorCode::invalid_argument, "scorer: expected a target below " +
                                                     std::to_string(targets()) + ", got \"" +
                                                     std::to_string(target) + "\"; see target_names()");
    }
    if (order.size() > items.size()) {
        throw Error(ErrorCode::shape, "scorer: expected at most " + std::to_string(items.size()) +
                                          " places, one for each item, got \"" +
                                          std::to_string(order.size()) + "\"; give n, or k for the k best");
    }
    score_items(history, context, items, p, workspace, call);
    // Floats from 0 up are in the order of their bits. The index behind them breaks ties.
    workspace.keys.resize(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
        const auto bits = std::bit_cast<std::uint32_t>(p[i * targets() + target]);
        workspace.keys[i] = std::uint64_t{~bits} << 32 | i;
    }
    const auto best = workspace.keys.begin() + static_cast<std::ptrdiff_t>(order.size());
    std::ranges::partial_sort(workspace.keys, best);
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = static_cast<std::uint32_t>(workspace.keys[i]);
}

}  // namespace funnel::score
