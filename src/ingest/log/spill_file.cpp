// SPDX-License-Identifier: MIT
#include "ingest/log/spill_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "funnel/base/error.hpp"
#include "ingest/source/utf8_scan.hpp"

namespace funnel::ingest::detail {
namespace {

std::string default_folder() {
    const char* const folder = std::getenv("TMPDIR");
    return folder != nullptr && *folder != '\0' ? folder : "/tmp";
}

/// A file that never had a name where the system can do that, else one whose name is gone at once.
int open_nameless(const std::string& folder) {
    int fd = -1;
#ifdef O_TMPFILE
    do {
        fd = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
    } while (fd < 0 && errno == EINTR);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return fd;
#endif
    std::string name = folder + "/funnel-XXXXXX";
    fd = ::mkostemp(name.data(), O_CLOEXEC);
    if (fd >= 0) ::unlink(name.c_str());
    return fd;
}

}  // namespace

SpillFile::SpillFile(std::string folder) : folder_(folder.empty() ? default_folder() : std::move(folder)) {}

SpillFile::~SpillFile() {
    if (fd_ >= 0) ::close(fd_);
}

void SpillFile::fail(const std::string& what, int error) const {
    throw Error(ErrorCode::io, escaped(folder_) + ": a temporary file " + what + ": " +
                                   std::generic_category().message(error) +
                                   "; name a folder with more room by --temp, or raise --memory");
}

void SpillFile::open() {
    const std::scoped_lock lock(mutex_);
    if (fd_ >= 0) return;
    const int fd = open_nameless(folder_);
    if (fd < 0) fail("cannot be opened", errno);
    fd_ = fd;
}

std::uint64_t SpillFile::write(std::span<const std::byte> bytes) {
    if (fd_ < 0) open();
    const std::uint64_t offset = size_.fetch_add(bytes.size());
    for (std::size_t done = 0; done < bytes.size();) {
        const ssize_t n =
            ::pwrite(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) fail("cannot be written", n < 0 ? errno : ENOSPC);
        done += static_cast<std::size_t>(n);
    }
    return offset;
}

void SpillFile::read(std::uint64_t offset, std::span<std::byte> bytes) const {
    for (std::size_t done = 0; done < bytes.size();) {
        const ssize_t n =
            ::pread(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) fail("cannot be read", n < 0 ? errno : EIO);
        done += static_cast<std::size_t>(n);
    }
}

}  // namespace funnel::ingest::detail
