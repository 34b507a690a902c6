// SPDX-License-Identifier: MIT
#include "temporary_file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>

#include "funnel/base/error.hpp"
#include "funnel/files/atomic_file.hpp"

namespace funnel::files {
namespace {

constexpr std::size_t kDigits = 16;
constexpr std::string_view kEnding = ".tmp";
constexpr std::size_t kLongestName = 255;

// Fixed storage, since a signal handler may neither allocate nor wait for a lock. A free slot is claimed,
// filled, and only then shown to the handler.
enum SlotState : int { free_slot, claimed_slot, active_slot };

struct Slot {
    std::atomic<int> state{free_slot};
    int folder = -1;
    std::array<char, kLongestName + 1> name{};
};
static_assert(std::atomic<int>::is_always_lock_free);

std::array<Slot, 256> slots;

/// The part of a temporary name that all files of one target share.
std::string name_prefix(std::string_view target) {
    const std::size_t room = kLongestName - 2 - kDigits - kEnding.size();
    return "." + std::string(target.substr(0, room)) + ".";
}

bool is_temporary_name(std::string_view name, std::string_view prefix) {
    if (name.size() != prefix.size() + kDigits + kEnding.size()) return false;
    if (!name.starts_with(prefix) || !name.ends_with(kEnding)) return false;
    return std::ranges::all_of(name.substr(prefix.size(), kDigits),
                               [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

void remove_if_stale(int folder, const char* name) noexcept {
    const int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return;
    struct stat info {};
    // Unlinked while locked: a writer between creating its file and locking it waits here and then sees
    // that its file is gone.
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid() &&
        flock(fd, LOCK_EX | LOCK_NB) == 0) {
        unlinkat(folder, name, 0);
    }
    close(fd);
}

}  // namespace

namespace detail {

TemporaryEntry::TemporaryEntry(int folder, const std::string& name) : slot_(0) {
    for (; slot_ < slots.size(); ++slot_) {
        int expected = free_slot;
        if (slots[slot_].state.compare_exchange_strong(expected, claimed_slot)) break;
    }
    if (slot_ == slots.size()) {
        throw Error(ErrorCode::io, "more than " + std::to_string(slots.size()) +
                                       " output files open at once; commit some of them first");
    }
    Slot& slot = slots[slot_];
    slot.folder = folder;
    slot.name.fill('\0');
    std::ranges::copy(name, slot.name.begin());
    slot.state.store(active_slot);
}

TemporaryEntry::~TemporaryEntry() {
    slots[slot_].state.store(free_slot);
}

std::string temporary_name(std::string_view target) {
    std::uint64_t bits = 0;
    if (getrandom(&bits, sizeof bits, 0) != static_cast<ssize_t>(sizeof bits)) {
        throw Error(ErrorCode::io, "the system gives no random bytes (getrandom)");
    }
    std::string name = name_prefix(target);
    for (std::size_t i = 0; i < kDigits; ++i, bits >>= 4)
        name += "0123456789abcdef"[bits & 15];
    return name.append(kEnding);
}

void remove_stale_files(int folder, std::string_view target) noexcept try {
    const int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(fdopendir(fd), closedir);
    if (!entries) {
        close(fd);
        return;
    }
    const std::string prefix = name_prefix(target);
    while (const dirent* entry = readdir(entries.get())) {
        if (is_temporary_name(entry->d_name, prefix)) remove_if_stale(folder, entry->d_name);
    }
} catch (...) {  // no memory for a name: the leftovers stay until the next run
}

}  // namespace detail

void remove_temporary_files() noexcept {
    const int saved_errno = errno;
    for (Slot& slot : slots) {
        if (slot.state.load() == active_slot) unlinkat(slot.folder, slot.name.data(), 0);
    }
    errno = saved_errno;
}

}  // namespace funnel::files
