// SPDX-License-Identifier: MIT
// Funnel numbers while events arrive, with no file: the host puts each event into a log in memory and asks
// for the numbers whenever it likes. Headers only: links funnel::core.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>

#include "funnel/base/random.hpp"
#include "funnel/metrics/measure.hpp"

namespace {

using funnel::Event;
using funnel::EventKind;

/// Stands for a message queue: every minute somebody looks at a product; 30 % put it into the cart, and half
/// of these buy.
class Shop {
 public:
    template <typename Send>
    void next_shopper(Send send) {
        minute_ += 1;
        const std::string user = "user" + std::to_string(random_.below(500));
        const std::string item = "item" + std::to_string(random_.below(40));
        const auto happens = [&](EventKind kind, int seconds_later) {
            const std::int64_t time = minute_ * funnel::base::kMinute + seconds_later * funnel::base::kSecond;
            send(Event{.time = time, .kind = kind, .user = user, .item = item, .price = 19.90});
        };
        happens(EventKind::view, 0);
        if (random_.uniform() >= 0.3) return;
        happens(EventKind::cart_add, 20);
        if (random_.uniform() >= 0.5) return;
        happens(EventKind::purchase, 50);
        purchases_ += 1;
    }
    [[nodiscard]] int purchases() const { return purchases_; }

 private:
    funnel::Rng random_{1};
    std::int64_t minute_ = 0;
    int purchases_ = 0;
};

/// A number without a denominator is not 0: it has no value, and a reason.
void print(const funnel::metrics::Metric& metric) {
    std::printf("  %-24s", std::string(metric.name).c_str());
    if (metric.value) {
        std::printf("%.4f\n", *metric.value);
    } else {
        std::printf("n/a (%s)\n", std::string(metric.reason).c_str());
    }
}

}  // namespace

int main() {
    const funnel::metrics::MetricsOptions options{.funnel = funnel::Funnel::parse("view,cart_add,purchase"),
                                                  .window = funnel::base::kHour};
    funnel::EventLog log;
    Shop shop;
    for (int shoppers = 1; shoppers <= 3000; ++shoppers) {
        shop.next_shopper([&](const Event& event) { log.add(event); });
        if (shoppers % 1000 != 0) continue;

        // One pass over what the log holds; `options.from` and `options.to` cut a period out of it.
        const auto result = funnel::metrics::measure(log, options);
        std::printf("%s, %zu events\n", funnel::base::format_time(result.last_time).c_str(), log.size());
        for (const char* name : {"uv", "pv", "ctr", "conversion_user", "cart_abandon_session", "revenue"}) {
            print(result.metric(name));
        }
        for (const auto& step : result.steps) {
            std::printf("  %-10s%6lld users\n", step.name.c_str(), static_cast<long long>(step.reached));
        }
        const double expected = 19.90 * shop.purchases();
        if (std::abs(result.metric("revenue").value.value_or(0) - expected) > 0.01) return 1;
    }
}
