// SPDX-License-Identifier: MIT
// Encoder: raw rows to what the net sees, dense floats and embedding ids, with everything that was fitted.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/bytes.hpp"
#include "funnel/features/dataset.hpp"
#include "funnel/features/split.hpp"

namespace funnel::features {

struct EncoderOptions {
    std::uint32_t bins = 0;        ///< piecewise-linear quantile bins per number beside the z-score; 0: none
    float clip = 8;                ///< z-scores are cut to [-clip, clip]
    std::uint32_t min_count = 20;  ///< training rows that a category needs for an id of its own
    std::uint32_t max_categories = 64;  ///< columns with more frequent categories become target rates
    std::uint32_t folds = 5;            ///< for target rates of training rows
    float rate_strength = 20;           ///< prior rows of a target rate
    std::uint64_t seed = 1;
};

/// One embedding table: ids in [0, rows), 0 = missing, unknown or rare.
struct EmbeddingInput {
    std::string name;
    std::uint32_t rows = 0;
    std::uint32_t width = 0;
};

/// Const calls may run concurrently; changes need a lock.
class Encoder {
 public:
    /// Fitted on `train`: rows and labels as they train. Throws Error(schema) if no input is left.
    [[nodiscard]] static Encoder fit(const Dataset& data, const LabelledRows& train,
                                     const EncoderOptions& options = {});

    [[nodiscard]] const std::vector<std::string>& dense_names() const noexcept;    ///< D
    [[nodiscard]] const std::vector<EmbeddingInput>& embeddings() const noexcept;  ///< E
    /// The raw features that a row must have, in order.
    [[nodiscard]] const std::vector<NumericFeature>& numeric_features() const noexcept;   ///< d
    [[nodiscard]] const std::vector<std::string>& categorical_features() const noexcept;  ///< c

    /// A live row. numeric: d, NaN = missing; categorical: c, empty = missing; dense: D; ids: E.
    /// Does not allocate. Throws nothing; sizes are the caller's duty.
    void encode(std::span<const float> numeric, std::span<const std::string_view> categorical,
                std::span<float> dense, std::span<std::uint32_t> ids) const noexcept;

    void write(base::ByteWriter& out) const;
    [[nodiscard]] static Encoder read(base::ByteReader& in);
};

/// Encodes the rows of one Dataset: its dictionary codes are mapped once. Same bytes as Encoder::encode.
/// Borrows both; const calls may run concurrently.
class DatasetEncoder {
 public:
    /// With `train`, target rates of its rows leave out the fold that the row is in.
    /// Throws Error(schema) naming a feature that the data lacks; further and re-ordered features are fine.
    DatasetEncoder(const Encoder& encoder, const Dataset& data, const LabelledRows* train = nullptr);

    void encode(std::size_t row, std::span<float> dense, std::span<std::uint32_t> ids) const noexcept;
};

}  // namespace funnel::features
