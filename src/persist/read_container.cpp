// SPDX-License-Identifier: MIT
// A container from a file, section by section and summed on the way, or whole from a pipe.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <optional>
#include <system_error>

#include "funnel/base/bytes.hpp"
#include "funnel/base/utf8.hpp"
#include "funnel/persist/container.hpp"
#include "persist/container_format.hpp"

namespace funnel::persist {
namespace {

using namespace detail;
using base::ByteReader;

class File {
 public:
    explicit File(const std::string& path) : path_(path) {
        do {
            fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        } while (fd_ < 0 && errno == EINTR);
        if (fd_ < 0) fail("cannot open", errno);
    }
    ~File() { ::close(fd_); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    /// The number of bytes read; fewer than wanted only at the end of the file.
    std::size_t read(char* to, std::size_t wanted) const {
        std::size_t filled = 0;
        while (filled < wanted) {
            const ssize_t n = ::read(fd_, to + filled, wanted - filled);
            if (n < 0 && errno == EINTR) continue;
            if (n < 0 && errno == EISDIR) not_a_model("it is a folder");
            if (n < 0) fail("cannot read", errno);
            if (n == 0) break;
            filled += static_cast<std::size_t>(n);
        }
        return filled;
    }

    /// The size of a regular file; what a pipe will hold is not known.
    [[nodiscard]] std::optional<std::uint64_t> size() const {
        struct stat info {};
        if (fstat(fd_, &info) != 0) fail("cannot read", errno);
        if (!S_ISREG(info.st_mode)) return std::nullopt;
        return static_cast<std::uint64_t>(info.st_size);
    }

 private:
    [[noreturn]] void fail(const std::string& what, int error) const {
        throw Error(ErrorCode::io,
                    base::escaped(path_) + ": " + what + ": " + std::generic_category().message(error));
    }

    std::string path_;
    int fd_ = -1;
};

constexpr const char* kOtherSize = "it has more or fewer bytes than it says";

/// The bytes of a regular file one after the other. All that pass are summed. Readers of sections may catch
/// what it throws and say something else; failure() is the truth.
class FileSource final : public base::ByteSource {
 public:
    FileSource(const File& file, files::Digest* digest) : file_(file), digest_(digest) {}

    void read(char* to, std::size_t n) override {
        try {
            read_pieces(to, n);
        } catch (...) {
            failure_ = std::current_exception();
            throw;
        }
    }
    [[nodiscard]] const std::exception_ptr& failure() const noexcept { return failure_; }

    /// Reads n bytes that nobody needs.
    void pass_over(std::uint64_t n) {
        std::array<char, 1 << 14> passed;
        while (n > 0) {
            const auto piece = static_cast<std::size_t>(std::min<std::uint64_t>(n, passed.size()));
            read(passed.data(), piece);
            n -= piece;
        }
    }

    /// Reads the checksum, with which the file must end.
    void finish() {
        const Checksum sum = sum_.result();
        std::array<char, kChecksumBytes + 1> last{};
        if (file_.read(last.data(), last.size()) != kChecksumBytes) damaged(kOtherSize);
        const auto read_sum = std::span(last).first(kChecksumBytes);
        if (digest_ != nullptr) digest_->add({read_sum.data(), read_sum.size()});
        check_sum(read_sum, sum);
    }

 private:
    void read_pieces(char* to, std::size_t n) {
        constexpr std::size_t kPiece = std::size_t{1} << 18;  // still in the caches when it is summed
        for (std::size_t done = 0; done < n;) {
            const std::size_t piece = std::min(kPiece, n - done);
            if (file_.read(to + done, piece) != piece) damaged(kOtherSize);
            sum_.add({to + done, piece});
            if (digest_ != nullptr) digest_->add({to + done, piece});
            done += piece;
        }
    }

    const File& file_;
    files::Digest* digest_;
    ChecksumState sum_;
    std::exception_ptr failure_;
};

void check_limit(const std::string& path, std::uint64_t size, std::uint64_t limit) {
    if (size <= limit) return;
    throw Error(ErrorCode::memory, base::escaped(path) + ": expected a model of at most " +
                                       std::to_string(limit) + " bytes, got " + std::to_string(size) +
                                       "; raise the limit");
}

/// The header and, if the file is as large as it says, all behind it.
std::vector<char> read_pipe(const File& file, const std::string& path, std::uint64_t size_limit) {
    // A pipe that only claims a size costs no more than a piece and what it sends.
    constexpr std::size_t kPiece = std::size_t{1} << 20;
    std::vector<char> bytes(kHeaderBytes);
    bytes.resize(file.read(bytes.data(), bytes.size()));
    const Header header = read_header(bytes);
    check_size(header, header.file_size);
    check_limit(path, header.file_size, size_limit);
    for (std::size_t before = 0; bytes.size() > before && bytes.size() <= header.file_size;) {
        before = bytes.size();
        bytes.resize(before + std::min<std::uint64_t>(kPiece, header.file_size + 1 - before));
        bytes.resize(before + file.read(bytes.data() + before, bytes.size() - before));
    }
    if (bytes.size() != header.file_size) damaged(kOtherSize);
    return bytes;
}

/// Does `work`, behind which `left()` bytes come before the checksum. What it finds wrong, and memory that it
/// misses, is not worth a word if the file cannot be read or its checksum is wrong.
template <typename Work, typename Left>
void checked(FileSource& source, Work&& work, Left&& left) {
    try {
        work();
    } catch (...) {
        if (source.failure()) std::rethrow_exception(source.failure());
        source.pass_over(left());
        source.finish();
        throw;
    }
}

void take_sections(FileSource& source, std::span<const Entry> entries, const TakeSection& take) {
    std::uint64_t left = 0;
    for (const Entry& entry : entries)
        left += entry.size;
    for (const Entry& entry : entries) {
        ByteReader in(source, entry.size);
        left -= entry.size;
        checked(
            source, [&] { take(entry.name, in); }, [&] { return in.behind() + left; });
        source.pass_over(in.behind());
    }
    source.finish();
}

void read_regular_file(const File& file, const std::string& path, std::uint64_t size,
                       std::uint64_t size_limit, files::Digest* digest, const TakeSection& take) {
    FileSource source(file, digest);
    std::vector<char> bytes(std::min<std::uint64_t>(size, kHeaderBytes));
    source.read(bytes.data(), bytes.size());
    const Header header = read_header(bytes);
    check_size(header, size);
    check_limit(path, size, size_limit);
    bytes.resize(header.sections * kEntryBytes);
    source.read(bytes.data(), bytes.size());
    std::vector<Entry> entries;
    checked(
        source, [&] { entries = read_entries(bytes, header); },
        [&] { return size - kHeaderBytes - bytes.size() - kChecksumBytes; });
    take_sections(source, entries, take);
}

}  // namespace

void read_container(const std::string& path, const TakeSection& take, std::uint64_t size_limit,
                    files::FileDigest* digest) {
    const File file(path);
    try {
        files::Digest whole;
        files::Digest* const wanted = digest != nullptr ? &whole : nullptr;
        if (const std::optional<std::uint64_t> size = file.size()) {
            read_regular_file(file, path, *size, size_limit, wanted, take);
        } else {
            const std::vector<char> bytes = read_pipe(file, path, size_limit);
            if (wanted != nullptr) wanted->add({bytes.data(), bytes.size()});
            for (const SectionView& section : decode_container(bytes)) {
                ByteReader in(section.bytes);
                take(section.name, in);
            }
        }
        if (digest != nullptr) *digest = whole.result(path);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::format && error.code() != ErrorCode::unsupported) throw;
        throw Error(error.code(), base::escaped(path) + ": " + error.what());
    }
}

}  // namespace funnel::persist
