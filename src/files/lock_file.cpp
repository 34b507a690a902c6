// SPDX-License-Identifier: MIT
#include "funnel/files/lock_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include "funnel/base/error.hpp"
#include "funnel/base/utf8.hpp"

namespace funnel::files {

LockFile::LockFile(const std::string& path, std::int64_t wait_micros) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    const auto fail = [&](const std::string& what) {
        if (fd_ >= 0) ::close(fd_);
        throw Error(ErrorCode::io, base::escaped(path) + ": " + what);
    };
    do {
        fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    } while (fd_ < 0 && errno == EINTR);
    if (fd_ < 0) fail("the lock file cannot be opened: " + std::generic_category().message(errno));
    while (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) fail("cannot be locked: " + std::generic_category().message(errno));
        if (Clock::now() - start >= std::chrono::microseconds(wait_micros)) {
            fail(std::string("expected no other run, got a lock that one holds; wait for its end, or give ") +
                 (wait_micros > 0 ? "a longer --lock-wait" : "--lock-wait"));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

LockFile::~LockFile() {
    ::close(fd_);
}

}  // namespace funnel::files
