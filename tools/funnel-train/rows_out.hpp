// SPDX-License-Identifier: MIT
// RowsOut: rows of CSV to standard output or to a file that appears whole or not at all.
#pragma once

#include <charconv>
#include <iosfwd>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "funnel/base/csv.hpp"
#include "funnel/files/output.hpp"

namespace funnel::tool {

/// One thread at a time. Without finish() a file is left as it was.
class RowsOut {
 public:
    /// path empty or "-": `out`. Throws as files::Output.
    RowsOut(const std::string& path, std::ostream& out) : out_(out) {
        if (!path.empty() && path != "-") file_.emplace(path);
    }

    void text(std::string_view field) {
        separate();
        base::append_csv_field(row_, field);
    }
    /// The shortest text that reads back the same.
    template <typename Number>
    void number(Number value) {
        separate();
        char digits[40];
        row_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
    }
    void missing() { separate(); }

    void end_row() {
        row_ += '\n';
        first_ = true;
        if (row_.size() > (1u << 16)) write();
    }
    void finish() {
        write();
        if (file_) file_->commit();
    }

 private:
    void separate() {
        if (!first_) row_ += ',';
        first_ = false;
    }
    void write() {
        if (file_) {
            file_->append(row_);
        } else {
            out_ << row_;
        }
        row_.clear();
    }

    std::ostream& out_;
    std::optional<files::Output> file_;
    std::string row_;
    bool first_ = true;
};

}  // namespace funnel::tool
