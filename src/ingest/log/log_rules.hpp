// SPDX-License-Identifier: MIT
// LogRules: how the columns of a log are found, and when one of its rows is bad.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/warning.hpp"
#include "ingest/csv/block_parser.hpp"
#include "ingest/json/json_path.hpp"
#include "ingest/log/log_checker.hpp"
#include "ingest/log/log_plan.hpp"
#include "ingest/log/row_shaper.hpp"

namespace funnel::ingest::detail {

/// The rows of a log.
class LogRules final : public RowRules {
 public:
    explicit LogRules(const ReadOptions& options);

    [[nodiscard]] Dialect dialect() const override;
    void look_at(std::string_view text) override;
    [[nodiscard]] bool reads_json() const override;
    FileFormat open_json(std::uint32_t file, const std::string& name, std::string_view lines,
                         std::uint64_t lines_before) override;
    std::optional<TimeUnit> detect_json_unit(const FileFormat& format, std::string_view lines) override;
    void follow(Block& block) override;
    /// After the last file: adds what JSON lines held to found(), and warnings about columns that none had.
    void finish(base::Warnings& warnings);
    [[nodiscard]] bool has_header() const override { return !schema_ || schema_->header; }
    FileFormat open_file(std::uint32_t file, const std::string& name,
                         const std::vector<std::string>& first) override;
    std::optional<TimeUnit> detect_unit(const FileFormat& format,
                                        const std::vector<std::string_view>& fields) override;
    std::optional<BadRow> judge(const FileFormat& format, const std::vector<std::string_view>& fields,
                                std::string_view line) override;

    /// Set once the first file is open.
    [[nodiscard]] const std::shared_ptr<const LogPlan>& plan() const noexcept { return plan_; }
    /// What was found out about the files, one line each.
    [[nodiscard]] const std::vector<std::string>& notes() const noexcept { return notes_; }
    /// Per slot: whether some file has the column.
    [[nodiscard]] const std::vector<std::uint8_t>& found() const noexcept { return found_; }

 private:
    void warn_of_uneven_files(base::Warnings& warnings) const;
    [[nodiscard]] bool may_be_absent(const std::string& path) const;
    [[nodiscard]] bool fits(const std::vector<std::string>& header) const;
    void refuse_doubtful(const FileFormat& format, std::string_view time, TimeUnit unit) const;
    RowBatch& take_events(const FileFormat& format, const std::vector<std::string_view>& fields,
                          std::string_view line);

    const ReadOptions& options_;
    std::optional<Schema> schema_;  // none: auto, not decided yet
    std::shared_ptr<const LogPlan> plan_;
    std::optional<char> delimiter_;  // found in the first file
    std::vector<std::string> notes_;
    std::vector<std::string> first_header_;
    std::vector<std::uint8_t> found_;
    /// Per slot: the first CSV file that has it, and the first that has not.
    std::vector<std::array<std::string, 2>> with_without_;
    std::vector<std::shared_ptr<FoundSlots>> found_in_json_;  // per file of JSON lines
    std::optional<JsonPaths> json_paths_;
    RowBatch batch_;  // of one row, to judge it
    std::optional<LogChecker> checker_;
    std::optional<RowShaper> shaper_;
    std::optional<RowShaper> follow_shaper_;
    std::optional<BlockParser> follower_;  // only where rows take values of the row before
};

}  // namespace funnel::ingest::detail
