// SPDX-License-Identifier: MIT
// WorkerTeam: threads that stay alive between many short jobs. A training step takes tens of microseconds,
// less than starting a thread or waking a sleeping one, so idle workers look out for work for a while before
// they sleep.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <type_traits>
#include <vector>

namespace funnel::train {

/// run() from one thread at a time.
class WorkerTeam {
 public:
    /// `threads` in all, the caller's included; 0 counts as 1.
    explicit WorkerTeam(unsigned threads);
    WorkerTeam(const WorkerTeam&) = delete;
    WorkerTeam& operator=(const WorkerTeam&) = delete;
    ~WorkerTeam();

    [[nodiscard]] std::size_t size() const noexcept { return workers_.size() + 1; }

    /// Calls task(i, worker) once for every i < tasks, worker < size(), and returns when all are done. Which
    /// worker gets which task is left to chance. Rethrows the exception of the smallest i among those thrown.
    template <typename Task>
    void run(std::size_t tasks, Task&& task);

 private:
    void serve(std::size_t worker) noexcept;
    void work(std::size_t worker) noexcept;
    template <typename Done>
    void look_out(Done&& done) const noexcept;

    int looks_ = 0;  // before going to sleep
    void (*call_)(void* task, std::size_t i, std::size_t worker) = nullptr;
    void* task_ = nullptr;
    std::size_t tasks_ = 0;
    std::atomic<std::size_t> next_{0};
    std::atomic<std::uint32_t> job_{0};   // counts up: a new value is a new job
    std::atomic<std::uint32_t> busy_{0};  // workers that have not finished this job
    std::atomic<bool> stop_{false};
    std::mutex mutex_;
    std::exception_ptr error_;
    std::size_t error_at_ = 0;
    std::vector<std::thread> workers_;
};

inline WorkerTeam::WorkerTeam(unsigned threads) {
    // About 50 microseconds; looking out without a core of one's own only keeps the others from working.
    looks_ = threads <= std::thread::hardware_concurrency() ? 4000 : 0;
    workers_.reserve(std::max(threads, 1U) - 1);
    try {
        for (std::size_t worker = 1; worker < threads; ++worker)
            workers_.emplace_back([this, worker] { serve(worker); });
    } catch (
        const std::system_error&) {  // as many as there are to be had: the tasks, not the workers, decide
    } catch (const std::bad_alloc&) {
    }
}

inline WorkerTeam::~WorkerTeam() {
    stop_ = true;
    ++job_;
    job_.notify_all();
    for (std::thread& worker : workers_)
        worker.join();
}

template <typename Task>
void WorkerTeam::run(std::size_t tasks, Task&& task) {
    if (workers_.empty() || tasks <= 1) {
        for (std::size_t i = 0; i < tasks; ++i)
            task(i, std::size_t{0});
        return;
    }
    using Plain = std::remove_reference_t<Task>;
    call_ = [](void* object, std::size_t i, std::size_t worker) {
        (*static_cast<Plain*>(object))(i, worker);
    };
    task_ = const_cast<void*>(static_cast<const void*>(std::addressof(task)));
    tasks_ = tasks;
    error_ = nullptr;
    next_.store(0, std::memory_order_relaxed);
    busy_.store(static_cast<std::uint32_t>(workers_.size()), std::memory_order_relaxed);
    job_.fetch_add(1, std::memory_order_release);
    job_.notify_all();
    work(0);
    look_out([this] { return busy_.load(std::memory_order_acquire) == 0; });
    for (std::uint32_t busy; (busy = busy_.load(std::memory_order_acquire)) != 0;)
        busy_.wait(busy);
    if (error_) std::rethrow_exception(error_);
}

inline void WorkerTeam::serve(std::size_t worker) noexcept {
    for (std::uint32_t seen = 0;;) {
        look_out([&] { return job_.load(std::memory_order_acquire) != seen; });
        job_.wait(seen, std::memory_order_acquire);
        if (stop_) return;
        // The team waits for every worker before the next job, so no job is ever skipped.
        ++seen;
        work(worker);
        if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) busy_.notify_one();
    }
}

inline void WorkerTeam::work(std::size_t worker) noexcept {
    for (std::size_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < tasks_;) {
        try {
            call_(task_, i, worker);
        } catch (...) {
            const std::scoped_lock lock(mutex_);
            if (!error_ || i < error_at_) {
                error_ = std::current_exception();
                error_at_ = i;
            }
        }
    }
}

template <typename Done>
void WorkerTeam::look_out(Done&& done) const noexcept {
    for (int look = 0; look < looks_ && !done(); ++look) {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        asm volatile("yield");
#endif
    }
}

}  // namespace funnel::train
