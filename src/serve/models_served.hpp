// SPDX-License-Identifier: MIT
// ModelsServed: which model answered, by the number that the recommender gives it.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace funnel::serve {

/// Any thread may call any function.
class ModelsServed {
 public:
    explicit ModelsServed(std::string digest) : digests_{std::move(digest)} {}

    [[nodiscard]] std::string digest(std::uint64_t number) const {
        const std::lock_guard lock(mutex_);
        return number < digests_.size() ? digests_[static_cast<std::size_t>(number)] : digests_.back();
    }
    [[nodiscard]] std::string last() const {
        const std::lock_guard lock(mutex_);
        return digests_.back();
    }
    /// Before an exchange, and if it fails.
    void add(std::string digest) {
        const std::lock_guard lock(mutex_);
        digests_.push_back(std::move(digest));
    }
    void take_back() {
        const std::lock_guard lock(mutex_);
        digests_.pop_back();
    }

 private:
    mutable std::mutex mutex_;
    std::vector<std::string> digests_;
};

}  // namespace funnel::serve
