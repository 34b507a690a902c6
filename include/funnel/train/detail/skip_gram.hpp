// SPDX-License-Identifier: MIT
// skip_gram: vectors of items that stand near each other in visits, by skip-gram with negative sampling
// (Mikolov et al., "Distributed Representations of Words and Phrases", 2013; for items Barkan and
// Koenigstein, "Item2Vec", 2016).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/portable_math.hpp"
#include "funnel/base/random.hpp"

namespace funnel::train {

struct SkipGramOptions {
    std::size_t dimensions = 16;  ///< 1 to 1024
    std::size_t window = 5;       ///< neighbours on each side, drawn anew from 1 to this for every item
    std::size_t negatives = 5;    ///< drawn items per neighbour
    std::size_t epochs = 10;
    double learning_rate = 0.05;  ///< at first; falls to a hundredth
    double sample = 1e-3;  ///< items of a larger share of the events are left out now and then; 0: none
    std::uint64_t seed = 1;
};

/// Sequences of items: those of sequence i are items[starts[i]] up to items[starts[i + 1]].
struct ItemSequences {
    std::vector<std::uint32_t> items;
    std::vector<std::size_t> starts{0};

    [[nodiscard]] std::size_t size() const noexcept { return starts.size() - 1; }
    [[nodiscard]] std::span<const std::uint32_t> sequence(std::size_t i) const noexcept {
        return std::span(items).subspan(starts[i], starts[i + 1] - starts[i]);
    }
};

/// Vectors (count, dimensions) row-major of items 0 to count - 1; an item without a neighbour keeps its
/// random start. One thread, so that the same input and seed give the same bytes. Throws
/// Error(invalid_argument) for options out of range and for an item of `count` or above.
[[nodiscard]] std::vector<float> skip_gram(const ItemSequences& sequences, std::size_t count,
                                           const SkipGramOptions& options = {});

namespace detail {

/// 1 / (1 + e^-x) from a table: its steps of 1/128 are finer than what a gradient is good for.
class SigmoidTable {
 public:
    SigmoidTable() {
        for (std::size_t i = 0; i < values_.size(); ++i) {
            const double x = kMost * (2.0 * (static_cast<double>(i) + 0.5) / kSize - 1.0);
            const double e = base::exp2_of_negative(-std::abs(x) * std::numbers::log2e);
            values_[i] = static_cast<float>(x < 0 ? e / (1 + e) : 1 / (1 + e));
        }
    }
    [[nodiscard]] float operator()(float x) const noexcept {
        if (!(x > -kMost)) return 0;
        if (x >= kMost) return 1;
        return values_[static_cast<std::size_t>((x + kMost) * (kSize / (2 * kMost)))];
    }

 private:
    static constexpr int kSize = 2048;
    static constexpr float kMost = 8;
    std::array<float, kSize> values_{};
};

class SkipGram {
 public:
    SkipGram(const ItemSequences& sequences, std::size_t count, const SkipGramOptions& options)
        : sequences_(sequences),
          options_(options),
          dim_(options.dimensions),
          rng_(options.seed),
          counts_(count),
          vectors_(count * dim_),
          contexts_(count * dim_),
          gradient_(dim_) {
        for (float& x : vectors_)
            x = static_cast<float>((rng_.uniform() - 0.5) / static_cast<double>(dim_));
        for (const std::uint32_t item : sequences.items)
            ++counts_[item];
        fill_noise();
    }

    [[nodiscard]] std::vector<float> run() {
        const double total = static_cast<double>(options_.epochs) * static_cast<double>(sequences_.size());
        std::size_t done = 0;
        for (std::size_t epoch = 0; epoch < options_.epochs; ++epoch) {
            for (std::size_t i = 0; i < sequences_.size(); ++i, ++done) {
                const double left = 1.0 - static_cast<double>(done) / total;
                learn(sequences_.sequence(i),
                      static_cast<float>(options_.learning_rate * std::max(left, 0.01)));
            }
        }
        return std::move(vectors_);
    }

 private:
    /// Places of a table that every item has in proportion to count^(3/4); square roots are exact everywhere.
    void fill_noise() {
        const auto share = [&](std::uint64_t count) {
            const double root = std::sqrt(std::sqrt(static_cast<double>(count)));
            return root * root * root;
        };
        double all = 0, sum = 0;
        for (const std::uint64_t count : counts_)
            all += share(count);
        if (all == 0) return;  // nothing to learn, nothing to draw
        const std::size_t places = std::clamp<std::size_t>(counts_.size() * 32, 1 << 12, 1 << 22);
        for (std::uint32_t item = 0; item < counts_.size(); ++item) {
            sum += share(counts_[item]);
            const auto end = static_cast<std::size_t>(sum / all * static_cast<double>(places));
            if (noise_.size() < end) noise_.resize(end, item);
        }
    }
    /// What of a sequence stays when the most frequent items are thinned out.
    void draw(std::span<const std::uint32_t> sequence) {
        kept_.clear();
        const auto all = static_cast<double>(sequences_.items.size());
        for (const std::uint32_t item : sequence) {
            const double ratio = options_.sample * all / static_cast<double>(counts_[item]);
            if (options_.sample > 0 && ratio < 1 && rng_.uniform() > std::sqrt(ratio) + ratio) continue;
            kept_.push_back(item);
        }
    }
    void learn(std::span<const std::uint32_t> sequence, float rate) {
        if (sequence.size() < 2) return;
        draw(sequence);
        for (std::size_t i = 0; i < kept_.size(); ++i) {
            const std::size_t reach = 1 + rng_.below(options_.window);
            const std::size_t first = i > reach ? i - reach : 0, last = std::min(kept_.size(), i + reach + 1);
            for (std::size_t j = first; j < last; ++j) {
                if (kept_[j] != kept_[i]) learn_pair(kept_[i], kept_[j], rate);
            }
        }
    }
    void learn_pair(std::uint32_t item, std::uint32_t neighbour, float rate) {
        float* vector = vectors_.data() + item * dim_;
        std::ranges::fill(gradient_, 0.0F);
        for (std::size_t n = 0; n <= options_.negatives; ++n) {
            const std::uint32_t other = n == 0 ? neighbour : noise_[rng_.below(noise_.size())];
            if (n > 0 && (other == neighbour || other == item)) continue;
            float* context = contexts_.data() + other * dim_;
            float dot = 0;
            for (std::size_t d = 0; d < dim_; ++d)
                dot += vector[d] * context[d];
            const float step = rate * ((n == 0 ? 1.0F : 0.0F) - sigmoid_(dot));
            for (std::size_t d = 0; d < dim_; ++d) {
                gradient_[d] += step * context[d];
                context[d] += step * vector[d];
            }
        }
        for (std::size_t d = 0; d < dim_; ++d)
            vector[d] += gradient_[d];
    }

    const ItemSequences& sequences_;
    const SkipGramOptions& options_;
    std::size_t dim_;
    Rng rng_;
    SigmoidTable sigmoid_;
    std::vector<std::uint64_t> counts_;
    std::vector<float> vectors_, contexts_, gradient_;
    std::vector<std::uint32_t> noise_, kept_;
};

}  // namespace detail

inline std::vector<float> skip_gram(const ItemSequences& sequences, std::size_t count,
                                    const SkipGramOptions& options) {
    const auto need = [](bool fits, const char* what) {
        if (!fits) throw Error(ErrorCode::invalid_argument, std::string("item vectors: expected ") + what);
    };
    need(options.dimensions >= 1 && options.dimensions <= 1024, "1 to 1024 dimensions");
    need(options.window >= 1 && options.epochs >= 1, "a window and epochs of at least 1");
    need(options.learning_rate > 0 && std::isfinite(options.learning_rate), "a positive learning rate");
    need(std::ranges::all_of(sequences.items, [&](std::uint32_t item) { return item < count; }),
         "items below their count");
    if (count == 0) return {};
    return detail::SkipGram(sequences, count, options).run();
}

}  // namespace funnel::train
