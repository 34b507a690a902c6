// SPDX-License-Identifier: MIT
#include "traffic.hpp"

#include <algorithm>

#include "json_fields.hpp"

namespace funnel::serve {

void Traffic::count(std::size_t path, unsigned status) noexcept {
    const auto at = std::ranges::find(kStatuses, status);
    const auto index = std::min(static_cast<std::size_t>(at - kStatuses.begin()), kStatuses.size() - 1);
    paths_[path].by_status[index].fetch_add(1, std::memory_order_relaxed);
}

void Traffic::took(std::size_t path, std::chrono::steady_clock::duration time) noexcept {
    const double seconds = std::chrono::duration<double>(time).count();
    const auto at = std::ranges::lower_bound(kSeconds, seconds);
    paths_[path].by_time[static_cast<std::size_t>(at - kSeconds.begin())].fetch_add(
        1, std::memory_order_relaxed);
    paths_[path].microseconds.fetch_add(static_cast<std::uint64_t>(seconds * 1e6), std::memory_order_relaxed);
}

void append_metric(std::string& out, std::string_view name, std::string_view type, std::string_view value) {
    out += "# TYPE ";
    out += name;
    out += ' ';
    out += type;
    out += '\n';
    out += name;
    out += ' ';
    out += value;
    out += '\n';
}

void Traffic::write(std::string& out) const {
    out += "# TYPE funnel_requests_total counter\n";
    for (std::size_t p = 0; p < kPaths.size(); ++p) {
        for (std::size_t s = 0; s < kStatuses.size(); ++s) {
            const std::uint64_t count = paths_[p].by_status[s];
            if (count == 0) continue;
            out += "funnel_requests_total{path=\"" + std::string(kPaths[p]) + "\",code=\"" +
                   (kStatuses[s] == 0 ? "other" : std::to_string(kStatuses[s])) + "\"} " +
                   std::to_string(count) + '\n';
        }
    }
    out += "# TYPE funnel_request_seconds histogram\n";
    for (std::size_t p = 0; p < 3; ++p) {
        const std::string path = "{path=\"" + std::string(kPaths[p]) + '"';
        std::uint64_t sum = 0;
        for (std::size_t t = 0; t < paths_[p].by_time.size(); ++t) {
            sum += paths_[p].by_time[t];
            out += "funnel_request_seconds_bucket" + path + ",le=\"";
            if (t < kSeconds.size()) {
                append_number(out, kSeconds[t]);
            } else {
                out += "+Inf";
            }
            out += "\"} " + std::to_string(sum) + '\n';
        }
        out += "funnel_request_seconds_sum" + path + "} ";
        append_number(out, static_cast<double>(paths_[p].microseconds) * 1e-6);
        out += "\nfunnel_request_seconds_count" + path + "} " + std::to_string(sum) + '\n';
    }
}

}  // namespace funnel::serve
