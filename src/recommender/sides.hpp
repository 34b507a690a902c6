// SPDX-License-Identifier: MIT
// Sides: two equal histories that take turns. Readers pin the one on show; the writer changes the other, puts
// it on show, waits until nobody reads the first any more, and makes the same change there (left-right,
// Ramalhete and Correia 2015). Nobody who reads ever waits.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "serving.hpp"

namespace funnel::recommender {

struct Side {
    history::History history;
    std::shared_ptr<const Serving> serving;
};

class Sides {
 public:
    Sides(std::shared_ptr<const Serving> serving, history::History history);

    /// A side on show, as long as this lives.
    class Pin {
     public:
        Pin(Sides& sides, std::size_t stripe) noexcept;
        ~Pin();
        Pin(const Pin&) = delete;
        Pin& operator=(const Pin&) = delete;
        [[nodiscard]] const Side& operator*() const noexcept { return *side_; }
        [[nodiscard]] const Side* operator->() const noexcept { return side_; }

     private:
        std::atomic<std::int64_t>* count_ = nullptr;
        const Side* side_ = nullptr;
    };

    /// For the one writer: change(side), which must do the same to both. If it throws on the first, nobody
    /// has seen that side; it must not be used any more.
    template <typename Change>
    void change(Change&& change) {
        const std::size_t shown = shown_.load(std::memory_order_relaxed);
        change(sides_[1 - shown]);
        shown_.store(1 - shown, std::memory_order_seq_cst);
        wait_for_readers(shown);
        change(sides_[shown]);
    }

 private:
    friend class Pin;
    static constexpr std::size_t kStripes = 16;  // readers of different stripes share no cache line
    struct alignas(128) Stripe {
        std::array<std::atomic<std::int64_t>, 2> readers{};
    };
    void wait_for_readers(std::size_t side) const noexcept;

    std::array<Side, 2> sides_;
    std::array<Stripe, kStripes> stripes_;
    std::atomic<std::size_t> shown_{0};
};

}  // namespace funnel::recommender
