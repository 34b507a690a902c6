// SPDX-License-Identifier: MIT
// Error: the only exception that leaves the library.
#pragma once

#include <stdexcept>
#include <string>

#include "funnel/base/exact_arithmetic.hpp"

namespace funnel::base {

/// What went wrong, coarse enough to choose a reaction by.
enum class ErrorCode {
    invalid_argument,  ///< a value outside its documented range
    shape,             ///< sizes that do not fit each other
    io,                ///< cannot read or write
    parse,             ///< a bad row or a malformed text
    schema,            ///< columns, event names or types that do not fit
    format,            ///< a model or state file that is damaged or not one
    unsupported,       ///< a file version or feature this build does not know
    memory,            ///< a limit on memory or size was reached
    cancelled,         ///< the caller asked to stop
    internal           ///< a bug in funnel
};

/// what() reads "WHERE: expected X, got "Y"; DO THIS", in one line.
class [[gnu::visibility("default")]] Error : public std::runtime_error {
 public:
    Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
    [[nodiscard]] ErrorCode code() const noexcept {
        return code_;
    }

 private:
    ErrorCode code_;
};

}  // namespace funnel::base

namespace funnel {
using base::Error;
using base::ErrorCode;
}  // namespace funnel
