// SPDX-License-Identifier: MIT
#include "funnel/persist/container.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <memory>
#include <optional>
#include <system_error>

#include "funnel/base/bytes.hpp"
#include "funnel/base/error.hpp"
#include "funnel/base/utf8.hpp"
#include "funnel/base/version.hpp"
#include "funnel/files/atomic_file.hpp"

namespace funnel::persist {
namespace {

using base::ByteReader;
using base::ByteWriter;

constexpr std::array<char, 8> kMagic = {'F', 'U', 'N', 'N', 'E', 'L', 'M', '\0'};
constexpr std::size_t kNameBytes = 16;
constexpr std::size_t kHeaderBytes = kMagic.size() + 4 + 4 + 8;
constexpr std::size_t kEntryBytes = kNameBytes + 8 + 8;
constexpr std::size_t kChecksumBytes = 16;
constexpr std::size_t kMostSections = 1024;  // far above need; keeps a hostile table from costing time
constexpr std::size_t kSmallestFile = kHeaderBytes + kChecksumBytes;

using Checksum = XXH128_canonical_t;
static_assert(sizeof(Checksum) == kChecksumBytes);

/// Of bytes that come piece by piece.
class ChecksumState {
 public:
    ChecksumState() : state_(XXH3_createState(), XXH3_freeState) {
        if (!state_) throw Error(ErrorCode::memory, "no memory for a checksum");
        XXH3_128bits_reset(state_.get());
    }
    void add(std::span<const char> bytes) { XXH3_128bits_update(state_.get(), bytes.data(), bytes.size()); }
    [[nodiscard]] Checksum result() const {
        Checksum sum;
        XXH128_canonicalFromHash(&sum, XXH3_128bits_digest(state_.get()));
        return sum;
    }

 private:
    std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state_;
};

[[noreturn]] void damaged(const std::string& what) {
    throw Error(ErrorCode::format, "damaged funnel model: " + what + "; restore the file or train again");
}

[[noreturn]] void not_a_model(const std::string& what) {
    throw Error(ErrorCode::format, "not a funnel model: " + what + "; expected a file that train wrote");
}

bool is_name(std::string_view name) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
    };
    return !name.empty() && name.size() <= kNameBytes && std::ranges::all_of(name, allowed);
}

void check_names(std::span<const Section> sections) {
    if (sections.size() > kMostSections) {
        throw Error(ErrorCode::invalid_argument, "expected at most " + std::to_string(kMostSections) +
                                                     " sections, got " + std::to_string(sections.size()));
    }
    for (std::size_t i = 0; i < sections.size(); ++i) {
        const std::string& name = sections[i].name;
        const auto same = [&](const Section& other) { return other.name == name; };
        if (!is_name(name) || std::ranges::any_of(sections.first(i), same)) {
            throw Error(
                ErrorCode::invalid_argument,
                "expected distinct section names of 1 to 16 characters a-z 0-9 _ - ., got \"" + name + '"');
        }
    }
}

/// Magic, version, counts and the table of sections: everything before the first payload.
std::vector<char> head_of(std::span<const Section> sections) {
    std::uint64_t offset = kHeaderBytes + sections.size() * kEntryBytes;
    std::uint64_t file_size = offset + kChecksumBytes;
    for (const Section& section : sections)
        file_size += section.bytes.size();
    ByteWriter out;
    for (const char c : kMagic)
        out.value(c);
    out.value(kFormatVersion);
    out.value(static_cast<std::uint32_t>(sections.size()));
    out.value(file_size);
    for (const Section& section : sections) {
        for (std::size_t i = 0; i < kNameBytes; ++i)
            out.value(i < section.name.size() ? section.name[i] : '\0');
        out.value(offset);
        out.value(static_cast<std::uint64_t>(section.bytes.size()));
        offset += section.bytes.size();
    }
    return out.take();
}

/// Calls put(span) for the parts of the file in order, the checksum last.
template <typename Put>
void write_parts(std::span<const Section> sections, Put&& put) {
    check_names(sections);
    ChecksumState state;
    const auto part = [&](std::span<const char> bytes) {
        if (bytes.empty()) return;
        state.add(bytes);
        put(bytes);
    };
    part(head_of(sections));
    for (const Section& section : sections)
        part(section.bytes);
    const Checksum sum = state.result();
    put(std::span(reinterpret_cast<const char*>(sum.digest), sizeof sum.digest));
}

struct Header {
    std::uint32_t sections = 0;
    std::uint64_t file_size = 0;
};

/// What can be said from the first kHeaderBytes (or all there are, if fewer).
Header read_header(std::span<const char> bytes) {
    if (bytes.empty()) not_a_model("empty");
    const std::size_t known = std::min(bytes.size(), kMagic.size());
    if (!std::ranges::equal(bytes.first(known), std::span(kMagic).first(known))) {
        not_a_model("it begins with other bytes");
    }
    if (bytes.size() < kHeaderBytes)
        damaged("it ends in its first " + std::to_string(kHeaderBytes) + " bytes");
    ByteReader in(bytes.subspan(kMagic.size()));
    const auto version = in.value<std::uint32_t>();
    if (version > kFormatVersion) {
        throw Error(ErrorCode::unsupported, "funnel model of format version " + std::to_string(version) +
                                                "; this is funnel " + base::kVersion +
                                                ", which reads versions up to " +
                                                std::to_string(kFormatVersion) + "; use a newer funnel");
    }
    if (version == 0) damaged("format version 0");
    Header header;
    header.sections = in.value<std::uint32_t>();
    header.file_size = in.value<std::uint64_t>();
    return header;
}

void check_size(const Header& header, std::uint64_t size) {
    if (header.file_size != size) {
        damaged("it says it has " + std::to_string(header.file_size) + " bytes and has " +
                std::to_string(size));
    }
    if (size < kSmallestFile || header.sections > kMostSections ||
        header.sections > (size - kSmallestFile) / kEntryBytes) {
        damaged(std::to_string(header.sections) + " sections in " + std::to_string(size) + " bytes");
    }
}

std::string read_name(ByteReader& in) {
    std::string name;
    bool ended = false;
    for (std::size_t i = 0; i < kNameBytes; ++i) {
        const char c = in.value<char>();
        if (ended && c != '\0') damaged("a section's name");
        ended = ended || c == '\0';
        if (!ended) name += c;
    }
    if (!is_name(name)) damaged("a section's name");
    return name;
}

/// The bytes of a container without its checksum, and how to see one that is wrong.
void check_sum(std::span<const char> bytes, const Checksum& sum) {
    if (!std::ranges::equal(bytes.last(kChecksumBytes), sum.digest,
                            [](char a, unsigned char b) { return static_cast<unsigned char>(a) == b; })) {
        damaged("its checksum is wrong");
    }
}

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

struct Entry {
    std::string name;
    std::uint64_t size = 0;
};

/// The table of sections, which lie one after the other and fill the file up to its checksum.
std::vector<Entry> read_entries(std::span<const char> bytes, const Header& header) {
    ByteReader table(bytes);
    const std::uint64_t end = header.file_size - kChecksumBytes;
    std::vector<Entry> entries;
    std::uint64_t expected = kHeaderBytes + header.sections * kEntryBytes;
    for (std::uint32_t i = 0; i < header.sections; ++i) {
        Entry entry{.name = read_name(table)};
        const auto offset = table.value<std::uint64_t>();
        entry.size = table.value<std::uint64_t>();
        if (offset != expected || entry.size > end - offset)
            damaged("section \"" + entry.name + "\" lies outside");
        if (std::ranges::any_of(entries, [&](const auto& e) { return e.name == entry.name; })) {
            damaged("section \"" + entry.name + "\" twice");
        }
        expected += entry.size;
        entries.push_back(std::move(entry));
    }
    if (expected != end) damaged("bytes that belong to no section");
    return entries;
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

std::vector<char> encode_container(std::span<const Section> sections) {
    std::vector<char> bytes;
    write_parts(sections,
                [&](std::span<const char> part) { bytes.insert(bytes.end(), part.begin(), part.end()); });
    return bytes;
}

void save_container(const std::string& path, std::span<const Section> sections) {
    files::AtomicFile file(path);
    write_parts(sections, [&](std::span<const char> part) { file.append({part.data(), part.size()}); });
    file.commit();
}

std::vector<SectionView> decode_container(std::span<const char> bytes) {
    const Header header = read_header(bytes);
    check_size(header, bytes.size());
    ChecksumState sum;
    sum.add(bytes.first(bytes.size() - kChecksumBytes));
    check_sum(bytes, sum.result());
    std::vector<SectionView> sections;
    std::size_t offset = kHeaderBytes + header.sections * kEntryBytes;
    for (Entry& entry : read_entries(bytes.subspan(kHeaderBytes, header.sections * kEntryBytes), header)) {
        const auto size = static_cast<std::size_t>(entry.size);
        sections.push_back({std::move(entry.name), bytes.subspan(offset, size)});
        offset += size;
    }
    return sections;
}

void read_container(const std::string& path, const TakeSection& take, std::uint64_t size_limit,
                    files::FileDigest* digest) {
    const File file(path);
    try {
        files::Digest whole;
        if (const std::optional<std::uint64_t> size = file.size()) {
            read_regular_file(file, path, *size, size_limit, digest != nullptr ? &whole : nullptr, take);
        } else {
            const std::vector<char> bytes = read_pipe(file, path, size_limit);
            whole.add({bytes.data(), bytes.size()});
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
