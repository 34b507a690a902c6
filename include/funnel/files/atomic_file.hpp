// SPDX-License-Identifier: MIT
// AtomicFile: an output file that appears whole or not at all. Written beside the target under a random
// name, synced, then renamed over it; whatever happens, the target is the old file or the new one.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace funnel::files {

/// One thread at a time. Usage: construct, append as often as you like, commit. Without commit the
/// destructor removes the temporary file and the target stays as it was.
class AtomicFile {
 public:
    /// Opens a temporary file in the folder of `path` (O_CREAT|O_EXCL|O_NOFOLLOW). A link at `path` is
    /// followed: the file it points to is replaced, the link stays. The mode of an old file is kept; a new
    /// one is 0666 less the umask. Throws Error(io) naming `path`: no such folder, no right, a directory.
    explicit AtomicFile(const std::string& path);
    ~AtomicFile();
    AtomicFile(AtomicFile&&) noexcept;
    AtomicFile& operator=(AtomicFile&&) noexcept;

    /// Buffered. Throws Error(io) naming the target when the disk is full or a write fails.
    void append(std::string_view bytes);
    /// Writes what is buffered, syncs, closes, renames, syncs the folder. Throws Error(io).
    void commit();

 private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Throws Error(io) unless a file could be created or replaced at `path`: call it before long work.
void check_writable(const std::string& path);

/// True if both paths name the same existing file (links followed).
[[nodiscard]] bool same_file(const std::string& a, const std::string& b) noexcept;

/// Removes every temporary file that is open now; async-signal-safe, for a host's signal handler.
void remove_temporary_files() noexcept;

}  // namespace funnel::files
