// SPDX-License-Identifier: MIT
#include "funnel/persist/container.hpp"

#include <algorithm>
#include <utility>

#include "funnel/base/bytes.hpp"
#include "funnel/base/version.hpp"
#include "funnel/files/atomic_file.hpp"
#include "persist/container_format.hpp"

namespace funnel::persist {

using base::ByteReader;
using base::ByteWriter;

namespace {

using namespace detail;

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

}  // namespace

namespace detail {

[[noreturn]] void damaged(const std::string& what) {
    throw Error(ErrorCode::format, "damaged funnel model: " + what + "; restore the file or train again");
}

[[noreturn]] void not_a_model(const std::string& what) {
    throw Error(ErrorCode::format, "not a funnel model: " + what + "; expected a file that train wrote");
}

Header read_header(std::span<const char> bytes) {
    if (bytes.empty()) not_a_model("empty");
    const std::size_t known = std::min(bytes.size(), kMagic.size());
    if (!std::ranges::equal(bytes.first(known), std::span(kMagic).first(known))) {
        not_a_model("another kind of file");
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
        damaged("its header says " + std::to_string(header.file_size) + " bytes, the file has " +
                std::to_string(size));
    }
    if (size < kSmallestFile || header.sections > kMostSections ||
        header.sections > (size - kSmallestFile) / kEntryBytes) {
        damaged(std::to_string(header.sections) + " sections in " + std::to_string(size) + " bytes");
    }
}

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

void check_sum(std::span<const char> last, const Checksum& sum) {
    if (!std::ranges::equal(last, sum.digest,
                            [](char a, unsigned char b) { return static_cast<unsigned char>(a) == b; })) {
        damaged("its checksum is wrong");
    }
}

}  // namespace detail

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
    check_sum(bytes.last(kChecksumBytes), sum.result());
    std::vector<SectionView> sections;
    std::size_t offset = kHeaderBytes + header.sections * kEntryBytes;
    for (Entry& entry : read_entries(bytes.subspan(kHeaderBytes, header.sections * kEntryBytes), header)) {
        const auto size = static_cast<std::size_t>(entry.size);
        sections.push_back({std::move(entry.name), bytes.subspan(offset, size)});
        offset += size;
    }
    return sections;
}

}  // namespace funnel::persist
