// SPDX-License-Identifier: MIT
// MemoryFile: bytes under a path without a disk, for entry points that take a path. Linux.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace funnel::fuzz {

/// One thread at a time.
class MemoryFile {
 public:
    MemoryFile() : fd_(memfd_create("fuzz", MFD_CLOEXEC)), path_("/proc/self/fd/" + std::to_string(fd_)) {
        if (fd_ < 0) throw std::runtime_error("cannot make a file in memory");
    }
    ~MemoryFile() { close(fd_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;

    /// The path of a file that holds exactly these bytes, until the next call.
    const std::string& holding(std::string_view bytes) {
        if (ftruncate(fd_, 0) != 0 ||
            pwrite(fd_, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
            throw std::runtime_error("cannot write to a file in memory");
        }
        return path_;
    }

 private:
    int fd_;
    std::string path_;
};

/// What libFuzzer hands over, as text.
[[nodiscard]] inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

}  // namespace funnel::fuzz
