// SPDX-License-Identifier: MIT
#include "journal.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>

#include "funnel/base/error.hpp"
#include "funnel/base/hash.hpp"
#include "funnel/base/utf8.hpp"

namespace funnel::serve {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic("FUNNELJ\1", 8);
constexpr std::size_t kHead = sizeof(std::uint32_t) + 2 * sizeof(std::uint64_t);
constexpr std::uint32_t kLargest = 256u << 20;

[[noreturn]] void fail(const std::string& path, const std::string& what) {
    throw Error(ErrorCode::io,
                base::escaped(path) + ": " + what + ": " + std::generic_category().message(errno));
}

template <typename Call>
auto retry(Call call) {
    auto result = call();
    while (result == -1 && errno == EINTR)
        result = call();
    return result;
}

void sync_folder(const std::string& folder) {
    const int fd = retry([&] { return ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
    if (fd < 0) fail(folder, "cannot be opened");
    const int result = retry([&] { return fsync(fd); });
    const int error = errno;
    ::close(fd);
    errno = error;
    if (result != 0) fail(folder, "cannot be synced");
}

void write_at(int fd, std::string_view bytes, std::uint64_t offset, const std::string& path) {
    while (!bytes.empty()) {
        const ssize_t written =
            retry([&] { return pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
        if (written <= 0) fail(path, "cannot be written");
        offset += static_cast<std::uint64_t>(written);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    if (retry([&] { return fdatasync(fd); }) != 0) fail(path, "cannot be written");
}

/// The number in "journal-0000000007.log", or empty.
std::optional<std::uint64_t> number_in(std::string_view name, std::string_view kind,
                                       std::string_view ending) {
    if (!name.starts_with(kind) || !name.ends_with(ending) || name.size() <= kind.size() + ending.size())
        return std::nullopt;
    name = name.substr(kind.size(), name.size() - kind.size() - ending.size());
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
    return number;
}

constexpr std::string_view kJournal = "journal-", kLog = ".log", kSnapshot = "snapshot-", kState = ".state";

std::string made(const std::string& folder) {
    if (::mkdir(folder.c_str(), 0750) != 0 && errno != EEXIST) fail(folder, "the folder cannot be made");
    return folder;
}

void put(std::string& out, const void* value, std::size_t size) {
    out.append(static_cast<const char*>(value), size);
}

template <typename T>
T get(std::string_view bytes, std::size_t at) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

}  // namespace

Journal::Journal(const std::string& folder) : folder_(made(folder)), lock_(folder + "/lock") {
    find();
}

Journal::~Journal() {
    if (fd_ >= 0) ::close(fd_);
}

std::string Journal::path_of(std::string_view kind, std::uint64_t number, std::string_view ending) const {
    const std::string digits = std::to_string(number);
    return folder_ + '/' + std::string(kind) +
           std::string(10 - std::min<std::size_t>(10, digits.size()), '0') + digits + std::string(ending);
}

void Journal::find() {
    std::uint64_t last_snapshot = 0;
    std::error_code error;
    for (fs::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
        const std::string name = at->path().filename().string();
        if (name.starts_with("." + std::string(kSnapshot)) && name.ends_with(".tmp")) {
            ::unlink(at->path().c_str());  // of a service that was killed: nobody else has the lock
        } else if (const auto number = number_in(name, kJournal, kLog)) {
            journals_.push_back({*number, at->path().string()});
            number_ = std::max(number_, *number);
        } else if (const auto snapshot = number_in(name, kSnapshot, kState)) {
            number_ = std::max(number_, *snapshot);
            if (*snapshot < last_snapshot) continue;
            last_snapshot = *snapshot;
            snapshot_ = at->path().string();
        }
    }
    if (error) {
        errno = error.value();
        fail(folder_, "cannot be listed");
    }
    std::erase_if(journals_, [&](const Found& found) { return found.number < last_snapshot; });
    std::ranges::sort(journals_, {}, &Found::number);
}

Replayed Journal::replay(const std::function<void(std::string_view)>& visit) {
    Replayed result;
    for (const Found& found : journals_)
        read_one(found, visit, result);
    bytes_ = result.bytes;
    return result;
}

void Journal::read_one(const Found& found, const std::function<void(std::string_view)>& visit,
                       Replayed& result) {
    std::ifstream file(found.path, std::ios::binary);
    if (!file) fail(found.path, "cannot be opened");
    const std::string all{std::istreambuf_iterator<char>(file), {}};
    if (file.bad()) fail(found.path, "cannot be read");
    result.bytes += all.size();
    std::string_view rest(all);
    if (!rest.starts_with(kMagic.substr(0, std::min(rest.size(), kMagic.size())))) {
        throw Error(ErrorCode::format,
                    base::escaped(found.path) +
                        ": expected a journal of this version, got something else; move it away, or "
                        "use the version that wrote it");
    }
    rest.remove_prefix(std::min(rest.size(), kMagic.size()));
    while (rest.size() >= kHead) {
        const auto size = get<std::uint32_t>(rest, 0);
        const auto sequence = get<std::uint64_t>(rest, 4), checksum = get<std::uint64_t>(rest, 12);
        if (size > kLargest || size > rest.size() - kHead) break;
        const std::string_view payload = rest.substr(kHead, size);
        if (base::hash_bytes(payload, sequence) != checksum) break;
        rest.remove_prefix(kHead + size);
        if (sequence <= sequence_) continue;  // written twice, when the disk failed in between
        sequence_ = sequence;
        ++result.records;
        visit(payload);
    }
    if (rest.empty()) return;
    result.lost_bytes += rest.size();
    result.torn = found.path;
}

int Journal::create(std::uint64_t number) const {
    const std::string path = path_of(kJournal, number, kLog);
    const int fd = retry(
        [&] { return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640); });
    if (fd < 0) fail(path, "cannot be made");
    try {
        write_at(fd, kMagic, 0, path);
        sync_folder(folder_);
    } catch (...) {
        ::close(fd);
        ::unlink(path.c_str());
        throw;
    }
    return fd;
}

void Journal::append(std::string_view payload) {
    const auto size = static_cast<std::uint32_t>(payload.size());
    const std::uint64_t sequence = ++sequence_, checksum = base::hash_bytes(payload, sequence);
    put(buffer_, &size, sizeof size);
    put(buffer_, &sequence, sizeof sequence);
    put(buffer_, &checksum, sizeof checksum);
    buffer_ += payload;
}

void Journal::commit() {
    if (buffer_.empty()) return;
    if (fd_ < 0) {  // what there was is never written again: its end may be torn
        fd_ = create(number_ + 1);
        ++number_;
        offset_ = kMagic.size();
    }
    // At a place, so that a second try overwrites what the first one left.
    write_at(fd_, buffer_, offset_, path_of(kJournal, number_, kLog));
    offset_ += buffer_.size();
    bytes_ += buffer_.size();
    buffer_.clear();
}

std::string Journal::begin_snapshot() {
    const int fd = create(number_ + 1);
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
    ++number_;
    offset_ = kMagic.size();
    bytes_ = 0;
    return path_of(kSnapshot, number_, kState);
}

void Journal::forget(const std::string& snapshot) noexcept {
    const auto kept = number_in(fs::path(snapshot).filename().string(), kSnapshot, kState);
    if (!kept) return;
    std::error_code error;
    for (fs::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
        const std::string name = at->path().filename().string();
        const auto journal = number_in(name, kJournal, kLog), state = number_in(name, kSnapshot, kState);
        if ((journal && *journal < *kept) || (state && *state < *kept)) ::unlink(at->path().c_str());
    }
}

}  // namespace funnel::serve
