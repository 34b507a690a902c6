// SPDX-License-Identifier: MIT
// Posting: one thread that takes the events of all requests, keeps them in the journal with one sync for all
// that wait, and makes snapshots.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "funnel/recommender.hpp"
#include "funnel/serve/service.hpp"
#include "journal.hpp"
#include "post.hpp"

namespace funnel::serve {

using Log = std::function<void(Level, std::string_view code, std::string_view line)>;

/// Events that are taken but not in use: a second of the busiest shop and more.
inline constexpr std::size_t kMostWaiting = 1'000'000;

class Posting {
 public:
    using Done = std::function<void(Posted)>;

    /// Borrows the recommender. journal: none, or one that was replayed.
    Posting(Recommender& recommender, std::unique_ptr<Journal> journal, std::uint64_t journal_bytes, Log log);
    ~Posting();
    Posting(const Posting&) = delete;
    Posting& operator=(const Posting&) = delete;

    /// From any thread; `done` is called by the thread of Posting, or at once if nothing is taken.
    void add(std::unique_ptr<Post> post, Done done);
    /// Takes what waits, then ends; then a last snapshot. Throws Error(io) if that fails.
    void stop();

    struct Counts {
        std::atomic<std::uint64_t> accepted{0}, duplicates{0}, late{0}, refused{0};
        std::atomic<std::uint64_t> commits{0}, failed_commits{0}, snapshots{0}, failed_snapshots{0};
        std::atomic<std::uint64_t> journal_bytes{0};
    };
    [[nodiscard]] const Counts& counts() const noexcept { return counts_; }

 private:
    struct Waiting {
        std::unique_ptr<Post> post;
        Done done;
    };
    void work();
    void take(std::vector<Waiting>& group);
    [[nodiscard]] Posted observe(const Post& post);
    /// True if everything that was taken is on the disk.
    bool commit();
    void begin_snapshot();
    void end_snapshot();
    void save(const std::string& path, const std::function<void()>& fixed);

    static constexpr std::size_t kMostBytes = 64u << 20;  // of requests that wait

    Recommender& recommender_;
    std::unique_ptr<Journal> journal_;
    const std::uint64_t journal_bytes_;
    std::uint64_t snapshot_at_;
    Log log_;
    Counts counts_;
    std::mutex mutex_;
    std::condition_variable added_;
    std::vector<Waiting> queue_;
    std::size_t queued_bytes_ = 0;
    bool stopping_ = false;
    bool disk_failed_ = false;  // said already
    std::string record_;
    std::vector<Recommender::Taken> answers_;
    std::thread snapshot_;
    std::atomic<bool> saving_{false};
    std::thread thread_;
};

}  // namespace funnel::serve
