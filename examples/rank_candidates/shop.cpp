// SPDX-License-Identifier: MIT
#include "shop.hpp"

#include <algorithm>
#include <filesystem>

#include "funnel/kernel/best_kernels.hpp"
#include "funnel/persist/model_file.hpp"
#include "funnel/simulate/shopper_model.hpp"
#include "funnel/train/train_on_log.hpp"

namespace rank_candidates {

namespace {

/// A small model, for a quick start.
funnel::Bundle train(const funnel::EventLog& log) {
    funnel::train::LogModelOptions options;
    options.task.funnel = funnel::Funnel::parse("impression,click+view,cart_add,purchase");
    options.model.training.epochs = 3;
    options.model.training.threads = 2;
    return funnel::train::train_on_log(log, options, funnel::kernel::best());
}

}  // namespace

Shop::Shop() : model_file_((std::filesystem::temp_directory_path() / "rank_candidates.funnel").string()) {
    const funnel::simulate::ShopperOptions options{.users = 600, .days = 30};
    const std::int64_t morning = options.start + 27 * funnel::base::kDay;
    funnel::EventLog past;
    funnel::simulate::ShopperModel(options).run([&](const funnel::Event& event) {
        if (event.time < morning) {
            past.add(event);
            return;
        }
        const auto kind = funnel::events::kKindNames[static_cast<std::size_t>(event.kind)];
        today_.push_back({event.time, std::string(kind), std::string(event.user), std::string(event.item),
                          std::string(event.session), event.price});
    });
    std::ranges::stable_sort(today_, {}, &Happened::time);
    for (std::uint32_t i = 0; i < past.users.size(); ++i)
        users_.emplace_back(past.users.text(i));
    for (std::uint32_t i = 0; i < past.items.size() && i < 100; ++i)
        items_.emplace_back(past.items.text(i));
    funnel::persist::save_model(model_file_, train(past));
}

Shop::~Shop() {
    std::error_code ignored;
    std::filesystem::remove(model_file_, ignored);
}

}  // namespace rank_candidates
