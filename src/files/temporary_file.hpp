// SPDX-License-Identifier: MIT
// Temporary files beside a target: their random names, the table a signal handler removes them by, and the
// removal of those that a killed run left behind.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace funnel::files::detail {

/// Takes part in remove_temporary_files() from construction to destruction. Async-signal-safe on that side.
class TemporaryEntry {
 public:
    /// `folder` is an open descriptor that outlives the entry. Throws Error(io) when 256 are in use.
    TemporaryEntry(int folder, const std::string& name);
    ~TemporaryEntry();
    TemporaryEntry(const TemporaryEntry&) = delete;
    TemporaryEntry& operator=(const TemporaryEntry&) = delete;

 private:
    std::size_t slot_;
};

/// ".NAME.0123456789abcdef.tmp" with random digits; a long NAME is cut so that the whole fits 255 bytes.
/// Throws Error(io) if the system gives no random bytes.
[[nodiscard]] std::string temporary_name(std::string_view target);

/// Removes temporary files of `target` in `folder` whose writer is gone: a living one holds a lock (flock) on
/// its file. Files of other users are left alone. Does what it can and reports nothing.
void remove_stale_files(int folder, std::string_view target) noexcept;

}  // namespace funnel::files::detail
