// SPDX-License-Identifier: MIT
// A server in small: events come in as they happen while several threads rank candidates for whoever comes.
// One header does it, funnel/recommender.hpp; the others only invent a shop and train a model, which a server
// does not: its model is made at night by `funnel-train train`.
#include <algorithm>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "funnel/recommender.hpp"
#include "shop.hpp"

using funnel::Recommender;

int main() {
    const rank_candidates::Shop shop;
    Recommender recommender = Recommender::load(shop.model_file());

    // The candidates of every request: their ids are looked up once.
    std::vector<Recommender::Item> items;
    for (const std::string& id : shop.items())
        items.push_back({.id = id});
    const Recommender::Candidates candidates(items);

    std::size_t taken = 0;
    {
        std::vector<std::jthread> threads;
        for (std::size_t t = 0; t < 3; ++t) {
            threads.emplace_back([&, t] {
                Recommender::Scratch scratch;  // one per thread
                Recommender::Candidates mine = candidates;
                for (std::size_t request = 0; request < 300; ++request) {
                    const std::string& user = shop.users()[(request * 7 + t) % shop.users().size()];
                    (void)recommender.top({.now = shop.now(), .user = user}, mine, "purchase", 10, scratch);
                }
            });
        }
        for (const rank_candidates::Happened& event : shop.today()) {
            taken += recommender.observe({.time = event.time,
                                          .kind = event.kind,
                                          .user = event.user,
                                          .item = event.item,
                                          .session = event.session,
                                          .price = event.price},
                                         event.time) == Recommender::Taken::yes;
        }
    }
    recommender.flush(shop.now());

    Recommender::Scratch scratch;
    const Recommender::Request request{.now = shop.now(), .user = shop.users().front()};
    if (recommender.top(request, items, "purchase", 5, scratch) != Recommender::Ranked::yes) return 1;
    std::printf("%zu events taken; for %s\n", taken, shop.users().front().c_str());
    for (std::size_t place = 0; place < scratch.order().size(); ++place) {
        const std::uint32_t i = scratch.order()[place];
        std::printf("%zu. %-9s %.5f\n", place + 1, shop.items()[i].c_str(),
                    static_cast<double>(scratch.scores()[i]));
    }
    return taken == shop.today().size() ? 0 : 1;
}
