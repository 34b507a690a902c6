// SPDX-License-Identifier: MIT
// LockFile: one process at a time. The system releases the lock when its holder ends, however it ends, so no
// lock is ever stale; the file itself stays, empty.
#pragma once

#include <cstdint>
#include <string>

namespace funnel::files {

/// Holds the lock as long as it lives. One thread at a time.
class LockFile {
 public:
    /// Creates the file if there is none, and waits up to `wait_micros` for its lock. Throws Error(io): it
    /// cannot be created, or somebody else holds the lock.
    explicit LockFile(const std::string& path, std::int64_t wait_micros = 0);
    ~LockFile();
    LockFile(const LockFile&) = delete;
    LockFile& operator=(const LockFile&) = delete;

 private:
    int fd_ = -1;
};

}  // namespace funnel::files
