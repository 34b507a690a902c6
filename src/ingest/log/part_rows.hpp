// SPDX-License-Identifier: MIT
// LogParts::Rows: the rows of a log by parts, and the ids that turn a part into an EventLog.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "funnel/ingest/log_parts.hpp"
#include "ingest/log/clock_check.hpp"
#include "ingest/log/log_ids.hpp"
#include "ingest/log/log_sink.hpp"
#include "ingest/log/order_amounts.hpp"
#include "ingest/log/report_builder.hpp"
#include "ingest/log/row_store.hpp"
#include "ingest/source/tuning.hpp"

namespace funnel::ingest {

/// Filled as a LogSink, then read through LogParts.
class LogParts::Rows final : public detail::LogSink {
 public:
    ReadReport report;
    Schema schema;

    Rows(const ReadOptions& options, const PartsOptions& parts, const detail::Tuning& tuning);

    void absorb(detail::LogBlock& block) override;
    void add(const detail::LogPlan& plan, detail::LogBlock& block) override;
    void finish(const detail::LogPlan& plan, const std::vector<std::uint8_t>& found) override;

    [[nodiscard]] std::size_t size() const noexcept { return groups_.size(); }
    [[nodiscard]] const LogOutline& outline() const noexcept { return outline_; }
    std::uint64_t load(std::size_t group, EventLog& log) const;
    [[nodiscard]] const events::ClockCut& clock_cut() const noexcept { return clocks_.cut(); }

 private:
    /// Parts that are loaded together.
    struct Group {
        std::size_t first = 0, last = 0;
        std::uint64_t rows = 0;
    };
    void note_orders(const detail::LogPlan& plan, const detail::LogBlock& block);
    void check_ids() const;
    void number_users();
    void make_groups();
    void check_clocks();
    void outline_without_clock_rows();
    template <typename Use>
    void for_each_part(const Use& use) const;
    void start_log(const Group& group, EventLog& log) const;
    void load_part(std::size_t part, std::vector<std::uint32_t>& ends, EventLog& log) const;
    [[nodiscard]] std::uint64_t take_duplicates(const std::vector<std::uint32_t>& ends, EventLog& log) const;
    void load_columns(const detail::LogIds::CodeMaps& maps, const std::uint32_t* words, std::uint32_t row,
                      EventLog& log) const;

    const bool hashed_, drop_duplicates_;
    const unsigned threads_;
    const std::uint64_t memory_;
    const std::string temp_;
    const detail::Tuning tuning_;
    std::once_flag store_made_;
    std::optional<detail::RowStore> store_;
    detail::ReportBuilder report_builder_;
    EventLog ids_log_;  // without rows
    detail::LogIds ids_;
    detail::ClockCheck clocks_;
    LogOutline outline_;
    detail::OrderAmounts amounts_;
    events::KindSet order_totals_ = 0;
    std::vector<std::uint32_t> user_of_order_;
    std::vector<bool> shared_orders_, said_;  // said_: text columns of which a purchase has a value
    std::array<std::vector<std::uint32_t>, detail::kUserParts> users_;  // of each part: codes of ids_log_
    std::vector<Group> groups_;
};

}  // namespace funnel::ingest
