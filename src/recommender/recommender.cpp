// SPDX-License-Identifier: MIT
#include "funnel/recommender.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "funnel/base/error.hpp"
#include "funnel/kernel/best_kernels.hpp"
#include "funnel/persist/model_file.hpp"
#include "intake.hpp"
#include "serving.hpp"
#include "sides.hpp"

namespace funnel {

namespace recommender {
namespace {

void check(const Recommender::Options& o) {
    if (o.reorder >= 0 && o.max_ahead >= 0 && o.max_id > 0 && o.max_users > 0 && o.max_items > 0 &&
        o.max_waiting > 0 && o.max_id <= (std::size_t{1} << 20)) {
        return;
    }
    throw Error(ErrorCode::invalid_argument,
                "recommender: expected spans of 0 or more and limits of 1 or more (max_id: up to 1 MiB), got "
                "others; see Recommender::Options");
}

/// A state file: the history, and the events that waited when it was written.
struct SavedState {
    std::optional<history::History> history;
    std::vector<OwnEvent> waiting;
};

SavedState read_state(const std::string& path, const Bundle& bundle) {
    SavedState state;
    persist::read_container(path, [&](const std::string& name, base::ByteReader& in) {
        if (name == "history") state.history = history::History::read(in);
        if (name == "waiting") state.waiting = in.list(3 * sizeof(std::uint64_t), OwnEvent::read);
    });
    if (!state.history || state.history->options_key() != bundle.history->options_key()) {
        throw Error(ErrorCode::schema,
                    "recommender: expected a state of this model, got one with other stages or features in " +
                        path + "; give the state that this model saved, or none");
    }
    return state;
}

persist::Section section(std::string name, base::ByteWriter& out) {
    return {std::move(name), out.take()};
}

}  // namespace
}  // namespace recommender

using recommender::OwnEvent;
using recommender::Serving;
using recommender::Side;
using recommender::Sides;

struct Recommender::Scratch::State {
    std::shared_ptr<const Serving> serving;  // that gave the answer
    score::Scorer::Workspace workspace;
    recommender::RequestInputs::Bound inputs;
    std::vector<events::Event> items;
    std::vector<std::uint32_t> order;
    std::vector<float> all, scores;
    std::size_t stripe = next_stripe.fetch_add(1, std::memory_order_relaxed);

    inline static std::atomic<std::size_t> next_stripe{0};  // spreads threads over counters; decides nothing
};

struct Recommender::Candidates::State {
    std::vector<std::string> texts;  // four for each item
    std::vector<Item> items;         // views of them
    std::vector<events::Event> events;
    history::ItemCodes codes;
    std::shared_ptr<const Serving> codes_of;
};

namespace {

events::Event event_of(const Recommender::Item& item, std::string_view list) {
    events::Event event{.item = item.id, .category = item.category, .brand = item.brand};
    event.list = item.list.empty() ? list : item.list;
    event.position = item.position;
    event.price = item.price;
    return event;
}

}  // namespace

/// What the writer is asked to do between two batches of events.
class Commands {
 public:
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

class Recommender::Impl {
 public:
    /// Throws as load.
    [[nodiscard]] static std::unique_ptr<Impl> make(Bundle bundle, const Options& options);
    Impl(const Bundle& bundle, recommender::SavedState state, const Options& options)
        : options_(options),
          kernels_(options.kernel.empty() ? kernel::best() : kernel::named(options.kernel)),
          sides_(std::make_shared<const Serving>(bundle, kernels_), limited(std::move(state.history))),
          intake_(options, shown()->serving->kinds, shown()->history.watermark()) {
        intake_.put_back(std::move(state.waiting));
        writer_ = std::thread([this] { write(); });
    }
    ~Impl() {
        intake_.close();
        writer_.join();
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    [[nodiscard]] recommender::Intake& intake() noexcept { return intake_; }
    Ranked answer(const Request& request, std::span<const Item> items, std::span<const events::Event> events,
                  std::string_view target, std::size_t k, Candidates::State* known, Scratch::State& scratch);
    void flush(Time now);
    Swapped exchange(Bundle bundle);
    void save(const std::string& path);
    [[nodiscard]] std::vector<std::string> targets() { return shown()->serving->scorer.target_names(); }
    [[nodiscard]] Statistics statistics();

 private:
    [[nodiscard]] Sides::Pin pin(std::size_t stripe = 0) noexcept { return {sides_, stripe}; }
    /// As pin, for a moment only.
    struct Shown {
        Sides::Pin pin;
        const Side* operator->() const noexcept { return &*pin; }
    };
    [[nodiscard]] Shown shown() noexcept { return {{sides_, 0}}; }
    [[nodiscard]] history::History limited(std::optional<history::History> history) const {
        history.value().limit(options_.max_users, options_.max_items);
        return std::move(*history);
    }
    template <typename Work>
    void on_writer(Work&& work) {
        commands_.run([this] { intake_.wake(); }, work);
    }
    void write();
    void apply(std::span<const OwnEvent> batch);
    /// Without a text that would be one too many.
    [[nodiscard]] bool limit_texts(const history::History& history, events::Event& event) const;
    [[nodiscard]] static bool knows(const Serving& serving, std::span<const Input> inputs) noexcept {
        return std::ranges::all_of(inputs, [&](const Input& in) { return serving.inputs.knows(in.name); });
    }

    const Options options_;
    const nn::Kernels& kernels_;
    Sides sides_;
    recommender::Intake intake_;
    Commands commands_;
    std::mutex swaps_mutex_;  // one exchange at a time
    mutable std::mutex progress_mutex_;
    std::condition_variable progress_;
    std::uint64_t done_ = 0;  // events that left the intake and were dealt with
    Statistics counts_;       // what the writer counts
    std::thread writer_;
};

std::unique_ptr<Recommender::Impl> Recommender::Impl::make(Bundle bundle, const Options& options) {
    recommender::check(options);
    recommender::expect_log(bundle);
    recommender::SavedState state;
    if (options.state.empty()) {
        state.history = *bundle.history;
    } else {
        state = recommender::read_state(options.state, bundle);
    }
    return std::make_unique<Impl>(bundle, std::move(state), options);
}

void Recommender::Impl::write() {
    std::vector<OwnEvent> batch;
    while (intake_.wait(batch)) {
        apply(batch);
        commands_.do_all();
    }
    commands_.do_all();
}

bool Recommender::Impl::limit_texts(const history::History& history, events::Event& event) const {
    bool dropped = false;
    const auto limit = [&](const base::StringTable& table, std::string_view& text) {
        if (text.empty() || table.size() < options_.max_texts || table.find(text) != base::kNone) return;
        text = {};
        dropped = true;
    };
    limit(history.state().categories, event.category);
    limit(history.state().brands, event.brand);
    limit(history.state().lists, event.list);
    return dropped;
}

void Recommender::Impl::apply(std::span<const OwnEvent> batch) {
    if (batch.empty()) return;
    std::uint64_t late = 0, dropped = 0;
    const auto observe = [&](Side& side) {
        late = dropped = 0;
        for (const OwnEvent& own : batch) {
            events::Event event = own.view();
            if (event.time < side.history.watermark()) {  // a history that came with another model
                ++late;
                continue;
            }
            dropped += limit_texts(side.history, event);
            side.history.observe(event);
        }
    };
    bool failed = counts_.failed;  // written by this thread alone
    try {
        if (!failed) sides_.change(observe);
    } catch (...) {  // one side is not whole: it is never shown, and the other one stays as it is
        failed = true;
        intake_.stop_taking();
    }
    {
        const std::lock_guard lock(progress_mutex_);
        done_ += batch.size();
        counts_.failed = failed;
        counts_.late += late;
        counts_.texts_dropped += dropped;
        if (!failed) counts_.in_use += batch.size() - late;
    }
    progress_.notify_all();
}

void Recommender::Impl::flush(Time now) {
    intake_.tick(now);
    const std::uint64_t wanted = intake_.released();
    std::unique_lock lock(progress_mutex_);
    progress_.wait(lock, [&] { return done_ >= wanted; });
}

Recommender::Ranked Recommender::Impl::answer(const Request& request, std::span<const Item> items,
                                              std::span<const events::Event> events, std::string_view target,
                                              std::size_t k, Candidates::State* known,
                                              Scratch::State& scratch) {
    intake_.tick(request.now);
    const Sides::Pin side(sides_, scratch.stripe);
    if (scratch.serving != side->serving) scratch.serving = side->serving;
    const Serving& serving = *scratch.serving;
    const std::vector<std::string>& names = serving.scorer.target_names();
    const auto at = target.empty() ? names.begin() : std::ranges::find(names, target);
    if (at == names.end()) return Ranked::unknown_target;
    if (!knows(serving, request.inputs)) return Ranked::unknown_input;
    for (const Item& item : items) {
        if (!knows(serving, item.inputs)) return Ranked::unknown_input;
    }
    scratch.inputs.names = &serving.inputs;
    scratch.inputs.events = &scratch.workspace.items;
    scratch.inputs.items = items;
    scratch.inputs.common = request.inputs;
    score::Scorer::Call call{.further = &scratch.inputs};
    if (known != nullptr) {
        if (known->codes_of != side->serving) known->codes = {};
        known->codes_of = side->serving;
        side->history.look_up(events, known->codes);
        call.codes = &known->codes;
    }
    const std::size_t n = events.size(), heads = names.size();
    const auto chosen = static_cast<std::size_t>(at - names.begin());
    scratch.all.resize(n * heads);
    scratch.order.resize(std::min(k, n));
    const events::Event context{.time = request.now,
                                .kind = events::EventKind::impression,
                                .user = request.user,
                                .session = request.session};
    serving.scorer.rank(side->history, context, events, chosen, scratch.order, scratch.all, scratch.workspace,
                        call);
    scratch.scores.resize(n);
    for (std::size_t i = 0; i < n; ++i)
        scratch.scores[i] = scratch.all[i * heads + chosen];
    return Ranked::yes;
}

Recommender::Swapped Recommender::Impl::exchange(Bundle bundle) {
    const auto serving = std::make_shared<const Serving>(bundle, kernels_);  // throws for a table
    // Both copies are made here, and what they replace is freed here: the writer only exchanges them.
    history::History fresh = limited(std::move(bundle.history)), second = fresh;
    const std::lock_guard one_at_a_time(swaps_mutex_);
    Swapped result = Swapped::history_kept;
    on_writer([&] {
        const std::int64_t watermark = fresh.watermark();
        const bool keep = shown()->history.options_key() == fresh.options_key();
        history::History* next = &fresh;
        sides_.change([&](Side& side) {
            side.serving = serving;
            if (!keep) std::swap(side.history, *std::exchange(next, &second));
        });
        result = keep ? Swapped::history_kept : Swapped::history_new;
        intake_.exchange(serving->kinds, keep ? history::kNever : watermark);
        const std::lock_guard lock(progress_mutex_);
        ++counts_.swaps;
    });
    return result;
}

void Recommender::Impl::save(const std::string& path) {
    std::optional<Sides::Pin> side;
    base::ByteWriter waiting, history;
    on_writer([&] {  // between two batches: every event is in the history or waits
        intake_.write_waiting(waiting);
        side.emplace(sides_, 0);
    });
    (*side)->history.write(history);
    side.reset();
    const persist::Section sections[] = {recommender::section("history", history),
                                         recommender::section("waiting", waiting)};
    persist::save_container(path, sections);
}

Recommender::Statistics Recommender::Impl::statistics() {
    Statistics result;
    std::uint64_t done = 0;
    {
        const std::lock_guard lock(progress_mutex_);
        result = counts_;
        done = done_;
    }
    intake_.add_to(result);
    result.waiting -= done;
    const Shown side = shown();
    result.users = side->history.state().users.size();
    result.items = side->history.state().items.size();
    result.watermark = side->history.watermark();
    return result;
}

Recommender::Scratch::Scratch() : state_(std::make_unique<State>()) {}
Recommender::Scratch::~Scratch() = default;
Recommender::Scratch::Scratch(Scratch&&) noexcept = default;
Recommender::Scratch& Recommender::Scratch::operator=(Scratch&&) noexcept = default;

std::span<const std::uint32_t> Recommender::Scratch::order() const noexcept {
    return state_->order;
}
std::span<const float> Recommender::Scratch::scores() const noexcept {
    return state_->scores;
}
std::span<const float> Recommender::Scratch::all_scores() const noexcept {
    return state_->all;
}
std::span<const std::string> Recommender::Scratch::target_names() const noexcept {
    if (!state_->serving) return {};
    return state_->serving->scorer.target_names();
}

Recommender::Candidates::Candidates(std::span<const Item> items) : state_(std::make_unique<State>()) {
    state_->texts.reserve(4 * items.size());  // views into it are kept
    for (const Item& item : items) {
        const auto keep = [&](std::string_view text) -> std::string_view {
            return state_->texts.emplace_back(text);
        };
        Item own{.id = keep(item.id), .category = keep(item.category), .brand = keep(item.brand)};
        own.list = keep(item.list);
        own.position = item.position;
        own.price = item.price;
        state_->items.push_back(own);
        state_->events.push_back(event_of(own, {}));
    }
}
Recommender::Candidates::~Candidates() = default;
Recommender::Candidates::Candidates(const Candidates& other) : Candidates(other.state_->items) {}
Recommender::Candidates& Recommender::Candidates::operator=(const Candidates& other) {
    return *this = Candidates(other);
}
Recommender::Candidates::Candidates(Candidates&&) noexcept = default;
Recommender::Candidates& Recommender::Candidates::operator=(Candidates&&) noexcept = default;
std::size_t Recommender::Candidates::size() const noexcept {
    return state_->items.size();
}

Recommender::Recommender(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Recommender::~Recommender() = default;
Recommender::Recommender(Recommender&&) noexcept = default;
Recommender& Recommender::operator=(Recommender&&) noexcept = default;

Recommender Recommender::load(const std::string& path, const Options& options) {
    return Recommender(Impl::make(persist::load_model(path), options));
}
Recommender Recommender::load(const std::string& path) {
    return load(path, Options());
}
Recommender Recommender::from_bytes(std::span<const char> model, const Options& options) {
    return Recommender(Impl::make(persist::load_model_bytes(model, "the model in memory"), options));
}
Recommender Recommender::from_bytes(std::span<const char> model) {
    return from_bytes(model, Options());
}

Recommender::Taken Recommender::observe(const Event& event, Time now) noexcept {
    Taken answer = Taken::failed;
    (void)impl_->intake().take({&event, 1}, now, {&answer, 1});
    return answer;
}
std::size_t Recommender::observe(std::span<const Event> events, Time now, std::span<Taken> answers) noexcept {
    return impl_->intake().take(events, now, answers);
}

Recommender::Ranked Recommender::top(const Request& request, std::span<const Item> items,
                                     std::string_view target, std::size_t k,
                                     Scratch& scratch) const noexcept {
    Scratch::State& own = *scratch.state_;
    try {
        own.items.clear();
        for (const Item& item : items)
            own.items.push_back(event_of(item, request.list));
        return impl_->answer(request, items, own.items, target, k, nullptr, own);
    } catch (...) {
        return Ranked::failed;
    }
}
Recommender::Ranked Recommender::top(const Request& request, Candidates& items, std::string_view target,
                                     std::size_t k, Scratch& scratch) const noexcept {
    Candidates::State& known = *items.state_;
    try {
        return impl_->answer(request, known.items, known.events, target, k, &known, *scratch.state_);
    } catch (...) {
        return Ranked::failed;
    }
}
Recommender::Ranked Recommender::rank(const Request& request, std::span<const Item> items,
                                      std::string_view target, Scratch& scratch) const noexcept {
    return target.empty() ? Ranked::unknown_target : top(request, items, target, items.size(), scratch);
}
Recommender::Ranked Recommender::rank(const Request& request, Candidates& items, std::string_view target,
                                      Scratch& scratch) const noexcept {
    return target.empty() ? Ranked::unknown_target : top(request, items, target, items.size(), scratch);
}
Recommender::Ranked Recommender::score(const Request& request, const Item& item,
                                       Scratch& scratch) const noexcept {
    return top(request, {&item, 1}, {}, 1, scratch);
}

void Recommender::flush(Time now) const noexcept {
    impl_->flush(now);
}
Recommender::Swapped Recommender::swap_model(const std::string& path) {
    return impl_->exchange(persist::load_model(path));
}
Recommender::Swapped Recommender::swap_model_bytes(std::span<const char> model) {
    return impl_->exchange(persist::load_model_bytes(model, "the model in memory"));
}
void Recommender::save_state(const std::string& path) const {
    impl_->save(path);
}
std::vector<std::string> Recommender::targets() const {
    return impl_->targets();
}
Recommender::Statistics Recommender::statistics() const {
    return impl_->statistics();
}

}  // namespace funnel
