// SPDX-License-Identifier: MIT
#include "ingest/source/text_source.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "funnel/base/error.hpp"

namespace funnel::ingest::detail {
namespace {

constexpr std::size_t kLookAt = 1024;

using std::string_view_literals::operator""sv;

struct Signature {
    std::string_view bytes, kind, advice;
};

constexpr Signature kSignatures[] = {
    {"PAR1"sv, "a Parquet file", "export it as CSV"},
    {"BZh"sv, "a bzip2 file", "unpack it, or pack it with gzip or zstd"},
    {"\xFD"
     "7zXZ\0"sv,
     "an xz file", "unpack it, or pack it with gzip or zstd"},
    {"7z\xBC\xAF\x27\x1C"sv, "a 7z file", "unpack it, or pack it with gzip or zstd"},
    {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv, "an xls file", "export it as CSV"},
    {"SQLite format 3\0"sv, "an SQLite file", "export it as CSV"},
    {"ORC"sv, "an ORC file", "export it as CSV"},
    {"Obj\x01"sv, "an Avro file", "export it as CSV"},
    {"%PDF-"sv, "a PDF file", "export it as CSV"},
    {"\xFF\xFE"sv, "UTF-16 text", "save it as UTF-8"},
    {"\xFE\xFF"sv, "UTF-16 text", "save it as UTF-8"},
    {"{\""sv, "JSON", "export it as CSV"},
    {"[{"sv, "JSON", "export it as CSV"},
    {"FUNNELM\0"sv, "a model of funnel", "name it behind -m, and here the log"},
};

[[noreturn]] void reject(const std::string& name, std::string_view kind, std::string_view advice) {
    throw Error(ErrorCode::parse, name + ": expected CSV text, got what looks like " + std::string(kind) +
                                      "; " + std::string(advice));
}

/// Latin text in UTF-16 has a zero in every other byte.
bool looks_like_utf16(std::string_view head) {
    std::size_t zeros[2] = {0, 0};
    for (std::size_t i = 0; i < head.size(); ++i)
        zeros[i & 1] += head[i] == '\0';
    const std::size_t half = head.size() / 2;
    return half >= 4 && std::max(zeros[0], zeros[1]) * 10 > half * 7 &&
           std::min(zeros[0], zeros[1]) * 10 < half * 3;
}

bool looks_like_html(std::string_view head) {
    const std::size_t begin = head.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return false;
    std::string lower(head.substr(begin, 16));
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    return lower.starts_with("<!doctype") || lower.starts_with("<html") || lower.starts_with("<?xml") ||
           lower.starts_with("<head") || lower.starts_with("<body");
}

void expect_text(const std::string& name, std::string_view head) {
    for (const Signature& signature : kSignatures) {
        // "ORC..." may well begin a CSV header: binary kinds of three plain letters need a control byte too.
        const bool plain_letters = signature.bytes == "ORC"sv || signature.bytes == "BZh"sv;
        if (!head.starts_with(signature.bytes)) continue;
        const auto is_control = [](char c) { return c >= 0 && c < 9; };
        if (plain_letters && std::ranges::none_of(head, is_control)) continue;
        reject(name, signature.kind, signature.advice);
    }
    if (head.starts_with("PK\x03\x04"sv) || head.starts_with("PK\x05\x06"sv)) {
        const bool sheet = head.find("[Content_Types].xml") != std::string_view::npos ||
                           head.find("xl/") != std::string_view::npos;
        if (sheet) reject(name, "an xlsx file", "export the sheet as CSV");
        reject(name, "a zip file", "unpack it, or pack it with gzip or zstd");
    }
    if (looks_like_utf16(head)) reject(name, "UTF-16 text", "save it as UTF-8");
    if (looks_like_html(head)) {
        reject(name, "an HTML or XML page", "download the file itself; the page may hold an error message");
    }
}

bool looks_like_list(std::string_view text) {
    if (!text.starts_with('[')) return false;
    const std::size_t next = text.find_first_not_of(" \t\r\n", 1);
    return next != std::string_view::npos && (text[next] == '{' || text[next] == ']');
}

}  // namespace

TextSource::TextSource(const std::string& path, std::size_t input_bytes, bool with_digest, bool json_too)
    : source_(path, with_digest) {
    const std::string_view first = source_.peek(kLookAt);
    if (first.starts_with("\x1F\x8B"sv)) {
        decoder_ = make_gzip_decoder(source_, input_bytes);
    } else if (first.starts_with("\x28\xB5\x2F\xFD"sv) ||
               (first.size() >= 4 && first.substr(1, 3) == "\x2A\x4D\x18"sv && (first[0] & 0xF0) == 0x50)) {
        decoder_ = make_zstd_decoder(source_, input_bytes);
    }
    head_.resize(kLookAt);
    head_.resize(read_unpacked(head_));
    if (head_.starts_with("\xEF\xBB\xBF")) head_at_ = 3;
    const std::string_view text = std::string_view(head_).substr(head_at_);
    const std::size_t begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
    is_json_ = json_too && text.substr(begin).starts_with('{');
    if (json_too && looks_like_list(text.substr(begin)))
        reject(name(), "a list in JSON", "write one object a line, as jq -c '.[]' does");
    if (!is_json_) expect_text(name(), head_);
}

std::size_t TextSource::read_unpacked(std::span<char> out) {
    if (ended_ || out.empty()) return 0;
    const std::size_t got = decoder_ ? decoder_->read(out) : source_.read(out);
    if (got > 0) last_ = out[got - 1];
    if (got < out.size()) {
        ended_ = true;
        source_.expect_unchanged(last_ == '\n');
    }
    return got;
}

std::size_t TextSource::read(std::span<char> out) {
    const std::size_t head = std::min(out.size(), head_.size() - head_at_);
    std::copy_n(head_.begin() + static_cast<std::ptrdiff_t>(head_at_), head, out.begin());
    head_at_ += head;
    return head + (head < out.size() ? read_unpacked(out.subspan(head)) : 0);
}

}  // namespace funnel::ingest::detail
