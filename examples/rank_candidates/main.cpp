// SPDX-License-Identifier: MIT
// Scoring inside a recommender: events are observed as they happen, and several threads rank 100 candidates
// for whoever comes, on what is known at that moment. No call of the ranking allocates after its first.
#include <algorithm>
#include <cstdio>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "funnel/kernel/best_kernels.hpp"
#include "funnel/score/scorer.hpp"
#include "funnel/simulate/shopper_model.hpp"
#include "funnel/train/train_on_log.hpp"

namespace {

using funnel::Event;
using funnel::EventKind;
using funnel::score::Scorer;

/// What one ranking thread keeps between its calls.
struct Ranking {
    std::vector<std::uint32_t> order;  ///< indices of the candidates, the best first
    std::vector<float> p;              ///< (candidates, targets) row-major
    Scorer::Workspace workspace;
};

/// Any thread may call any function: many rank at once, observing waits for them and they for it.
class Recommender {
 public:
    explicit Recommender(const funnel::Bundle& model)
        : scorer_(model, funnel::kernel::best()), history_(*model.history) {}

    void observe(const Event& event) {
        const std::unique_lock lock(mutex_);
        history_.observe(event);
    }

    /// Ranks by the probability of a purchase, the last stage of the funnel.
    void rank(std::string_view user, std::span<const Event> candidates, Ranking& ranking) const {
        ranking.order.resize(candidates.size());
        ranking.p.resize(candidates.size() * scorer_.targets());
        const std::shared_lock lock(mutex_);
        const Event shown{.time = history_.watermark() + 1, .kind = EventKind::impression, .user = user};
        scorer_.rank(history_, shown, candidates, scorer_.targets() - 1, ranking.order, ranking.p,
                     ranking.workspace);
    }

    [[nodiscard]] const Scorer& scorer() const { return scorer_; }

 private:
    Scorer scorer_;
    funnel::history::History history_;
    mutable std::shared_mutex mutex_;
};

/// A month of a simulated shop: the log to train on, and the last days, which are yet to happen.
struct Shop {
    funnel::EventLog past, future;

    Shop() {
        const funnel::simulate::ShopperOptions options{.users = 600, .days = 30};
        const std::int64_t today = options.start + 27 * funnel::base::kDay;
        funnel::simulate::ShopperModel(options).run(
            [&](const Event& event) { (event.time < today ? past : future).add(event); });
    }
};

/// A small model, so that this program needs no files. Yours is made at night by `funnel-train train`, and
/// read with funnel::persist::load_model("shop.funnel").
funnel::Bundle make_model(const funnel::EventLog& log) {
    funnel::train::LogModelOptions options;
    options.task.funnel = funnel::Funnel::parse("impression,click+view,cart_add,purchase");
    options.model.training.epochs = 3;
    options.model.training.threads = 2;
    return funnel::train::train_on_log(log, options, funnel::kernel::best());
}

/// The 100 first goods of the shop, as they would be shown; what is known of them goes in.
std::vector<Event> candidates_of(const funnel::EventLog& log) {
    std::vector<Event> candidates(log.items.size());
    for (std::size_t row = 0; row < log.size(); ++row) {
        if (log.item[row] == funnel::events::kNone) continue;
        const Event event = log.event(row);
        candidates[log.item[row]] = {
            .item = event.item, .category = event.category, .brand = event.brand, .price = event.price};
    }
    candidates.resize(std::min<std::size_t>(candidates.size(), 100));
    return candidates;
}

}  // namespace

int main() {
    const Shop shop;
    Recommender recommender(make_model(shop.past));
    const std::vector<Event> candidates = candidates_of(shop.past);
    const auto user_of = [&](std::size_t i) {
        return shop.past.users.text(static_cast<std::uint32_t>(i % shop.past.users.size()));
    };

    // Events come in while three threads answer requests.
    std::vector<Ranking> rankings(3);
    {
        std::vector<std::jthread> threads;
        for (std::size_t t = 0; t < rankings.size(); ++t) {
            threads.emplace_back([&, t] {
                for (std::size_t request = 0; request < 300; ++request) {
                    recommender.rank(user_of(request * 7 + t), candidates, rankings[t]);
                }
            });
        }
        for (std::size_t row = 0; row < shop.future.size(); ++row)
            recommender.observe(shop.future.event(row));
    }

    for (Ranking& ranking : rankings)
        recommender.rank("u1", candidates, ranking);
    const Ranking& ranking = rankings[0];
    const std::size_t targets = recommender.scorer().targets();
    std::printf("for u1      ");
    for (const std::string& name : recommender.scorer().target_names())
        std::printf(" p_%-9s", name.c_str());
    for (std::size_t place = 0; place < 5; ++place) {
        const std::uint32_t i = ranking.order[place];
        std::printf("\n%zu. %-9s", place + 1, std::string(candidates[i].item).c_str());
        for (std::size_t k = 0; k < targets; ++k) {
            std::printf(" %-11.5f", static_cast<double>(ranking.p[i * targets + k]));
        }
    }
    std::printf("\n");
    // The same knowledge gives the same ranking, whichever thread asks.
    const auto same = [&](const Ranking& other) {
        return other.order == ranking.order && other.p == ranking.p;
    };
    return std::ranges::all_of(rankings, same) ? 0 : 1;
}
