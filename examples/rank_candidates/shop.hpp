// SPDX-License-Identifier: MIT
// An invented shop: a model of its past in a file, and today's events.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rank_candidates {

struct Happened {
    std::int64_t time;
    std::string kind, user, item, session;
    double price;
};

class Shop {
 public:
    Shop();
    ~Shop();
    Shop(const Shop&) = delete;
    Shop& operator=(const Shop&) = delete;

    [[nodiscard]] const std::string& model_file() const { return model_file_; }
    [[nodiscard]] const std::vector<std::string>& users() const { return users_; }
    [[nodiscard]] const std::vector<std::string>& items() const { return items_; }  ///< 100 of them
    [[nodiscard]] const std::vector<Happened>& today() const { return today_; }     ///< by time
    /// When all of today is over.
    [[nodiscard]] std::int64_t now() const { return today_.back().time + 2'000'000; }

 private:
    std::string model_file_;
    std::vector<std::string> users_, items_;
    std::vector<Happened> today_;
};

}  // namespace rank_candidates
