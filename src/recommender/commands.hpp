// SPDX-License-Identifier: MIT
// Commands: what other threads ask the writer to do.
#pragma once

#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <mutex>
#include <utility>

namespace funnel::recommender {

/// A queue of work that the writer does between two batches of events.
class Commands {
 public:
    /// For any other thread: lets the writer do `work` and waits for it; throws what it throws.
    template <typename Wake, typename Work>
    void run(const Wake& wake, Work&& work) {
        std::promise<void> done;
        {
            const std::lock_guard lock(mutex_);
            queue_.push_back([&] {
                try {
                    work();
                    done.set_value();
                } catch (...) {
                    done.set_exception(std::current_exception());
                }
            });
        }
        wake();
        done.get_future().get();
    }
    /// For the writer.
    void do_all() {
        for (;;) {
            std::function<void()> next;
            {
                const std::lock_guard lock(mutex_);
                if (queue_.empty()) return;
                next = std::move(queue_.front());
                queue_.pop_front();
            }
            next();
        }
    }

 private:
    std::mutex mutex_;
    std::deque<std::function<void()>> queue_;
};

}  // namespace funnel::recommender
