// SPDX-License-Identifier: MIT
// Traffic: requests by path and status, and how long they took, for /metrics.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace funnel::serve {

inline constexpr std::array<std::string_view, 8> kPaths = {
    "/v1/events", "/v1/rank", "/v1/score", "/healthz", "/readyz", "/metrics", "/openapi.json", "other"};
inline constexpr std::size_t kOtherPath = kPaths.size() - 1;

/// Any thread may call any function.
class Traffic {
 public:
    void count(std::size_t path, unsigned status) noexcept;
    void took(std::size_t path, std::chrono::steady_clock::duration time) noexcept;
    /// In Prometheus' text format.
    void write(std::string& out) const;

 private:
    static constexpr std::array<unsigned, 11> kStatuses = {200, 400, 401, 404, 405, 413,
                                                           415, 431, 500, 503, 0};
    static constexpr std::array<double, 9> kSeconds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1, 10};
    struct Path {
        std::array<std::atomic<std::uint64_t>, kStatuses.size()> by_status{};
        std::array<std::atomic<std::uint64_t>, kSeconds.size() + 1> by_time{};
        std::atomic<std::uint64_t> microseconds{0};
    };
    std::array<Path, kPaths.size()> paths_;
};

/// "# TYPE name counter" and a line.
void append_metric(std::string& out, std::string_view name, std::string_view type, std::string_view value);

}  // namespace funnel::serve
