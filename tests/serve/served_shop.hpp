// SPDX-License-Identifier: MIT
// Models of a small simulated shop, trained once per program, and events for it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "serve/client.hpp"
#include "support/csv.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"

namespace funnel::serve_test {

/// Immutable after construction: share freely.
struct ServedShop {
    support::TemporaryFolder folder;
    std::string log, model, other;  ///< other: counts as `model` does, with another net
    std::string stranger;           ///< counts otherwise
    std::vector<std::string> users, items;

    static const ServedShop& shared() {
        static const ServedShop shop;
        return shop;
    }

 private:
    ServedShop() {
        log = folder.path("shop.csv");
        run({"simulate", "-o", log, "--users", "200", "--days", "12", "--seed", "3", "-q"});
        model = train("shop.funnel", "8", "impression,click,purchase");
        other = train("other.funnel", "4", "impression,click,purchase");
        stranger = train("stranger.funnel", "4", "click,cart_add,purchase");
        const support::Csv csv = support::parse_csv(support::read_file(log));
        const std::vector<std::string> all_users = csv.values("user_id"), all_items = csv.values("item_id");
        users = distinct(all_users);
        items = distinct(all_items);
        if (users.size() < 100 || items.size() < 20)
            throw std::runtime_error("a shop without people or goods");
    }
    static std::vector<std::string> distinct(const std::vector<std::string>& all) {
        std::set<std::string> once(all.begin(), all.end());
        once.erase("");
        return {once.begin(), once.end()};
    }
    static void run(const std::vector<std::string>& words) {
        std::vector<std::string> command = {FUNNEL_TRAIN};
        command.insert(command.end(), words.begin(), words.end());
        const support::ProcessResult result = support::run_process(command);
        if (result.code != 0) throw std::runtime_error(result.err);
    }
    std::string train(const std::string& name, const std::string& width, const std::string& funnel) const {
        const std::string path = folder.path(name);
        run({"train", log, "-o", path, "--funnel", funnel, "--horizon", "1d", "--hidden", width, "--epochs",
             "1", "-q"});
        return path;
    }
};

inline const ServedShop& shop() {
    return ServedShop::shared();
}

/// An event as JSON; id: its event_id, if it has one.
inline nlohmann::json happened(std::int64_t time, const std::string& kind, const std::string& user,
                               const std::string& item, const std::string& id = {}) {
    nlohmann::json event{{"event_time", time}, {"event_type", kind}, {"user_id", user}, {"item_id", item}};
    if (!id.empty()) event["event_id"] = id;
    return event;
}

}  // namespace funnel::serve_test
