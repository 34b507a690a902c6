// SPDX-License-Identifier: MIT
#include "funnel/files/atomic_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <optional>
#include <system_error>
#include <utility>

#include "funnel/base/error.hpp"
#include "funnel/base/utf8.hpp"
#include "temporary_file.hpp"

namespace funnel::files {
namespace {

constexpr std::size_t kBufferBytes = 1u << 18;

[[noreturn]] void fail(const std::string& path, const std::string& what, int error) {
    throw Error(ErrorCode::io,
                base::escaped(path) + ": " + what + ": " + std::generic_category().message(error));
}

/// Repeats a system call that a signal interrupted.
template <typename Call>
auto retry(Call call) {
    auto result = call();
    while (result == -1 && errno == EINTR)
        result = call();
    return result;
}

class Descriptor {
 public:
    explicit Descriptor(int fd = -1) noexcept : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

 private:
    int fd_;
};

/// What /dev/stdout leads to is open already: a new file in its place would not be what is read there.
void refuse_open_file(const std::string& path, const std::string& target) {
    const bool is_open = target.starts_with("/dev/fd/") ||
                         (target.starts_with("/proc/") && target.find("/fd/") != std::string::npos);
    if (!is_open) return;
    throw Error(ErrorCode::io, base::escaped(path) +
                                   ": expected the name of a file, got one that is open already; leave the "
                                   "option out to write to standard output");
}

/// The path that a chain of links ends at; it need not exist.
std::string follow_links(const std::string& path) {
    std::string target = path;
    std::array<char, PATH_MAX> link{};
    for (int depth = 0; depth < 40; ++depth) {
        refuse_open_file(path, target);
        const ssize_t size = readlink(target.c_str(), link.data(), link.size());
        if (size < 0) return target;
        const std::string next(link.data(), static_cast<std::size_t>(size));
        const std::size_t slash = target.rfind('/');
        const bool in_folder = !next.starts_with('/') && slash != std::string::npos;
        target = in_folder ? target.substr(0, slash + 1) + next : next;
    }
    fail(path, "cannot be written", ELOOP);
}

/// What is known of the old file, or empty if there is none. Only a regular file can be replaced.
std::optional<struct stat> old_file(const std::string& path, const std::string& target) {
    struct stat info {};
    if (stat(target.c_str(), &info) != 0) {
        if (errno == ENOENT && !target.ends_with('/')) return std::nullopt;
        fail(path, "cannot be written", errno == ENOENT ? EISDIR : errno);
    }
    if (S_ISDIR(info.st_mode)) fail(path, "expected the name of a file to write", EISDIR);
    if (!S_ISREG(info.st_mode)) {
        throw Error(ErrorCode::io, base::escaped(path) +
                                       ": expected a regular file to replace, got a device, pipe or socket; "
                                       "name a file");
    }
    if (faccessat(AT_FDCWD, target.c_str(), W_OK, AT_EACCESS) != 0) fail(path, "may not be replaced", errno);
    return info;
}

}  // namespace

struct AtomicFile::State {
    std::string path;  // as the caller wrote it, for messages
    std::string name;  // last part of the target
    Descriptor folder;
    Descriptor file;
    Descriptor lock;  // the same open file: holds the lock from close to rename
    std::string temporary;
    std::optional<detail::TemporaryEntry> entry;
    std::string buffer;

    explicit State(const std::string& given);
    ~State() { discard(); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    bool create(mode_t mode);
    void keep_mode(const struct stat& old) const;
    void write_all(std::string_view bytes);
    void discard() noexcept;
};

AtomicFile::State::State(const std::string& given) : path(given) {
    if (path.empty() || path.find('\0') != std::string::npos) {
        throw Error(ErrorCode::io, "expected the name of a file to write, got an empty name or one with NUL");
    }
    const std::string target = follow_links(path);
    const auto old = old_file(path, target);
    const std::size_t slash = target.rfind('/');
    name = slash == std::string::npos ? target : target.substr(slash + 1);
    const std::string where = slash == std::string::npos ? "." : target.substr(0, slash + 1);
    folder = Descriptor(retry([&] { return ::open(where.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
    if (folder.get() < 0) fail(path, "cannot open the folder to write in", errno);
    detail::remove_stale_files(folder.get(), name);
    while (!create(old ? 0600 : 0666)) {
    }
    if (old) keep_mode(*old);
    buffer.reserve(kBufferBytes);
}

/// False if another process took the new file for a stale one before it was locked.
bool AtomicFile::State::create(mode_t mode) {
    temporary = detail::temporary_name(name);
    entry.emplace(folder.get(), temporary);
    const auto open_new = [&] {
        return openat(folder.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                      mode);
    };
    file = Descriptor(retry(open_new));
    if (file.get() < 0) {
        const int error = errno;
        entry.reset();
        fail(path, "cannot create a file in this folder", error);
    }
    // Not every file system can lock; then leftovers are merely not recognised.
    if (retry([&] { return flock(file.get(), LOCK_EX); }) != 0) return true;
    lock = Descriptor(fcntl(file.get(), F_DUPFD_CLOEXEC, 0));
    if (lock.get() < 0) fail(path, "cannot lock the new file", errno);
    struct stat info {};
    return fstat(file.get(), &info) == 0 && info.st_nlink > 0;
}

void AtomicFile::State::keep_mode(const struct stat& old) const {
    // Only a privileged process may give files away; for the others the new file is simply theirs.
    [[maybe_unused]] const int given = fchown(file.get(), old.st_uid, old.st_gid);
    if (fchmod(file.get(), old.st_mode & 0777) != 0)
        fail(path, "cannot keep the mode of the old file", errno);
}

void AtomicFile::State::write_all(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = retry([&] { return ::write(file.get(), bytes.data(), bytes.size()); });
        if (n < 0) fail(path, "cannot write", errno);
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
}

void AtomicFile::State::discard() noexcept {
    if (entry) unlinkat(folder.get(), temporary.c_str(), 0);
    entry.reset();
    file = Descriptor();
    lock = Descriptor();
}

AtomicFile::AtomicFile(const std::string& path) : state_(std::make_unique<State>(path)) {}
AtomicFile::~AtomicFile() = default;
AtomicFile::AtomicFile(AtomicFile&&) noexcept = default;
AtomicFile& AtomicFile::operator=(AtomicFile&&) noexcept = default;

void AtomicFile::append(std::string_view bytes) {
    if (!state_ || !state_->entry)
        throw Error(ErrorCode::io, "append to an output file that is closed already");
    if (state_->buffer.size() + bytes.size() > kBufferBytes) {
        state_->write_all(state_->buffer);
        state_->buffer.clear();
    }
    if (bytes.size() >= kBufferBytes) {
        state_->write_all(bytes);
    } else {
        state_->buffer += bytes;
    }
}

void AtomicFile::commit() {
    if (!state_ || !state_->entry)
        throw Error(ErrorCode::io, "commit of an output file that is closed already");
    State& s = *state_;
    try {
        s.write_all(s.buffer);
        if (retry([&] { return fsync(s.file.get()); }) != 0) fail(s.path, "cannot write to the disk", errno);
        // After EINTR the descriptor is closed all the same, and its data are synced.
        if (::close(s.file.release()) != 0 && errno != EINTR) fail(s.path, "cannot close", errno);
        if (renameat(s.folder.get(), s.temporary.c_str(), s.folder.get(), s.name.c_str()) != 0) {
            fail(s.path, "cannot put the new file in its place", errno);
        }
        s.entry.reset();
        s.lock = Descriptor();
        // Some file systems cannot sync a folder and say EINVAL.
        if (retry([&] { return fsync(s.folder.get()); }) != 0 && errno != EINVAL) {
            fail(s.path, "written, but its folder cannot be synced", errno);
        }
    } catch (...) {
        s.discard();
        throw;
    }
}

void check_writable(const std::string& path) {
    const AtomicFile probe(path);
}

bool same_file(const std::string& a, const std::string& b) noexcept {
    struct stat first {
    }, second{};
    return stat(a.c_str(), &first) == 0 && stat(b.c_str(), &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

}  // namespace funnel::files
