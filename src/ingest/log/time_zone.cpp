// SPDX-License-Identifier: MIT
#include "funnel/ingest/time_zone.hpp"

#include <date/tz.h>

#include <algorithm>
#include <limits>

#include "funnel/base/error.hpp"

namespace funnel::ingest {

std::vector<ZoneOffset> zone_offsets(const std::string& zone, std::int64_t first, std::int64_t last) {
    constexpr std::int64_t kBeginning = std::numeric_limits<std::int64_t>::min();
    // Rules repeat for ever, and the library's arithmetic does not reach the ends of int64: what is before
    // the first zones or far ahead has the offset of these years.
    constexpr std::int64_t kYear = 31'556'952'000'000, kFirst = -170 * kYear, kLast = 530 * kYear;
    first = std::clamp(first, kFirst, kLast);
    last = std::clamp(last, kFirst, kLast);
    if (zone.empty() || zone == "UTC") return {{kBeginning, 0}};
    try {
        using Micros = std::chrono::microseconds;
        const date::time_zone* rules = date::locate_zone(zone);
        std::vector<ZoneOffset> offsets;
        for (auto at = date::sys_time<Micros>(Micros(first));;) {
            const date::sys_info info = rules->get_info(at);
            const std::int64_t from =
                std::chrono::duration_cast<Micros>(info.begin.time_since_epoch()).count();
            offsets.push_back({offsets.empty() ? kBeginning : from, Micros(info.offset).count()});
            if (std::chrono::duration_cast<std::chrono::seconds>(Micros(last)) <=
                info.end.time_since_epoch()) {
                return offsets;
            }
            at = info.end;
        }
    } catch (const std::exception&) {
        throw Error(ErrorCode::invalid_argument,
                    "--tz: expected an IANA time zone such as Europe/Berlin, got \"" + zone +
                        "\"; check the name, or install the package tzdata");
    }
}

}  // namespace funnel::ingest
