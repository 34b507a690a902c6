// SPDX-License-Identifier: MIT
// Shorthand for tests that read a log from a text.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/ingest/read_log.hpp"
#include "ingest/log/tuned_read.hpp"
#include "support/temporary_folder.hpp"

namespace funnel::ingest {

/// Reads texts as log files.
class LogFile : public testing::Test {
 protected:
    [[nodiscard]] std::string write(std::string_view text, std::string_view name = "log.csv") const {
        return folder_.write(name, text);
    }
    [[nodiscard]] ReadResult read(std::string_view text, const ReadOptions& options = {}) const {
        return read_log(std::vector{write(text)}, options);
    }
    [[nodiscard]] ReadResult read_skipping(std::string_view text, ReadOptions options = {}) const {
        options.rows.bad_rows = BadRows::skip;
        options.rows.max_bad = {.count = 1'000'000};
        return read(text, options);
    }
    /// What a reading fails with, without the folder's name; empty if it does not fail.
    [[nodiscard]] std::string failure(std::string_view text, const ReadOptions& options = {}) const {
        return failure_of(write(text), options);
    }
    [[nodiscard]] std::string failure_of(const std::string& path, const ReadOptions& options = {}) const {
        try {
            static_cast<void>(read_log(std::vector{path}, options));
        } catch (const Error& error) {
            code_ = error.code();
            std::string what = error.what();
            const std::size_t at = what.find(folder_.path());
            if (at != std::string::npos) what.erase(at, folder_.path().size() + 1);
            return what;
        }
        return {};
    }
    /// "user item" of every row.
    [[nodiscard]] static std::vector<std::string> users_and_items(const ReadResult& result) {
        std::vector<std::string> all;
        for (std::size_t row = 0; row < result.log.size(); ++row) {
            const Event event = result.log.event(row);
            all.push_back(std::string(event.user) + ' ' + std::string(event.item));
        }
        return all;
    }

    support::TemporaryFolder folder_;
    mutable ErrorCode code_ = ErrorCode::internal;
};

[[nodiscard]] inline ReadOptions with_threads(unsigned threads) {
    ReadOptions options;
    options.threads = threads;
    return options;
}

/// `row`, `count` times.
[[nodiscard]] inline std::string repeated(std::string_view row, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i)
        text += row;
    return text;
}

}  // namespace funnel::ingest
