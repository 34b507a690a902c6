// SPDX-License-Identifier: MIT
// Recommender::Impl: two sides that are read, an intake, and one thread that writes.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "funnel/kernel/best_kernels.hpp"
#include "funnel/model/bundle.hpp"
#include "funnel/recommender.hpp"
#include "intake.hpp"
#include "saved_state.hpp"
#include "scratch.hpp"
#include "serving.hpp"
#include "sides.hpp"

namespace funnel {

using recommender::OwnEvent;
using recommender::Serving;
using recommender::Side;
using recommender::Sides;

class Recommender::Impl {
 public:
    /// Throws as load.
    [[nodiscard]] static std::unique_ptr<Impl> make(Bundle bundle, const Options& options);
    Impl(const Bundle& bundle, recommender::SavedState state, const Options& options)
        : options_(options),
          kernels_(options.kernel.empty() ? kernel::best() : kernel::named(options.kernel)),
          sides_(std::make_shared<const Serving>(bundle, kernels_), limited(std::move(state.history))),
          intake_(options, shown()->serving->kinds, shown()->history.watermark()) {
        intake_.put_back(std::move(state.waiting), state.event_ids);
        start();
    }
    ~Impl() {
        intake_.close();
        writer_.join();
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    [[nodiscard]] recommender::Intake& intake() noexcept { return intake_; }
    /// target: empty for all of them, the last being explained. known: the same items, if they are kept.
    Ranked answer(const Request& request, std::span<const Item> items, std::span<const events::Event> events,
                  std::optional<std::string_view> target, std::size_t k, Candidates::State* known,
                  Scratch::State& scratch);
    void flush(Time now);
    Swapped exchange(Bundle bundle);
    void save(const std::string& path, const std::function<void()>& fixed);
    [[nodiscard]] std::vector<std::string> targets() { return shown()->serving->scorer.target_names(); }
    [[nodiscard]] std::vector<std::string> kinds();
    [[nodiscard]] Statistics statistics();

 private:
    /// The same without reasons, for which it keeps the rows; chosen: the target.
    Ranked answer(const Request& request, std::span<const Item> items, std::span<const events::Event> events,
                  std::optional<std::string_view> target, std::size_t k, Candidates::State* known,
                  Scratch::State& scratch, std::size_t& chosen);
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
    void start();
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
    recommender::Commands commands_;
    std::mutex swaps_mutex_;  // one exchange at a time
    mutable std::mutex progress_mutex_;
    std::condition_variable progress_;
    std::uint64_t done_ = 0;  // events that left the intake and were dealt with
    Statistics counts_;       // what the writer counts
    std::thread writer_;
};

}  // namespace funnel
