// SPDX-License-Identifier: MIT
// --reasons of score: the inputs that moved each probability most.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/string_table.hpp"
#include "funnel/dataset/raw_rows.hpp"
#include "funnel/encoding/dataset.hpp"
#include "funnel/explain/explainer.hpp"
#include "funnel/explain/row_sample.hpp"
#include "options.hpp"
#include "rows_out.hpp"

namespace funnel::tool {

struct ReasonOptions {
    std::optional<std::size_t> count;  ///< per row
    std::string target;                ///< empty: the last

    void add_to(CLI::App& command);
    /// Throws Error(invalid_argument) for another number than 1 to 100.
    void check() const;
};

/// One thread at a time. Without --reasons nothing here does anything.
class ReasonColumns {
 public:
    /// Says on the console what reasons start from. Throws Error(invalid_argument) for a target that the
    /// model has not.
    /// Borrows the bundle.
    ReasonColumns(const ReasonOptions& options, const Bundle& bundle, Run& run);

    /// Explains rows of a log as they pass, up to finish(); empty without --reasons. Borrows this.
    [[nodiscard]] dataset::RawRowObserver observer();
    void finish();
    /// Explains n rows, (n, d) and (n, c), as examples 0 to n - 1 in place of earlier ones.
    void explain(std::size_t n, std::span<const float> numeric,
                 std::span<const std::string_view> categorical);
    /// Explains all rows of a table.
    void add_table(const encoding::Dataset& data);

    void write_header(RowsOut& rows) const;
    /// The reasons of one example; none if it was not seen.
    void write(RowsOut& rows, std::size_t example) const;

 private:
    /// An input that moved a row, and its value: a number, or the code of a text.
    struct Kept {
        double contribution = 0;
        std::uint32_t input = base::kNone, text = base::kNone;
        float number = 0;
    };
    void add(std::size_t example, std::span<const float> numeric,
             std::span<const std::string_view> categorical);
    /// Explains the rows at hand, on all threads.
    void explain_block();
    void explain_rows(std::size_t first, std::size_t last, std::span<Kept> found,
                      std::vector<std::string_view>& texts) const;

    std::size_t count_ = 0, target_ = 0;
    unsigned threads_ = 1;
    const encoding::Encoder* encoder_ = nullptr;
    std::optional<explain::Explainer> explainer_;
    std::optional<explain::RowSample> block_;  // rows to be explained
    std::vector<Kept> kept_;                   // (examples, count)
    base::StringTable texts_;
};

}  // namespace funnel::tool
