// SPDX-License-Identifier: MIT
// search: finds the encoding and the net that suit a table that nobody has tuned for. Candidates are trained
// side by side, the worse half drops out after every split, and the best are trained as members of one model,
// as in TabPack (Gorishniy et al. 2026); candidates in the spirit of RealMLP (Holzmueller et al. 2024).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/csv.hpp"
#include "funnel/base/error.hpp"
#include "funnel/base/parallel.hpp"
#include "funnel/dataset/split.hpp"
#include "funnel/encoding/encoder.hpp"
#include "funnel/train/dataset_source.hpp"
#include "funnel/train/model_options.hpp"
#include "funnel/train/trainer.hpp"

namespace funnel::train {

/// Parts that bins of a number may be cut into where the target changes.
inline constexpr std::uint32_t kSearchLeaves = 32;

/// One way to encode the rows and to train a net on them.
struct Candidate {
    encoding::EncoderOptions encoder;
    TrainOptions training;
};

struct SearchResult {
    encoding::EncoderOptions encoder = {};
    std::vector<TrainOptions> members = {};  ///< empty: the budget was too small for a search
    /// What was tried and what came out, for the summary of the model.
    std::vector<std::pair<std::string, std::string>> report = {};
    double work = 0;  ///< an upper bound of rows x parameters x epochs of the search and of all members
};

/// What a table of `rows` training rows may be tried with, the most promising first. What the caller has set
/// in `options` stays as it is in all of them; none is there twice.
[[nodiscard]] std::vector<Candidate> candidates_for(const ModelOptions& options, std::size_t rows);

/// Chooses by validation on `split`, and on options.search->resplit where the rows are few. Same result at
/// any number of threads. The budget bounds everything that follows, members and refit included.
[[nodiscard]] SearchResult search(const encoding::Dataset& data, const dataset::Split& split,
                                  const ModelOptions& options, const nn::Chains& chains,
                                  const nn::Kernels& kernels, const TrainObserver& observer = {});

namespace detail {

/// The values that a candidate proposes.
struct Proposal {
    bool embed_numbers;
    std::vector<std::size_t> hidden;
    double dropout, weight_decay, learning_rate, embedding_deviation;
    std::size_t epochs;
};

[[nodiscard]] inline std::vector<Proposal> proposals(std::size_t rows) {
    const double strong = std::clamp(1500.0 / static_cast<double>(rows), 0.3, 2.0);
    return {{false, {128, 64}, 0.4, strong, 0.001, 0.1, 25},  {true, {128, 64}, 0.4, 0.3, 0.003, 0.3, 15},
            {false, {256, 128}, 0.4, 0.1, 0.003, 1.0, 20},    {true, {256, 128}, 0.4, 0.1, 0.002, 1.0, 15},
            {false, {128, 64}, 0.4, strong, 0.003, 0.3, 15},  {true, {128, 64}, 0.5, strong, 0.001, 0.3, 20},
            {false, {256, 128}, 0.5, strong, 0.001, 0.3, 20}, {true, {256, 128}, 0.5, 0.3, 0.001, 0.3, 15},
            {false, {256, 128}, 0.5, 0.03, 0.002, 1.0, 25}};
}

[[nodiscard]] inline std::string text_of(double value) {
    std::string text;
    base::append_csv_number(text, value);
    return text;
}

/// "numbers embedded, hidden 128,64, dropout 0.4, ..."
[[nodiscard]] inline std::string describe(const Candidate& candidate) {
    const TrainOptions& t = candidate.training;
    std::string text = candidate.encoder.embed_numbers ? "numbers embedded, hidden " : "hidden ";
    for (std::size_t i = 0; i < t.hidden.size(); ++i)
        text += (i > 0 ? "," : "") + std::to_string(t.hidden[i]);
    return text + ", dropout " + text_of(*t.dropout) + ", decay " + text_of(*t.weight_decay) + ", rate " +
           text_of(*t.learning_rate) + ", embeddings " + text_of(t.embedding_deviation) + ", at most " +
           std::to_string(*t.epochs) + " epochs";
}

/// Rows of a split as a training wants them, encoded in one way. Borrows the data.
struct EncodedSplit {
    EncodedSplit(const encoding::Dataset& data, const dataset::Split& split,
                 const encoding::EncoderOptions& options, const nn::Kernels& kernels)
        : encoder(encoding::Encoder::fit(data, split.train, options, kernels)),
          source(encoder, data, &split.train, kernels),
          train_weights(weights_of(data, split.train)),
          valid_weights(weights_of(data, split.valid)),
          train{.rows = split.train.rows, .labels = split.train.labels, .weights = train_weights},
          valid{.rows = split.valid.rows, .labels = split.valid.labels, .weights = valid_weights} {}
    EncodedSplit(const EncodedSplit&) = delete;
    EncodedSplit& operator=(const EncodedSplit&) = delete;

    [[nodiscard]] nn::NetShape shape(const TrainOptions& options) const {
        std::vector<nn::EmbeddingShape> embeddings;
        for (const auto& input : encoder.embeddings())
            embeddings.push_back({input.rows, input.width});
        return net_shape(options, encoder.dense_names().size(), std::move(embeddings));
    }

    encoding::Encoder encoder;
    DatasetSource source;
    std::vector<float> train_weights, valid_weights;
    TrainRows train, valid;
};

/// One search, step by step.
class Search {
 public:
    Search(const encoding::Dataset& data, const dataset::Split& split, const ModelOptions& options,
           const nn::Chains& chains, const nn::Kernels& kernels, const TrainObserver& observer);
    [[nodiscard]] SearchResult run();

 private:
    struct Entry {
        Candidate candidate;
        double cost = 0;   ///< of one training on the rows of the first split
        double score = 0;  ///< sum over the splits
        double loss = 0;   ///< sum over the splits of the mean log loss
        std::size_t splits = 0;
        [[nodiscard]] double mean() const noexcept { return score / static_cast<double>(splits); }
    };
    static constexpr std::size_t kMembers = 16;
    static constexpr double kMemberParameters = 1'000'000;  ///< of all members: what scoring a row costs

    void add_costs(const EncodedSplit& plain, const EncodedSplit& embedded);
    /// Costs of everything with so many candidates, splits and members, at most.
    [[nodiscard]] double cost(std::size_t candidates, std::size_t splits, std::size_t members) const;
    /// False: not even the smallest search fits.
    bool plan();
    void run_round(const EncodedSplit& plain, const EncodedSplit& embedded);
    void drop_half();
    /// The better half on split s. False: the rows cannot be split that way, as with a group of nearly all of
    /// them.
    bool run_again(std::size_t s, const Candidate& plain, const Candidate& embedded);
    [[nodiscard]] std::vector<std::size_t> kept_entries() const;
    [[nodiscard]] std::size_t members_of(const Entry& entry) const noexcept;
    [[nodiscard]] SearchResult result(const std::vector<Entry>& all) const;

    const encoding::Dataset& data_;
    const dataset::Split& split_;
    const ModelOptions& options_;
    const nn::Kernels& kernels_;
    const TrainObserver& observer_;
    std::vector<Entry> entries_, dropped_;
    std::size_t splits_ = 1, members_ = kMembers;
};

inline Search::Search(const encoding::Dataset& data, const dataset::Split& split, const ModelOptions& options,
                      const nn::Chains& chains, const nn::Kernels& kernels, const TrainObserver& observer)
    : data_(data), split_(split), options_(options), kernels_(kernels), observer_(observer) {
    for (Candidate& candidate : candidates_for(options, split.train.size())) {
        candidate.training.chains = chains;
        candidate.training.threads = 1;  // many nets side by side, not many threads in one
        candidate.training = resolved(std::move(candidate.training), split.train.size());
        entries_.push_back({.candidate = std::move(candidate)});
    }
}

inline void Search::add_costs(const EncodedSplit& plain, const EncodedSplit& embedded) {
    for (Entry& entry : entries_) {
        const EncodedSplit& rows = entry.candidate.encoder.embed_numbers ? embedded : plain;
        entry.cost = static_cast<double>(rows.shape(entry.candidate.training).parameters()) *
                     static_cast<double>(split_.train.size() * *entry.candidate.training.epochs);
    }
}

inline double Search::cost(std::size_t candidates, std::size_t splits, std::size_t members) const {
    double first = 0, dearest = 0, later = 0;
    std::vector<double> costs;
    for (std::size_t i = 0; i < candidates; ++i)
        costs.push_back(entries_[i].cost);
    std::ranges::sort(costs, std::greater<>());
    for (const double one : costs)
        first += one;
    if (!costs.empty()) dearest = costs.front();
    std::size_t left = candidates;
    for (std::size_t s = 1; s < splits; ++s) {
        left = (left + 1) / 2;
        for (std::size_t i = 0; i < left; ++i)
            later += costs[i];
    }
    const double again = options_.refit
                             ? static_cast<double>(split_.refit.size()) /
                                   static_cast<double>(std::max<std::size_t>(split_.train.size(), 1))
                             : 0.0;
    return first + later + static_cast<double>(members) * dearest * (1.0 + again);
}

inline bool Search::plan() {
    constexpr std::size_t kRowsOfOneSplit = 20'000;
    const double budget = options_.search->budget;
    const std::size_t wanted =
        options_.search->resplit ? std::clamp<std::size_t>(kRowsOfOneSplit / split_.train.size(), 1, 4) : 1;
    members_ = options_.members.value_or(kMembers);
    for (splits_ = wanted; splits_ > 1 && cost(entries_.size(), splits_, members_) > budget; --splits_) {
    }
    while (entries_.size() > 4 && cost(entries_.size(), splits_, members_) > budget)
        entries_.pop_back();
    while (!options_.members && members_ > 2 && cost(entries_.size(), splits_, members_) > budget)
        --members_;
    while (entries_.size() > 2 && cost(entries_.size(), splits_, members_) > budget)
        entries_.pop_back();
    return entries_.size() > 1 && cost(entries_.size(), splits_, members_) <= budget;
}

inline void Search::run_round(const EncodedSplit& plain, const EncodedSplit& embedded) {
    constexpr double kWorst = std::numeric_limits<double>::infinity();
    base::for_each_task(entries_.size(), options_.training.threads, [&](std::size_t i) {
        Entry& entry = entries_[i];
        const EncodedSplit& rows = entry.candidate.encoder.embed_numbers ? embedded : plain;
        TrainOptions training = entry.candidate.training;
        training.seed += 1000 * entry.splits;
        const TrainResult fitted =
            fit(rows.shape(training), rows.source, rows.train, rows.valid, training, kernels_);
        ++entry.splits;
        if (!fitted.best_epoch || fitted.stop_reason == StopReason::diverged) {
            entry.score = entry.loss = kWorst;
            return;
        }
        // One class only: nothing to compare by, and the first candidate stays the best.
        const EpochReport& best = fitted.epochs[*fitted.best_epoch - 1];
        entry.score += validation_score(best.heads).value_or(0.0);
        entry.loss += best.valid_loss.value_or(0.0);
    });
    std::ranges::stable_sort(entries_, {}, &Entry::mean);
}

inline void Search::drop_half() {
    const auto half = static_cast<std::ptrdiff_t>((entries_.size() + 1) / 2);
    std::move(entries_.begin() + half, entries_.end(), std::back_inserter(dropped_));
    entries_.erase(entries_.begin() + half, entries_.end());
}

/// The best, and the next two that are hardly worse. Members share an encoder; of one shape they share
/// scratch.
inline std::vector<std::size_t> Search::kept_entries() const {
    constexpr double kHardlyWorse = 1.005;
    std::vector<std::size_t> kept{0};
    for (std::size_t i = 1; i < entries_.size() && kept.size() < 3; ++i) {
        const Candidate &best = entries_.front().candidate, &next = entries_[i].candidate;
        const bool same = next.encoder.embed_numbers == best.encoder.embed_numbers &&
                          next.training.hidden == best.training.hidden;
        if (same && entries_[i].mean() <= kHardlyWorse * entries_.front().mean()) kept.push_back(i);
    }
    return kept;
}

inline std::size_t Search::members_of(const Entry& entry) const noexcept {
    if (options_.members) return members_;
    const double parameters =
        entry.cost / static_cast<double>(split_.train.size() * *entry.candidate.training.epochs);
    const auto most = static_cast<std::size_t>(kMemberParameters / std::max(parameters, 1.0));
    return std::min(members_, std::max<std::size_t>(most, 4));
}

inline SearchResult Search::result(const std::vector<Entry>& all) const {
    const std::vector<std::size_t> kept = kept_entries();
    SearchResult result{.encoder = entries_.front().candidate.encoder};
    const std::size_t members = members_of(entries_.front());
    for (std::size_t m = 0; m < members; ++m) {
        // Every second member is the best; the others take turns.
        const std::size_t which = m % 2 == 0 ? 0 : (m / 2) % kept.size();
        TrainOptions training = entries_[kept[which]].candidate.training;
        training.seed += m;
        result.members.push_back(std::move(training));
    }
    result.report.emplace_back("search", std::to_string(all.size()) + " candidates on up to " +
                                             std::to_string(splits_) + " splits, " + std::to_string(members) +
                                             " members of the best " + std::to_string(kept.size()));
    for (std::size_t i = 0; i < all.size(); ++i) {
        result.report.emplace_back(
            "candidate_" + std::to_string(i + 1),
            "log loss " + text_of(std::round(all[i].loss / static_cast<double>(all[i].splits) * 1e5) / 1e5) +
                " on " + std::to_string(all[i].splits) + (all[i].splits > 1 ? " splits: " : " split: ") +
                describe(all[i].candidate));
    }
    return result;
}

inline bool Search::run_again(std::size_t s, const Candidate& plain, const Candidate& embedded) {
    try {
        const dataset::Split again = options_.search->resplit(s);
        const EncodedSplit a(data_, again, plain.encoder, kernels_),
            b(data_, again, embedded.encoder, kernels_);
        drop_half();
        run_round(a, b);
        return true;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::schema) throw;
        return false;
    }
}

inline SearchResult Search::run() {
    Candidate plain = entries_.front().candidate, embedded = plain;
    plain.encoder.embed_numbers = false;
    embedded.encoder.embed_numbers = true;
    {
        const EncodedSplit a(data_, split_, plain.encoder, kernels_),
            b(data_, split_, embedded.encoder, kernels_);
        add_costs(a, b);
        if (!plan()) {
            return {.report = {{"search", "none: the budget of " + text_of(options_.search->budget) +
                                              " is too small for these rows"}}};
        }
        run_round(a, b);
    }
    const double work = cost(entries_.size(), splits_, members_);
    for (std::size_t s = 1; s < splits_; ++s) {
        if (observer_.progress) observer_.progress({"search", s, splits_, "splits"});
        if (!run_again(s, plain, embedded)) break;
    }
    std::vector<Entry> all = entries_;
    std::move(dropped_.rbegin(), dropped_.rend(), std::back_inserter(all));
    if (!std::isfinite(entries_.front().score)) {
        throw Error(ErrorCode::invalid_argument,
                    "training: the loss of every candidate is no longer finite; check the numbers");
    }
    SearchResult found = result(all);
    found.work = work;
    return found;
}

}  // namespace detail

inline std::vector<Candidate> candidates_for(const ModelOptions& options, std::size_t rows) {
    std::vector<Candidate> candidates;
    std::vector<std::string> seen;
    for (const detail::Proposal& proposal : detail::proposals(std::max<std::size_t>(rows, 1))) {
        Candidate candidate{options.encoder, options.training};
        TrainOptions& training = candidate.training;
        candidate.encoder.embed_numbers = proposal.embed_numbers;
        candidate.encoder.target_leaves = kSearchLeaves;
        if (!candidate.encoder.bins) candidate.encoder.bins = encoding::table_bins(rows);
        training.embedding_deviation = proposal.embedding_deviation;
        if (options.choose_hidden) training.hidden = proposal.hidden;
        if (!training.dropout) training.dropout = proposal.dropout;
        if (!training.weight_decay) training.weight_decay = proposal.weight_decay;
        if (!training.learning_rate) training.learning_rate = proposal.learning_rate;
        if (!training.epochs) training.epochs = proposal.epochs;
        if (!training.patience) training.patience = 5;
        std::string text = detail::describe(candidate);
        if (std::ranges::find(seen, text) != seen.end()) continue;
        seen.push_back(std::move(text));
        candidates.push_back(std::move(candidate));
    }
    return candidates;
}

inline SearchResult search(const encoding::Dataset& data, const dataset::Split& split,
                           const ModelOptions& options, const nn::Chains& chains, const nn::Kernels& kernels,
                           const TrainObserver& observer) {
    return detail::Search(data, split, options, chains, kernels, observer).run();
}

}  // namespace funnel::train
