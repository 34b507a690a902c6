// SPDX-License-Identifier: MIT
#include "intake.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "funnel/base/error.hpp"
#include "funnel/base/hash.hpp"

namespace funnel::recommender {

namespace {

using Taken = Recommender::Taken;

/// a + b for b >= 0, cut to what fits.
std::int64_t later(std::int64_t a, std::int64_t b) noexcept {
    constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
    return a > kLast - b ? kLast : a + b;
}

bool comes_after(const OwnEvent& a, const OwnEvent& b) noexcept {
    return b.before(a);  // std heaps have the largest on top
}

OwnEvent own(const Recommender::Event& event, events::EventKind kind, std::uint64_t number) {
    OwnEvent result{
        .time = event.time, .number = number, .kind = kind, .position = event.position, .price = event.price};
    const std::string_view texts[] = {event.user,     event.item,  event.session,
                                      event.category, event.brand, event.list};
    static_assert(std::size(texts) == OwnEvent::kTexts);
    std::size_t size = 0;
    for (std::size_t i = 0; i < OwnEvent::kTexts; ++i)
        result.ends[i] = static_cast<std::uint32_t>(size += texts[i].size());
    result.text.reserve(size);
    for (const std::string_view text : texts)
        result.text += text;
    return result;
}

}  // namespace

events::Event OwnEvent::view() const noexcept {
    const auto part = [&](std::size_t i) {
        const std::size_t begin = i == 0 ? 0 : ends[i - 1];
        return std::string_view(text).substr(begin, ends[i] - begin);
    };
    events::Event event{.time = time, .kind = kind, .user = part(0), .item = part(1), .session = part(2)};
    event.category = part(3);
    event.brand = part(4);
    event.list = part(5);
    event.position = position;
    event.price = price;
    return event;
}

void OwnEvent::write(base::ByteWriter& out) const {
    out.value(time);
    out.value(kind);
    out.value(position);
    out.value(price);
    for (const std::uint32_t end : ends)
        out.value(end);
    out.text(text);
}

OwnEvent OwnEvent::read(base::ByteReader& in) {
    OwnEvent event;
    event.time = in.value<std::int64_t>();
    event.kind = in.value<events::EventKind>();
    event.position = in.value<double>();
    event.price = in.value<double>();
    for (std::uint32_t& end : event.ends)
        end = in.value<std::uint32_t>();
    event.text = in.text();
    if (!std::ranges::is_sorted(event.ends) || event.ends[kTexts - 1] != event.text.size() ||
        event.ends[0] == 0 || event.kind > events::EventKind::custom_last) {
        throw Error(ErrorCode::format, "damaged: an event that waits in a state");
    }
    return event;
}

bool OwnEvent::before(const OwnEvent& other) const noexcept {
    if (time != other.time) return time < other.time;
    return kind != other.kind ? kind < other.kind : number < other.number;
}

RecentIds::RecentIds(std::size_t places)
    : hashes_(places == 0 ? 0 : std::bit_ceil(std::max(places, kRow))), next_(hashes_.size() / kRow) {}

bool RecentIds::enter(std::string_view id) noexcept {
    if (hashes_.empty() || id.empty()) return true;
    return add(std::max<std::uint64_t>(base::hash_bytes(id, 0xE7), 1));
}

void RecentIds::enter_hash(std::uint64_t hash) noexcept {
    if (!hashes_.empty() && hash != 0) (void)add(hash);
}

std::vector<std::uint64_t> RecentIds::hashes() const {
    std::vector<std::uint64_t> all;
    for (std::size_t row = 0; row < next_.size(); ++row) {
        for (std::size_t i = 0; i < kRow; ++i) {
            const std::uint64_t hash = hashes_[row * kRow + (next_[row] + i) % kRow];
            if (hash != 0) all.push_back(hash);
        }
    }
    return all;
}

bool RecentIds::add(std::uint64_t hash) noexcept {
    const std::size_t row = hash & (next_.size() - 1);
    const std::span<std::uint64_t> places = std::span(hashes_).subspan(row * kRow, kRow);
    if (std::ranges::find(places, hash) != places.end()) return false;
    places[next_[row]] = hash;
    next_[row] = static_cast<std::uint8_t>((next_[row] + 1) % kRow);
    return true;
}

Intake::Intake(const Recommender::Options& options, Kinds kinds, std::int64_t watermark)
    : options_(options), kinds_(std::move(kinds)), ids_(options.event_ids), last_out_(watermark) {}

std::size_t Intake::take(std::span<const Recommender::Event> events, std::int64_t now,
                         std::span<Taken> answers) noexcept {
    std::size_t taken = 0;
    std::unique_lock lock(mutex_);  // for all of them: who sends them together wants them in order
    for (std::size_t i = 0; i < events.size(); ++i) {
        Taken answer = Taken::failed;
        try {
            answer = take_one(events[i], now);
        } catch (...) {  // memory was refused: the event is not taken, all else is as it was
        }
        taken += answer == Taken::yes;
        if (i < answers.size()) answers[i] = answer;
    }
    bool more = release_some(now);
    const bool any_ready = !ready_.empty();
    lock.unlock();
    if (any_ready) ready_or_woken_.notify_one();
    while (more)
        more = release(now);
    return taken;
}

bool Intake::too_long(const Recommender::Event& e) const noexcept {
    for (const std::string_view text : {e.user, e.item, e.session, e.category, e.brand, e.list}) {
        if (text.size() > options_.max_id) return true;
    }
    return false;
}

Taken Intake::take_one(const Recommender::Event& event, std::int64_t now) {
    const auto refuse = [](std::uint64_t& count, Taken why) {
        ++count;
        return why;
    };
    if (failed_ || closed_) return refuse(counts_.refused, Taken::failed);
    if (event.user.empty()) return refuse(counts_.refused, Taken::no_user);
    if (too_long(event)) return refuse(counts_.refused, Taken::too_long);
    const auto kind = kinds_.find(event.kind);
    if (kind == kinds_.end()) return refuse(counts_.refused, Taken::unknown_kind);
    if (event.time > later(now, options_.max_ahead)) return refuse(counts_.ahead, Taken::ahead);
    if (event.time < last_out_ || event.time == std::numeric_limits<std::int64_t>::min())
        return refuse(counts_.late, Taken::late);
    if (heap_.size() + ready_.size() >= options_.max_waiting) return refuse(counts_.full, Taken::full);
    OwnEvent kept = own(event, kind->second, next_number_);
    heap_.reserve(heap_.size() + 1 > heap_.capacity() ? 2 * heap_.size() + 64 : heap_.capacity());
    if (!ids_.enter(event.event_id)) return refuse(counts_.duplicate, Taken::duplicate);
    ++next_number_;
    heap_.push_back(std::move(kept));  // nothing can fail any more
    std::ranges::push_heap(heap_, comes_after);
    ++counts_.taken;
    return Taken::yes;
}

bool Intake::release(std::int64_t now) noexcept {
    std::unique_lock lock(mutex_);
    const bool more = release_some(now), any_ready = !ready_.empty();
    lock.unlock();
    if (any_ready) ready_or_woken_.notify_one();
    return more;
}

bool Intake::release_some(std::int64_t now) noexcept {
    const auto is_due = [&] { return !heap_.empty() && later(heap_.front().time, options_.reorder) <= now; };
    try {
        for (std::size_t i = 0; i < kAtOnce && is_due(); ++i) {
            if (ready_.size() == ready_.capacity()) ready_.reserve(2 * ready_.size() + 64);
            std::ranges::pop_heap(heap_, comes_after);
            last_out_ = heap_.back().time;
            ready_.push_back(std::move(heap_.back()));
            heap_.pop_back();
            ++released_;
        }
    } catch (...) {  // memory was refused: what is due stays and comes with a later call
        note_due();
        return false;
    }
    note_due();
    return is_due();
}

void Intake::note_due() noexcept {
    due_.store(heap_.empty() ? std::numeric_limits<std::int64_t>::max()
                             : later(heap_.front().time, options_.reorder),
               std::memory_order_relaxed);
}

bool Intake::wait(std::vector<OwnEvent>& batch) {
    batch.clear();
    std::unique_lock lock(mutex_);
    ready_or_woken_.wait(lock, [&] { return !ready_.empty() || woken_ || closed_; });
    woken_ = false;
    batch.swap(ready_);
    return !closed_ || !batch.empty();
}

void Intake::wake() {
    {
        const std::lock_guard lock(mutex_);
        woken_ = true;
    }
    ready_or_woken_.notify_one();
}

void Intake::close() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    ready_or_woken_.notify_one();
}

std::uint64_t Intake::released() const {
    const std::lock_guard lock(mutex_);
    return released_;
}

void Intake::write_waiting(base::ByteWriter& out, base::ByteWriter& ids) const {
    std::vector<OwnEvent> events;
    RecentIds known(options_.event_ids);  // its memory is there before the lock
    {
        const std::lock_guard lock(mutex_);
        known = ids_;
        events.reserve(ready_.size() + heap_.size());
        events.insert(events.end(), ready_.begin(), ready_.end());
        events.insert(events.end(), heap_.begin(), heap_.end());
    }
    std::ranges::sort(events, [](const OwnEvent& a, const OwnEvent& b) { return a.before(b); });
    out.value<std::uint64_t>(events.size());
    for (const OwnEvent& event : events)
        event.write(out);
    ids.array(known.hashes());
}

void Intake::put_back(std::vector<OwnEvent> events, std::span<const std::uint64_t> ids) {
    const std::lock_guard lock(mutex_);
    for (const std::uint64_t hash : ids)
        ids_.enter_hash(hash);
    for (OwnEvent& event : events) {
        if (event.time < last_out_) throw Error(ErrorCode::format, "damaged: an event that waits in a state");
        event.number = next_number_++;
        heap_.push_back(std::move(event));
        std::ranges::push_heap(heap_, comes_after);
        ++counts_.taken;
    }
    note_due();
}

void Intake::exchange(Kinds kinds, std::int64_t watermark) {
    const std::lock_guard lock(mutex_);
    const auto renumber = [&](OwnEvent& event) {
        if (event.kind < events::EventKind::custom_first) return;
        const auto old = std::ranges::find(kinds_, event.kind, [](const auto& kind) { return kind.second; });
        const auto now = old == kinds_.end() ? kinds.end() : kinds.find(old->first);
        event.kind = now == kinds.end() ? events::EventKind::other : now->second;
    };
    std::ranges::for_each(heap_, renumber);
    std::ranges::for_each(ready_, renumber);
    counts_.late += static_cast<std::uint64_t>(
        std::erase_if(heap_, [&](const OwnEvent& event) { return event.time < watermark; }));
    std::ranges::make_heap(heap_, comes_after);
    kinds_ = std::move(kinds);
    last_out_ = std::max(last_out_, watermark);
    note_due();
}

void Intake::stop_taking() {
    const std::lock_guard lock(mutex_);
    failed_ = true;
}

void Intake::add_to(Recommender::Statistics& statistics) const {
    const std::lock_guard lock(mutex_);
    statistics.taken += counts_.taken;
    statistics.late += counts_.late;
    statistics.ahead += counts_.ahead;
    statistics.duplicate += counts_.duplicate;
    statistics.refused += counts_.refused;
    statistics.full += counts_.full;
    statistics.waiting = heap_.size() + released_;  // less those that the writer has done
}

}  // namespace funnel::recommender
