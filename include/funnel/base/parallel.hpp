// SPDX-License-Identifier: MIT
// for_each_task: a fixed list of tasks on a given number of threads. The tasks, not the threads, decide
// what is computed, so a result does not depend on the number of threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace funnel::base {

/// Starts `count` threads that run work(1), work(2), ... or as many of them as there are to be had: a machine
/// without resources for another thread makes a result slow, never impossible.
template <typename Work>
void start_threads(std::vector<std::jthread>& pool, std::size_t count, const Work& work) {
    try {
        pool.reserve(count);
        for (std::size_t i = 1; i <= count; ++i)
            pool.emplace_back([&work, i] { work(i); });
    } catch (const std::system_error&) {
    } catch (const std::bad_alloc&) {
    }
}

/// Calls task(i) once for every i in [0, tasks), on `threads` threads (0 counts as 1), and returns when all
/// are done. After a task has thrown no new one is begun, and the exception of the smallest i is rethrown.
template <typename Task>
void for_each_task(std::size_t tasks, unsigned threads, Task&& task) {
    if (threads <= 1 || tasks <= 1) {
        for (std::size_t i = 0; i < tasks; ++i)
            task(i);
        return;
    }
    std::atomic<std::size_t> next{0};
    std::mutex mutex;
    std::exception_ptr error;
    std::size_t error_at = tasks;
    const auto work = [&](std::size_t) {
        for (std::size_t i; (i = next.fetch_add(1)) < tasks;) {
            try {
                task(i);
            } catch (...) {
                const std::scoped_lock lock(mutex);
                if (i < error_at) {
                    error_at = i;
                    error = std::current_exception();
                }
                next = tasks;
            }
        }
    };
    {
        std::vector<std::jthread> pool;
        start_threads(pool, std::min<std::size_t>(threads, tasks) - 1, work);
        work(0);
    }
    if (error) std::rethrow_exception(error);
}

}  // namespace funnel::base
