// SPDX-License-Identifier: MIT
// Recommender: the one header that a server needs. It holds a model and what is known of users and items; the
// host feeds it events as they happen, and many threads ask it at once.
//
//     funnel::Recommender shop = funnel::Recommender::load("shop.funnel");
//     shop.observe({.time = now, .kind = "click", .user = "u7", .item = "i42", .session = "visit 1"}, now);
//
//     thread_local funnel::Recommender::Scratch scratch;  // kept: calls then allocate nothing
//     const std::vector<funnel::Recommender::Item> items{{.id = "i1"}, {.id = "i2"}, {.id = "i3"}};
//     const auto ranked = shop.top({.now = now, .user = "u7"}, items, "purchase", 2, scratch);
//     if (ranked == funnel::Recommender::Ranked::yes)
//         for (const std::uint32_t i : scratch.order()) show(items[i].id, scratch.scores()[i]);
//
// Times are microseconds since 1970 UTC. The host passes the time: the library reads no clock. Texts are
// borrowed for the duration of a call. docs/server.md says how it works and what it costs.
//
// Threads: every call but moving and destruction may come from any thread at any time. Readers wait neither
// for the writer nor for each other: there are two histories, one that is read and one that is written, and a
// thread of the recommender swaps them. Memory: twice the history. A recommender that was moved from may only
// be destroyed or assigned to; before either, all calls must have returned.
//
// Clocks: `now` is trusted. If it jumps back, events are late until it reaches its old value; if it jumps far
// ahead together with an event's time, events are late until then, so check the clock of the host. A request
// whose `now` is before the last event in use is answered as of that event.
//
// Errors: load, swap_model and save_state throw funnel::Error, a std::runtime_error (funnel/base/error.hpp).
// Everyday outcomes are values: see Taken and Ranked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace funnel {

class Recommender {
 public:
    using Time = std::int64_t;  ///< microseconds since 1970 UTC
    static constexpr Time kSecond = 1'000'000;
    static constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

    struct Options {
        std::string state = {};  ///< a file of save_state to go on from; empty: the model's own history
        bool allow_older_state = false;  ///< also one that ends before the model's own history
        /// An event comes into use this long after it happened; those that arrive in the meantime are put in
        /// order. With 0 an event that is older than one already in use is late.
        Time reorder = 1 * kSecond;
        Time max_ahead = 60 * kSecond;  ///< events further ahead of `now` are refused
        std::size_t max_id = 256;       ///< bytes of the longest id or text that is taken
        /// With more of them, those that came once and then those silent for longest are forgotten. (Users
        /// and items silent for 90 days, or what the model was trained with, are forgotten anyway.)
        std::size_t max_users = 5'000'000, max_items = 2'000'000;
        std::size_t max_texts = 100'000;    ///< different categories, brands and lists, each
        std::size_t max_waiting = 100'000;  ///< events that are taken but not in use
        std::size_t event_ids = 1'000'000;  ///< about so many last event ids are known again; 8 bytes each
        std::string kernel = {};            ///< scalar, avx2, ...; empty: the best one here
    };

    /// What happened. user and kind are required; an empty text is "not given".
    struct Event {
        Time time = 0;
        std::string_view kind = {};  ///< "impression", "click", ..., or what the model's own log calls it
        std::string_view user = {};
        std::string_view item = {};
        std::string_view session = {};  ///< the visit; without one, 30 minutes of silence end a visit
        std::string_view category = {}, brand = {};
        std::string_view list = {};      ///< where the item was shown
        double position = kMissing;      ///< its place there, from 1; others, and NaN: not given
        double price = kMissing;         ///< per unit; 0 and less, infinite or NaN: not given
        std::string_view event_id = {};  ///< if given, a second event with the same id is a duplicate
    };

    /// What became of an event.
    enum class Taken : std::uint8_t {
        yes,           ///< it will be in use when it is `reorder` old
        late,          ///< older than an event in use
        ahead,         ///< further ahead of `now` than max_ahead: a wrong clock, or a wrong unit
        duplicate,     ///< its event_id was taken before
        no_user,       ///< without a user
        unknown_kind,  ///< a kind that neither we nor the model's log know; send "other" for what is of no
                       ///< stage
        too_long,      ///< an id or text longer than max_id
        full,          ///< max_waiting events wait: try again, or let it go
        failed         ///< memory was refused: see Statistics::failed
    };

    /// A further input of the model by its name: a column of the log, or "item.color" of a side table.
    struct Input {
        std::string_view name;
        double number = kMissing;
        std::string_view text = {};
    };
    /// Who is asking.
    struct Request {
        Time now = 0;
        std::string_view user = {}, session = {};
        std::string_view list = {};          ///< of all items that have none of their own; not of Candidates
        std::span<const Input> inputs = {};  ///< of all items that do not give them
        /// Also why: the inputs, so many at most, that moved the logit of the target most, for each item that
        /// is in order(); see Scratch::reasons. Costs some tens of scores per item, and allocates.
        std::size_t reasons = 0;
    };
    /// One input that moved a prediction away from that of the mean row of training.
    struct Reason {
        std::string_view input;    ///< its name; valid as long as the scratch keeps the answer
        double number = kMissing;  ///< its value, in the units of the log; of a text, or missing: NaN
        std::string text = {};     ///< of a text
        double contribution = 0;   ///< what it adds to the logit
    };
    /// What may be shown. What is not given is taken from what the history knows of the item.
    struct Item {
        std::string_view id = {};
        std::string_view category = {}, brand = {}, list = {};
        double position = kMissing, price = kMissing;
        std::span<const Input> inputs = {};
    };

    enum class Ranked : std::uint8_t {
        yes,
        unknown_target,  ///< see targets()
        unknown_input,   ///< an Input that the model has not
        failed           ///< memory was refused
    };

    /// What a thread keeps between its calls, and the answer of the last one. One thread at a time.
    class Scratch {
     public:
        Scratch();
        ~Scratch();
        Scratch(Scratch&&) noexcept;
        Scratch& operator=(Scratch&&) noexcept;

        /// Indices of the items, the best first; equal ones in the order given.
        [[nodiscard]] std::span<const std::uint32_t> order() const noexcept;
        /// Of every item in the order given: the probability of the target that was asked for.
        [[nodiscard]] std::span<const float> scores() const noexcept;
        /// Of every item all targets, row by row, in the order of target_names().
        [[nodiscard]] std::span<const float> all_scores() const noexcept;
        /// With Request::reasons: those of order()[place], the largest contribution in size first. What the
        /// model made of an input, not what it causes: docs/evaluation.md.
        [[nodiscard]] std::span<const Reason> reasons(std::size_t place) const;
        /// The targets of the model that gave the answer.
        [[nodiscard]] std::span<const std::string> target_names() const noexcept;
        /// How often the model had been exchanged when it gave the answer: which one that was.
        [[nodiscard]] std::uint64_t model_number() const noexcept;
        /// Whether the history knew the user who asked.
        [[nodiscard]] bool known_user() const noexcept;

     private:
        friend class Recommender;
        struct State;
        std::unique_ptr<State> state_;
    };

    /// Items that are asked for again and again: their texts are kept, and their ids are looked up once, not
    /// in every call. One thread at a time: give each thread a copy of its own.
    class Candidates {
     public:
        explicit Candidates(std::span<const Item> items);  ///< copies the texts; `inputs` are not kept
        ~Candidates();
        Candidates(const Candidates&);
        Candidates& operator=(const Candidates&);
        Candidates(Candidates&&) noexcept;
        Candidates& operator=(Candidates&&) noexcept;
        [[nodiscard]] std::size_t size() const noexcept;

     private:
        friend class Recommender;
        struct State;
        std::unique_ptr<State> state_;
    };

    /// Whether the history went on when a model was exchanged.
    enum class Swapped : std::uint8_t {
        history_kept,  ///< the new model counts as the old one did
        history_new    ///< it does not: its own history stands, up to its watermark; replay what came later
    };

    struct Statistics {
        std::uint64_t taken = 0, in_use = 0;  ///< events
        std::uint64_t late = 0, ahead = 0, duplicate = 0, refused = 0, full = 0;
        std::uint64_t texts_dropped = 0;   ///< categories, brands and lists beyond max_texts
        std::size_t waiting = 0;           ///< taken, not yet in use
        std::size_t users = 0, items = 0;  ///< that are known
        Time watermark = 0;  ///< of the last event in use; the smallest number if there was none
        std::uint64_t swaps = 0;
        bool failed = false;  ///< memory was refused: no event comes into use any more; save, and start anew
    };

    /// Reads a model of a log. Throws Error(io), Error(format), Error(schema) for a model of a table or a
    /// state that is of another model or older than the model's history, Error(invalid_argument) for options
    /// outside their ranges.
    [[nodiscard]] static Recommender load(const std::string& path, const Options& options);
    [[nodiscard]] static Recommender load(const std::string& path);
    /// The same from the bytes of a model file.
    [[nodiscard]] static Recommender from_bytes(std::span<const char> model, const Options& options);
    [[nodiscard]] static Recommender from_bytes(std::span<const char> model);

    ~Recommender();  ///< waits until what is due is in use
    Recommender(Recommender&&) noexcept;
    Recommender& operator=(Recommender&&) noexcept;

    /// One event, or several at once; now: the host's clock. Never waits for readers or for work on the
    /// history. answers: empty, or one place for each event; returns how many were taken. Several are put in
    /// order before the first of them comes into use, and keep other threads out for half a microsecond each.
    Taken observe(const Event& event, Time now) noexcept;
    std::size_t observe(std::span<const Event> events, Time now, std::span<Taken> answers = {}) noexcept;

    /// All items, the best for `target` first; top: the k best of them, or all if there are fewer. The answer
    /// is in `scratch`, and empty unless it is Ranked::yes. Ids may be of any length and unknown; the cost is
    /// linear in the items, about 0.5 us each.
    Ranked rank(const Request& request, std::span<const Item> items, std::string_view target,
                Scratch& scratch) const noexcept;
    Ranked rank(const Request& request, Candidates& items, std::string_view target,
                Scratch& scratch) const noexcept;
    Ranked top(const Request& request, std::span<const Item> items, std::string_view target, std::size_t k,
               Scratch& scratch) const noexcept;
    Ranked top(const Request& request, Candidates& items, std::string_view target, std::size_t k,
               Scratch& scratch) const noexcept;
    /// One item, all targets: scratch.all_scores().
    Ranked score(const Request& request, const Item& item, Scratch& scratch) const noexcept;

    /// Waits until every event that was taken before and is due at `now` is in use.
    void flush(Time now) const noexcept;

    /// Another model in place of this one. Calls go on with the old one until the new one is ready; no event
    /// is lost. Throws as load, and Error(memory) after Statistics::failed; then the old one stays.
    Swapped swap_model(const std::string& path);
    Swapped swap_model_bytes(std::span<const char> model);

    /// Writes what is known, with the events that wait and the last event ids, for Options::state and for
    /// `funnel-train --state` (which reads the history alone). Calls go on; events that come in the meantime
    /// come into use when it is done. fixed: called by another thread once it stands what is written: events
    /// that are observed after that are not in the file, so a journal of them begins there. Throws Error(io).
    void save_state(const std::string& path, const std::function<void()>& fixed = {}) const;

    [[nodiscard]] std::vector<std::string> targets() const;  ///< of the present model
    [[nodiscard]] std::vector<std::string> kinds() const;    ///< what Event::kind may be for it
    [[nodiscard]] Statistics statistics() const;

 private:
    class Impl;
    explicit Recommender(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace funnel
