// SPDX-License-Identifier: MIT
// OracleLog: a small log and a question about it: which rows count, which visit a row belongs to. Naive, and
// nothing is shared with the library but Event and Funnel.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "funnel/events/event.hpp"
#include "funnel/events/funnel_stages.hpp"

namespace funnel::test {

struct Row {
    std::int64_t time = 0;
    EventKind kind = EventKind::view;
    std::string user = {}, item = {}, session = {}, order = {};
    double revenue = std::nan("");             ///< whole cents, so that sums of doubles stay exact enough
    std::string key = {};                      ///< segment; empty: missing
    bool fits = true;                          ///< the condition of the question
    std::optional<std::string> category = {};  ///< if it is not the segment
};

struct Question {
    Funnel funnel = {};
    std::int64_t window = 0;
    std::string entity = "user";
    std::vector<std::int64_t> horizons = {};
    std::optional<std::int64_t> from = {}, to = {};
    std::int64_t gap = 1'800'000'000;
    std::optional<std::string> key = {};  ///< only units of this segment of a column ("" = missing)
    /// The segment in which an order counts a line, by its first row and the line; empty: that of the line.
    std::function<std::string(const Row&, const Row&)> line_key = {};
};

class OracleLog {
 public:
    /// The order of rows, to the last field.
    static auto rank(const Row& row) {
        return std::tuple(row.time, static_cast<int>(row.kind), !row.fits, row.key.empty(), row.key, row.user,
                          row.item, row.session, row.order, std::isnan(row.revenue) ? -1e300 : row.revenue);
    }

    OracleLog(const std::vector<Row>& log, Question question) : q_(std::move(question)) {
        for (const Row& row : log) {
            click_ = row.kind == EventKind::click ? EventKind::click : click_;
            last_ = std::max(last_, row.time);
        }
        rows_ = log;
        std::ranges::sort(rows_, [](const Row& a, const Row& b) { return rank(a) < rank(b); });
        name_visits();
    }

 protected:
    [[nodiscard]] bool inside(std::size_t i) const {
        return (!q_.from || rows_[i].time >= *q_.from) && (!q_.to || rows_[i].time < *q_.to);
    }
    [[nodiscard]] bool in_key(std::size_t i) const {
        return rows_[i].fits && (!q_.key || rows_[i].key == *q_.key);
    }
    /// The unit that begins with row i counts.
    [[nodiscard]] bool anchored(std::size_t i) const { return inside(i) && in_key(i); }
    [[nodiscard]] bool mature(std::size_t i, std::int64_t span) const {
        return rows_[i].time + span <= last_;
    }

    void name_visits() {
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            std::string name = rows_[i].user + "/" + rows_[i].session;
            if (rows_[i].session.empty()) {
                // Counts the silences among the user's rows without an id up to here.
                int silences = 0;
                std::optional<std::int64_t> before;
                for (std::size_t j = 0; j <= i; ++j) {
                    if (rows_[j].user != rows_[i].user || !rows_[j].session.empty()) continue;
                    if (before && rows_[j].time - *before >= q_.gap) ++silences;
                    before = rows_[j].time;
                }
                name += "#" + std::to_string(silences);
            }
            visit_.push_back(name);
        }
    }

    /// First row of every group, groups named by `name`; rows in order, "" = in no group.
    [[nodiscard]] std::map<std::string, std::vector<std::size_t>> groups(
        const std::function<std::string(std::size_t)>& name) const {
        std::map<std::string, std::vector<std::size_t>> out;
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            if (!name(i).empty()) out[name(i)].push_back(i);
        }
        return out;
    }

    [[nodiscard]] std::optional<std::int64_t> later_time_in_visit(std::size_t i) const {
        std::optional<std::int64_t> next;
        for (std::size_t j = 0; j < rows_.size(); ++j) {
            if (visit_[j] != visit_[i] || rows_[j].time <= rows_[i].time) continue;
            next = next ? std::min(*next, rows_[j].time) : rows_[j].time;
        }
        return next;
    }

    Question q_;
    std::vector<Row> rows_;  // in the order of rows
    std::vector<std::string> visit_;
    EventKind click_ = EventKind::view;
    std::int64_t last_ = std::numeric_limits<std::int64_t>::min();
};

}  // namespace funnel::test
