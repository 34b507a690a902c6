// SPDX-License-Identifier: MIT
// Endpoints: what is answered under which path.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/recommender.hpp"
#include "http_server.hpp"
#include "models_served.hpp"
#include "post.hpp"
#include "posting.hpp"
#include "traffic.hpp"

namespace funnel::serve {

class Endpoints final : public HttpHandler {
 public:
    /// Borrows all.
    Endpoints(const Recommender& recommender, Posting& posting, const ModelsServed& models,
              std::vector<std::string> tokens)
        : recommender_(recommender), posting_(posting), models_(models), tokens_(std::move(tokens)) {}

    [[nodiscard]] std::optional<HttpAnswer> refuse(const HttpRequest& head) override;
    void answer(const HttpRequest& request, Reply reply) override;
    [[nodiscard]] HttpAnswer malformed(unsigned status, std::string_view detail) override;

    /// /readyz says no from here on.
    void stop() noexcept { stopping_ = true; }
    /// For /metrics.
    std::function<std::size_t()> connections = {};

 private:
    using Clock = std::chrono::steady_clock;

    [[nodiscard]] std::optional<HttpAnswer> refusal(const HttpRequest& head, std::size_t path) const;
    [[nodiscard]] bool knows(std::string_view authorization) const noexcept;
    void post_events(const HttpRequest& request, Reply reply, Clock::time_point began);
    [[nodiscard]] HttpAnswer rank(const HttpRequest& request, bool order) const;
    [[nodiscard]] HttpAnswer ready() const;
    [[nodiscard]] HttpAnswer figures() const;

    const Recommender& recommender_;
    Posting& posting_;
    const ModelsServed& models_;
    const std::vector<std::string> tokens_;
    Traffic traffic_;
    std::atomic<bool> stopping_{false};
};

}  // namespace funnel::serve
