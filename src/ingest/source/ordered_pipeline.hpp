// SPDX-License-Identifier: MIT
// OrderedPipeline: produce in order, work in parallel, commit in order. Each thread produces its own next
// item, so a slow producer (unpacking) overlaps with work and no thread ever only waits.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "funnel/base/parallel.hpp"

namespace funnel::ingest::detail {

/// The steps of a pipeline. An exception of any of them is that of its item: the first one in order is
/// rethrown by run, whatever the threads, and nothing behind it is committed.
template <typename Item>
struct PipelineSteps {
    std::function<bool(Item&)> produce;                ///< serial, in order; false: there is no more
    std::function<void(unsigned worker, Item&)> work;  ///< parallel; one call per worker at a time
    std::function<void(Item&)> commit;                 ///< serial, in order
    std::function<void()> observe;                     ///< now and then on the calling thread; may throw
};

/// Use once. Items are reused: `work` must not rely on a fresh one.
template <typename Item>
class OrderedPipeline {
 public:
    /// `stop` is set when the rest is not wanted any more; produce may look at it.
    OrderedPipeline(PipelineSteps<Item> steps, unsigned threads, std::atomic<bool>& stop)
        : steps_(std::move(steps)), threads_(threads == 0 ? 1 : threads), stop_(stop) {
        // One item more per thread than it works on: those that wait for their turn to be committed.
        for (unsigned i = 0; i < 2 * threads_; ++i)
            free_.push_back(std::make_unique<Entry>());
    }

    void run() {
        {
            const auto run_worker = [this](std::size_t i) { work(static_cast<unsigned>(i)); };
            std::vector<std::jthread> pool;
            base::start_threads(pool, threads_ - 1, run_worker);
            run_worker(0);
        }
        if (error_) std::rethrow_exception(error_);
    }

 private:
    struct Entry {
        Item item;
        std::exception_ptr error;
    };

    /// What the steps throw belongs to their item; here it is the pipeline itself that finds no memory.
    void work(unsigned worker) noexcept {
        try {
            work_through(worker);
        } catch (...) {
            fail(std::current_exception());
        }
    }

    void work_through(unsigned worker) {
        while (auto entry = take_free()) {
            std::uint64_t sequence = 0;
            if (!produce(*entry, sequence)) {
                give_back(std::move(entry));
                return;
            }
            if (!entry->error) attempt(entry->error, [&] { steps_.work(worker, entry->item); });
            const bool failed = entry->error != nullptr;
            deposit(sequence, std::move(entry));
            if (failed) return;  // what the worker keeps from item to item may be half done
            if (worker == 0 && steps_.observe) {
                std::exception_ptr error;
                attempt(error, steps_.observe);
                if (error) fail(error);
            }
        }
    }

    template <typename Call>
    static void attempt(std::exception_ptr& error, Call&& call) {
        try {
            call();
        } catch (...) {
            error = std::current_exception();
        }
    }

    std::unique_ptr<Entry> take_free() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return stop_ || !free_.empty(); });
        if (stop_) return nullptr;
        auto entry = std::move(free_.back());
        free_.pop_back();
        return entry;
    }

    void give_back(std::unique_ptr<Entry> entry) {
        {
            const std::scoped_lock lock(mutex_);
            free_.push_back(std::move(entry));
        }
        changed_.notify_one();
    }

    bool produce(Entry& entry, std::uint64_t& sequence) {
        const std::scoped_lock lock(produce_mutex_);
        if (ended_) return false;
        entry.error = nullptr;
        bool more = true;
        attempt(entry.error, [&] { more = steps_.produce(entry.item); });
        ended_ = !more || entry.error != nullptr;
        sequence = produced_;
        produced_ += more;
        return more;
    }

    /// Commits what can be committed, unless another thread is at it already; then that one goes on.
    void deposit(std::uint64_t sequence, std::unique_ptr<Entry> entry) {
        std::unique_lock lock(mutex_);
        ready_.emplace(sequence, std::move(entry));
        if (committing_) return;
        committing_ = true;
        while (!stop_ && !ready_.empty() && ready_.begin()->first == committed_) {
            auto next = std::move(ready_.begin()->second);
            ready_.erase(ready_.begin());
            lock.unlock();
            if (!next->error) attempt(next->error, [&] { steps_.commit(next->item); });
            if (next->error) fail(next->error);
            lock.lock();
            ++committed_;
            free_.push_back(std::move(next));
            changed_.notify_one();
        }
        committing_ = false;
    }

    void fail(const std::exception_ptr& error) {
        {
            const std::scoped_lock lock(mutex_);
            if (!error_) error_ = error;
            stop_ = true;
        }
        changed_.notify_all();
    }

    PipelineSteps<Item> steps_;
    unsigned threads_;
    std::atomic<bool>& stop_;

    std::mutex produce_mutex_;
    bool ended_ = false;
    std::uint64_t produced_ = 0;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::unique_ptr<Entry>> free_;
    std::map<std::uint64_t, std::unique_ptr<Entry>> ready_;
    bool committing_ = false;
    std::uint64_t committed_ = 0;
    std::exception_ptr error_;
};

}  // namespace funnel::ingest::detail
