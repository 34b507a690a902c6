// SPDX-License-Identifier: MIT
// --reasons of score: the inputs that moved each probability most.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "console.hpp"
#include "funnel/dataset/raw_rows.hpp"
#include "funnel/encoding/dataset.hpp"
#include "funnel/explain/explainer.hpp"
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
    ReasonColumns(const ReasonOptions& options, const Bundle& bundle, Console& console);

    /// Explains rows of a log as they pass; empty without --reasons. Borrows this.
    [[nodiscard]] dataset::RawRowObserver observer();
    /// Explains n rows, (n, d) and (n, c), as examples 0 to n - 1 in place of earlier ones.
    void explain(std::size_t n, std::span<const float> numeric,
                 std::span<const std::string_view> categorical);
    /// Explains all rows of a table.
    void add_table(const encoding::Dataset& data);

    void write_header(RowsOut& rows) const;
    /// The reasons of one example; none if it was not seen.
    void write(RowsOut& rows, std::size_t example) const;

 private:
    void add(std::size_t example, std::span<const float> numeric,
             std::span<const std::string_view> categorical);

    std::size_t count_ = 0, target_ = 0;
    std::optional<explain::Explainer> explainer_;
    explain::Explainer::Workspace workspace_;
    std::vector<double> contributions_;
    std::vector<std::vector<std::string>> texts_;  // per example
};

}  // namespace funnel::tool
