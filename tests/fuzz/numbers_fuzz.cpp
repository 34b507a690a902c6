// SPDX-License-Identifier: MIT
// Numbers against the standard library, times against the plain parser of the reference reader.
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>

#include "funnel/base/time.hpp"
#include "funnel/ingest/time_zone.hpp"
#include "fuzz/expect.hpp"
#include "fuzz/memory_file.hpp"
#include "ingest/csv/field_value.hpp"
#include "ingest/log/time_parser.hpp"
#include "ingest/reference_reader.hpp"

namespace {

using namespace funnel;
using fuzz::expect;

/// The readers may look at 16 bytes behind the begin of a field.
struct Padded {
    std::string bytes;
    std::string_view text;
    explicit Padded(std::string_view given)
        : bytes(std::string(given) + std::string(16, '\0')), text(bytes.data(), given.size()) {}
};

void check_number(const Padded& given) {
    double fast = 0, plain = 0;
    const auto kind = ingest::detail::parse_number(given.text, fast);
    if (kind == ingest::detail::NumberKind::missing) return;
    const char* end = given.text.data() + given.text.size();
    const auto [at, error] = std::from_chars(given.text.data(), end, plain);
    const bool fine = error == std::errc{} && at == end && std::isfinite(plain);
    expect((kind == ingest::detail::NumberKind::number) == fine, "a number is one for both");
    expect(!fine || std::memcmp(&fast, &plain, sizeof fast) == 0, "both give the same double");
}

void check_time(const Padded& given) {
    std::int64_t fast = 0;
    static ingest::detail::TimeParser parser(ingest::TimeUnit::iso, false, "", "fuzz");
    const bool is_time = parser.parse(given.text, fast);
    const auto plain = ingest::reference::parse_time(std::string(given.text));
    expect(is_time == plain.has_value(), "a time is one for both");
    expect(!plain || fast == *plain, "both give the same moment");
    const auto iso = ingest::parse_iso_time(given.text);
    expect(iso == plain, "parse_iso_time as well");
    // What is shown reads back as it was. An offset may lead out of the years that have four digits.
    constexpr std::int64_t kYear0 = -62'167'219'200'000'000, kYear10000 = 253'402'300'800'000'000;
    if (iso && *iso >= kYear0 && *iso < kYear10000)
        expect(ingest::parse_iso_time(base::format_time(*iso)) == iso, "what is shown is that time");
}

void check_units(const Padded& given) {
    (void)ingest::detail::time_unit_of(given.text);
    (void)base::parse_duration(given.text);
    for (const auto unit : {ingest::TimeUnit::seconds, ingest::TimeUnit::milliseconds,
                            ingest::TimeUnit::microseconds, ingest::TimeUnit::nanoseconds}) {
        for (const bool detected : {false, true}) {
            std::int64_t micros = 0;
            ingest::detail::TimeParser parser(unit, detected, "", "fuzz");
            (void)parser.parse(given.text, micros);
        }
    }
    static ingest::detail::TimeParser london(ingest::TimeUnit::iso, false, "Europe/London", "fuzz");
    std::int64_t micros = 0;
    (void)london.parse(given.text, micros);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 64) return 0;
    const Padded given(fuzz::text_of(data, size));
    check_number(given);
    check_time(given);
    check_units(given);
    return 0;
}
