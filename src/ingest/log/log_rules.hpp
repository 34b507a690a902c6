// SPDX-License-Identifier: MIT
// LogRules: how the columns of a log are found, and when one of its rows is bad.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/log/log_checker.hpp"
#include "ingest/log/log_plan.hpp"

namespace funnel::ingest::detail {

/// The rows of a log.
class LogRules final : public RowRules {
 public:
    explicit LogRules(const ReadOptions& options);

    [[nodiscard]] char delimiter() const override { return schema_ ? schema_->delimiter : ','; }
    [[nodiscard]] bool has_header() const override { return !schema_ || schema_->header; }
    FileFormat open_file(std::uint32_t file, const std::string& name,
                         const std::vector<std::string>& first) override;
    std::optional<TimeUnit> detect_unit(const FileFormat& format,
                                        const std::vector<std::string_view>& fields) override;
    std::optional<BadRow> judge(const FileFormat& format, const std::vector<std::string_view>& fields,
                                std::string_view line) override;

    /// Set once the first file is open.
    [[nodiscard]] const std::shared_ptr<const LogPlan>& plan() const noexcept { return plan_; }
    /// Per slot: whether some file has the column.
    [[nodiscard]] const std::vector<std::uint8_t>& found() const noexcept { return found_; }

 private:
    void take_slots(const FileFormat& format, const std::vector<std::string_view>& fields,
                    std::string_view line);

    const ReadOptions& options_;
    std::optional<Schema> schema_;  // none: auto, not decided yet
    std::shared_ptr<const LogPlan> plan_;
    std::vector<std::string> first_header_;
    std::vector<std::uint8_t> found_;
    RowBatch batch_;  // of one row, to judge it
    std::optional<LogChecker> checker_;
};

}  // namespace funnel::ingest::detail
