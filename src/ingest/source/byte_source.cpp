// SPDX-License-Identifier: MIT
#include "ingest/source/byte_source.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "funnel/base/error.hpp"
#include "ingest/source/utf8_scan.hpp"

namespace funnel::ingest::detail {
namespace {

[[noreturn]] void fail(const std::string& name, const std::string& what, int error) {
    throw Error(ErrorCode::io, name + ": " + what + ": " + std::generic_category().message(error));
}

[[noreturn]] void fail_directory(const std::string& name) {
    throw Error(ErrorCode::io, name + ": expected a file, got a directory; name the files in it");
}

}  // namespace

std::uint64_t check_input(const std::string& path) {
    if (path == "-") return 0;
    if (path.empty()) throw Error(ErrorCode::io, "expected the name of a file to read, got an empty name");
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) fail(escaped(path), "cannot be opened", errno);
    if (S_ISDIR(info.st_mode)) fail_directory(escaped(path));
    return S_ISREG(info.st_mode) ? static_cast<std::uint64_t>(info.st_size) : 0;
}

ByteSource::ByteSource(const std::string& path, bool with_digest)
    : path_(path), name_(path == "-" ? "standard input" : escaped(path)) {
    if (with_digest) digest_.emplace();
    if (path == "-") {
        fd_ = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    } else {
        do {
            fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
        } while (fd_ < 0 && errno == EINTR);
    }
    if (fd_ < 0) fail(name_, "cannot be opened", errno);
    if (::fstat(fd_, &opened_) != 0) {
        const int error = errno;
        ::close(fd_);
        fail(name_, "cannot be opened", error);
    }
    if (S_ISDIR(opened_.st_mode)) {
        ::close(fd_);
        fail_directory(name_);
    }
    // A size of 0 may also be a file of /proc, which has content all the same. A position other than 0 is
    // possible on standard input only.
    const off_t at = S_ISREG(opened_.st_mode) ? ::lseek(fd_, 0, SEEK_CUR) : 0;
    limited_ = S_ISREG(opened_.st_mode) && at >= 0 && opened_.st_size > at;
    if (limited_) {
        size_ = static_cast<std::uint64_t>(opened_.st_size - at);
        ::posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL);
    }
}

ByteSource::~ByteSource() {
    ::close(fd_);
}

std::size_t ByteSource::read_raw(std::span<char> out) {
    std::size_t wanted = out.size();
    if (limited_) wanted = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, size_ - fetched_));
    std::size_t got = 0;
    while (got < wanted) {
        const ssize_t n = ::read(fd_, out.data() + got, wanted - got);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail(name_, "cannot be read", errno);
        if (n == 0) break;
        got += static_cast<std::size_t>(n);
    }
    fetched_ += got;
    if (digest_) digest_->add({out.data(), got});
    return got;
}

std::size_t ByteSource::read(std::span<char> out) {
    const std::size_t head = std::min(out.size(), peeked_.size() - peeked_at_);
    std::copy_n(peeked_.begin() + static_cast<std::ptrdiff_t>(peeked_at_), head, out.begin());
    peeked_at_ += head;
    const std::size_t got = head + (head < out.size() ? read_raw(out.subspan(head)) : 0);
    consumed_ += got;
    return got;
}

std::string_view ByteSource::peek(std::size_t n) {
    const std::size_t have = peeked_.size() - peeked_at_;
    if (have < n) {
        const std::size_t before = peeked_.size();
        peeked_.resize(before + n - have);
        peeked_.resize(before + read_raw(std::span(peeked_).subspan(before)));
    }
    return {peeked_.data() + peeked_at_, std::min(n, peeked_.size() - peeked_at_)};
}

void ByteSource::expect_unchanged(bool text_ends_a_line) const {
    struct stat now {};
    if (!limited_ || ::fstat(fd_, &now) != 0) return;
    const bool touched = now.st_size != opened_.st_size || now.st_mtim.tv_sec != opened_.st_mtim.tv_sec ||
                         now.st_mtim.tv_nsec != opened_.st_mtim.tv_nsec;
    // Whole lines that were appended do no harm: what was there when it was opened is complete.
    const bool appended = now.st_size > opened_.st_size && text_ends_a_line;
    if (fetched_ < size_ || (touched && !appended)) {
        throw Error(ErrorCode::io, name_ +
                                       ": the file changed while reading; read a copy of it, or wait until "
                                       "its writer is done");
    }
}

}  // namespace funnel::ingest::detail
