// SPDX-License-Identifier: MIT
#include "posting.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <span>

#include "funnel/base/error.hpp"

namespace funnel::serve {

namespace {

using Taken = Recommender::Taken;

std::string reason_of(Taken taken, const Recommender::Event& event) {
    switch (taken) {
        case Taken::ahead:
            return "event_time: expected at most 60 s from now, got a later one; look at the clock and the "
                   "unit";
        case Taken::unknown_kind:
            return "event_type: expected one that the model knows, got \"" + std::string(event.kind) +
                   "\"; send \"other\" for what is of no stage";
        case Taken::failed:
            return "memory was refused";
        default:
            return "expected an event, got one that cannot be taken";
    }
}

}  // namespace

Posting::Posting(Recommender& recommender, std::unique_ptr<Journal> journal, std::uint64_t journal_bytes,
                 Log log)
    : recommender_(recommender),
      journal_(std::move(journal)),
      journal_bytes_(journal_bytes),
      snapshot_at_(journal_bytes),
      log_(std::move(log)) {
    if (journal_) counts_.journal_bytes = journal_->bytes();
    thread_ = std::thread([this] { work(); });
}

Posting::~Posting() {
    try {
        stop();
    } catch (const Error&) {  // the journal has everything
    }
}

void Posting::add(std::unique_ptr<Post> post, Done done) {
    Kept kept = Kept::yes;
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) {
            kept = Kept::stopping;
        } else if (!queue_.empty() && queued_bytes_ + post->bytes > kMostBytes) {
            kept = Kept::busy;
        } else {
            queued_bytes_ += post->bytes;
            queue_.push_back({std::move(post), std::move(done)});
        }
    }
    if (kept == Kept::yes) return added_.notify_one();
    done({.kept = kept});
}

void Posting::work() {
    std::vector<Waiting> group;
    for (;;) {
        {
            std::unique_lock lock(mutex_);
            const auto something = [&] { return !queue_.empty() || stopping_; };
            // What is not on the disk is tried again, whether anybody posts or not.
            if (journal_ && journal_->has_uncommitted()) {
                added_.wait_for(lock, std::chrono::seconds(1), something);
            } else {
                added_.wait(lock, something);
            }
            if (queue_.empty() && stopping_) return;
            group.swap(queue_);
            queued_bytes_ = 0;
        }
        take(group);
        group.clear();
        if (journal_ && journal_->bytes() >= snapshot_at_ && !saving_) begin_snapshot();
    }
}

void Posting::take(std::vector<Waiting>& group) {
    // What was taken but is not on the disk comes first: until it is, nothing more is taken.
    if (!commit()) {
        for (Waiting& waiting : group)
            waiting.done({.kept = Kept::no_disk});
        return;
    }
    std::vector<Posted> results;
    results.reserve(group.size());
    for (const Waiting& waiting : group)
        results.push_back(observe(*waiting.post));
    const bool kept = commit();
    for (std::size_t i = 0; i < group.size(); ++i) {
        // Also when all were duplicates: the first of them may be among what is not on the disk.
        if (!kept && results[i].kept == Kept::yes) results[i].kept = Kept::no_disk;
        group[i].done(std::move(results[i]));
    }
}

Posted Posting::observe(const Post& post) {
    Posted result;
    const std::size_t n = post.events.size();
    const Recommender::Statistics now = recommender_.statistics();
    if (n > 0 && now.waiting > 0 && now.waiting + n > kMostWaiting) {
        result.kept = Kept::busy;
        return result;
    }
    answers_.assign(n, Taken::failed);
    (void)recommender_.observe(post.events, post.received, answers_);
    std::vector<bool> accepted(n);
    result.refused = post.refused;
    for (std::size_t i = 0; i < n; ++i) {
        accepted[i] = answers_[i] == Taken::yes;
        if (answers_[i] == Taken::yes) {
            ++result.accepted;
        } else if (answers_[i] == Taken::duplicate) {
            ++result.duplicates;
        } else if (answers_[i] == Taken::late) {
            ++result.late;
        } else {
            result.refused.push_back({post.places[i], reason_of(answers_[i], post.events[i])});
        }
    }
    std::ranges::sort(result.refused, {}, &Refused::index);
    if (journal_ && result.accepted > 0) {
        write_record(post, accepted, record_);
        journal_->append(record_);
    }
    counts_.accepted += result.accepted;
    counts_.duplicates += result.duplicates;
    counts_.late += result.late;
    counts_.refused += result.refused.size();
    return result;
}

bool Posting::commit() {
    if (!journal_ || !journal_->has_uncommitted()) return true;
    try {
        journal_->commit();
    } catch (const Error& error) {
        ++counts_.failed_commits;
        if (!std::exchange(disk_failed_, true)) {
            log_(Level::error, "",
                 std::string(error.what()) + "; events are answered with 503 until there is room again");
        }
        return false;
    }
    ++counts_.commits;
    counts_.journal_bytes = journal_->bytes();
    if (std::exchange(disk_failed_, false)) log_(Level::note, "", "the journal can be written again");
    return true;
}

void Posting::save(const std::string& path, const std::function<void()>& fixed) {
    recommender_.save_state(path, fixed);
    journal_->forget(path);
    ++counts_.snapshots;
}

void Posting::begin_snapshot() {
    end_snapshot();
    const auto fixed = std::make_shared<std::promise<void>>();  // until then no event is taken
    snapshot_at_ = journal_bytes_;
    saving_ = true;
    try {
        const std::string path = journal_->begin_snapshot();
        snapshot_ = std::thread([this, path, fixed] {
            bool is_fixed = false;
            try {
                save(path, [&] {
                    is_fixed = true;
                    fixed->set_value();
                });
            } catch (const std::exception& error) {
                ++counts_.failed_snapshots;
                log_(Level::error, "",
                     std::string(error.what()) + "; no snapshot was made, the journal grows");
            }
            if (!is_fixed) fixed->set_value();
            saving_ = false;
        });
        fixed->get_future().wait();
    } catch (const std::exception& error) {
        saving_ = false;
        snapshot_at_ = journal_->bytes() + journal_bytes_;
        ++counts_.failed_snapshots;
        log_(Level::error, "", std::string(error.what()) + "; no snapshot was made, the journal grows");
    }
    counts_.journal_bytes = journal_->bytes();
}

void Posting::end_snapshot() {
    if (snapshot_.joinable()) snapshot_.join();
}

void Posting::stop() {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        stopping_ = true;
    }
    added_.notify_one();
    thread_.join();
    end_snapshot();
    if (!journal_ || (journal_->bytes() == 0 && !journal_->has_uncommitted())) return;
    save(journal_->begin_snapshot(), {});  // which also has what could not be committed
}

}  // namespace funnel::serve
