// SPDX-License-Identifier: MIT
#include "sides.hpp"

#include <chrono>
#include <thread>

namespace funnel::recommender {

Sides::Sides(std::shared_ptr<const Serving> serving, history::History history)
    : sides_{Side{history, serving}, Side{std::move(history), serving}} {}

Sides::Pin::Pin(Sides& sides, std::size_t stripe) noexcept {
    Stripe& own = sides.stripes_[stripe % kStripes];
    for (;;) {
        const std::size_t shown = sides.shown_.load(std::memory_order_seq_cst);
        count_ = &own.readers[shown];
        count_->fetch_add(1, std::memory_order_seq_cst);
        side_ = &sides.sides_[shown];
        // Still on show: the writer will see the count. Else it may have looked before.
        if (sides.shown_.load(std::memory_order_seq_cst) == shown) return;
        count_->fetch_sub(1, std::memory_order_seq_cst);
    }
}

Sides::Pin::~Pin() {
    count_->fetch_sub(1, std::memory_order_seq_cst);
}

void Sides::wait_for_readers(std::size_t side) const noexcept {
    constexpr int kYields = 20;  // a call lasts some ten microseconds, unless its thread is off the CPU
    for (const Stripe& stripe : stripes_) {
        for (int tries = 0; stripe.readers[side].load(std::memory_order_seq_cst) != 0; ++tries) {
            if (tries < kYields) {
                std::this_thread::yield();
            } else {
                std::this_thread::sleep_for(std::chrono::microseconds(50));
            }
        }
    }
}

}  // namespace funnel::recommender
