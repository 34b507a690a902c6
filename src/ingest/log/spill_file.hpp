// SPDX-License-Identifier: MIT
// SpillFile: what does not fit into memory for a while. The file has no name: whatever ends the run, its
// space is free again.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>

namespace funnel::ingest::detail {

/// Concurrent calls are safe. Nothing is opened before the first write.
class SpillFile {
 public:
    /// `folder`: empty for TMPDIR, or /tmp without one.
    explicit SpillFile(std::string folder);
    ~SpillFile();
    SpillFile(const SpillFile&) = delete;
    SpillFile& operator=(const SpillFile&) = delete;

    /// Appends and returns where. Throws Error(io).
    std::uint64_t write(std::span<const std::byte> bytes);
    /// Reads back what was written there. Throws Error(io).
    void read(std::uint64_t offset, std::span<std::byte> bytes) const;

    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

 private:
    void open();
    [[noreturn]] void fail(const std::string& what, int error) const;

    std::string folder_;
    std::mutex mutex_;
    std::atomic<int> fd_{-1};
    std::atomic<std::uint64_t> size_{0};
};

}  // namespace funnel::ingest::detail
