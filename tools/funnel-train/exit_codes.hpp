// SPDX-License-Identifier: MIT
// The exit codes of funnel-train: a contract with scripts and cron jobs. docs/cli.md lists them.
#pragma once

#include <stdexcept>
#include <string>

#include "funnel/base/error.hpp"

namespace funnel::tool {

enum ExitCode : int {
    kDone = 0,
    kInternalError = 1,
    kWrongUsage = 2,
    kUnusableInput = 3,
    kGateNotMet = 4,
    kCannotReadOrWrite = 5,
    kUnusableModel = 6
    // 128 + n: ended by signal n
};

/// A gate of the command line (--min-auc, ...) was not met; the report is already out.
class GateNotMet : public std::runtime_error {
 public:
    using std::runtime_error::runtime_error;
};

[[nodiscard]] constexpr ExitCode exit_code(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::invalid_argument:
            return kWrongUsage;
        case ErrorCode::parse:
        case ErrorCode::schema:
            return kUnusableInput;
        case ErrorCode::io:
        case ErrorCode::memory:
            return kCannotReadOrWrite;
        case ErrorCode::format:
        case ErrorCode::unsupported:
            return kUnusableModel;
        case ErrorCode::shape:
        case ErrorCode::cancelled:
        case ErrorCode::internal:
            break;
    }
    return kInternalError;
}

}  // namespace funnel::tool
