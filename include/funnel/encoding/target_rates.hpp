// SPDX-License-Identifier: MIT
// TargetRates: a large or short-lived category as the shrunk rate of every target and its log count. For a
// training row its own fold is left out, so that no row sees its own label. Micci-Barreca, "A preprocessing
// scheme for high-cardinality categorical attributes" (2001).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "funnel/base/bytes.hpp"
#include "funnel/base/label.hpp"
#include "funnel/base/portable_math.hpp"
#include "funnel/encoding/dataset.hpp"

namespace funnel::encoding {

/// Rows and positives of one category and target.
struct TargetCount {
    double rows = 0, positives = 0;
};

/// Counts per id of a vocabulary and target; id 0 collects what the vocabulary does not have.
/// K targets. Const calls may run concurrently; changes need a lock.
class TargetRates {
 public:
    TargetRates() = default;
    TargetRates(std::size_t ids, std::size_t targets, double strength)
        : targets_(targets), strength_(strength), counts_(ids * targets), sums_(targets) {}

    [[nodiscard]] std::size_t targets() const noexcept { return targets_; }
    [[nodiscard]] std::size_t ids() const noexcept { return targets_ == 0 ? 0 : counts_.size() / targets_; }

    /// labels: K, each 0, 1 or unknown. `sign` -1 takes a row away again.
    void add(std::uint32_t id, std::span<const std::uint8_t> labels, double sign = 1) noexcept {
        for (std::size_t k = 0; k < targets_; ++k) {
            if (labels[k] == base::kUnknownLabel) continue;
            TargetCount& count = counts_[id * targets_ + k];
            count.rows += sign;
            count.positives += sign * labels[k];
            sums_[k].rows += sign;
            sums_[k].positives += sign * labels[k];
        }
    }

    /// Adds what was counted elsewhere for one target.
    void add(std::uint32_t id, std::size_t target, const TargetCount& count) noexcept {
        for (TargetCount* to : {&counts_[id * targets_ + target], &sums_[target]}) {
            to->rows += count.rows;
            to->positives += count.positives;
        }
    }

    /// out: K logits of (n+ + m p) / (n + m), then ln(1 + rows x `scale`) of the best known target.
    void write_row(std::uint32_t id, std::span<float> out, double scale = 1) const noexcept {
        double rows = 0;
        for (std::size_t k = 0; k < targets_; ++k) {
            const double prior = (sums_[k].positives + 0.5) / (sums_[k].rows + 1.0);
            // What is not in the vocabulary is as good as unseen: each such text is another one.
            const TargetCount count = id == 0 ? TargetCount{} : counts_[id * targets_ + k];
            const double rate = (count.positives + strength_ * prior) / (count.rows + strength_);
            out[k] = static_cast<float>(base::natural_log(rate / (1.0 - rate)));
            rows = std::max(rows, count.rows);
        }
        out[targets_] = static_cast<float>(base::log_of_one_plus(rows * scale));
    }

    void write(base::ByteWriter& out) const {
        out.value<std::uint64_t>(targets_);
        out.value(strength_);
        out.array(counts_);
        out.array(sums_);
    }
    [[nodiscard]] static TargetRates read(base::ByteReader& in) {
        TargetRates rates;
        rates.targets_ = in.value<std::uint64_t>();
        rates.strength_ = in.value<double>();
        rates.counts_ = in.array<TargetCount>();
        rates.sums_ = in.array<TargetCount>();
        const auto expect = [](bool fits) {
            if (!fits) throw Error(ErrorCode::format, "damaged: the target rates of a model");
        };
        expect(rates.targets_ > 0 && rates.sums_.size() == rates.targets_ &&
               rates.counts_.size() % rates.targets_ == 0 && rates.strength_ > 0);
        for (const auto* part : {&rates.counts_, &rates.sums_}) {
            for (const TargetCount& count : *part) {
                expect(count.positives >= 0 && count.rows >= count.positives && std::isfinite(count.rows));
            }
        }
        return rates;
    }

 private:
    std::size_t targets_ = 0;
    double strength_ = 20;
    std::vector<TargetCount> counts_;
    std::vector<TargetCount> sums_;
};

}  // namespace funnel::encoding
