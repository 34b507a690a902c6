// SPDX-License-Identifier: MIT
// RowSample: the raw inputs of some of the examples that are judged, whole users, kept to be looked at again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "funnel/base/random.hpp"
#include "funnel/base/string_table.hpp"
#include "funnel/encoding/encoder.hpp"

namespace funnel::explain {

/// Examples that are looked at: more make an interval narrower and cost time.
inline constexpr std::size_t kSampledRows = 300'000;

/// Memory: 4 (d + c) + 8 bytes per row that is kept. One thread at a time.
class RowSample {
 public:
    /// Of `examples` about `most`, all if there are no more. Which ones depends on their clusters alone.
    RowSample(const encoding::Encoder& encoder, std::size_t examples, std::size_t most = kSampledRows)
        : numbers_(encoder.numeric_features().size()),
          share_(examples <= most ? 1.0 : static_cast<double>(most) / static_cast<double>(examples)),
          texts_(encoder.categorical_features().size()) {}

    /// Whether rows of this cluster (a user) are to be kept.
    [[nodiscard]] bool wants(std::uint64_t cluster) const noexcept {
        constexpr std::uint64_t kSeed = 0x73616d706c65;
        return share_ >= 1 || base::uniform_at(kSeed, cluster) < share_;
    }
    /// numeric: d; categorical: c.
    void add(std::size_t example, std::span<const float> numeric,
             std::span<const std::string_view> categorical) {
        examples_.push_back(example);
        numeric_.insert(numeric_.end(), numeric.begin(), numeric.end());
        for (std::size_t c = 0; c < categorical.size(); ++c)
            codes_.push_back(categorical[c].empty() ? base::kNone : texts_[c].intern(categorical[c]));
    }

    [[nodiscard]] std::size_t size() const noexcept { return examples_.size(); }
    /// The example that row i is.
    [[nodiscard]] std::size_t example(std::size_t i) const noexcept { return examples_[i]; }
    /// Input j of row `from` into place j of the spans: numbers first, then texts.
    void copy_input(std::size_t from, std::uint32_t input, std::span<float> numeric,
                    std::span<std::string_view> categorical) const noexcept {
        if (input < numbers_) {
            numeric[input] = numeric_[from * numbers_ + input];
        } else {
            const std::size_t c = input - numbers_;
            const std::uint32_t code = codes_[from * texts_.size() + c];
            categorical[c] = code == base::kNone ? std::string_view{} : texts_[c].text(code);
        }
    }
    /// All inputs of row i; numeric: d, categorical: c.
    void copy_row(std::size_t i, std::span<float> numeric,
                  std::span<std::string_view> categorical) const noexcept {
        for (std::uint32_t input = 0; input < numbers_ + texts_.size(); ++input)
            copy_input(i, input, numeric, categorical);
    }

 private:
    std::size_t numbers_;
    double share_;
    std::vector<base::StringTable> texts_;  // per categorical input
    std::vector<std::size_t> examples_;
    std::vector<float> numeric_;        // (rows, d)
    std::vector<std::uint32_t> codes_;  // (rows, c)
};

}  // namespace funnel::explain
