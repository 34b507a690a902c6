// SPDX-License-Identifier: MIT
// Ranking: the requests /v1/rank and /v1/score, from their JSON to the JSON of the answer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/recommender.hpp"
#include "json_tree.hpp"

namespace funnel::serve {

/// What a thread keeps from one request to the next. One thread at a time.
class Ranking {
 public:
    static constexpr std::size_t kMostItems = 10'000;

    static constexpr std::size_t kMostReasons = 100, kMostExplained = 100;  ///< per item; items

    /// Reads a body. order: the best first and `top` of them (/v1/rank), else as they were sent (/v1/score).
    /// reasons: of each item of the answer, at most; then there may be kMostExplained of these. Throws
    /// BadRequest.
    void read(std::string_view body, std::int64_t now, bool order, std::size_t reasons = 0);
    /// Throws BadRequest for what the model does not know; Error(memory).
    void ask(const Recommender& recommender);
    /// model: of the model with the number model_number().
    void write(std::string_view model, std::string& out) const;
    [[nodiscard]] std::uint64_t model_number() const noexcept { return scratch_.model_number(); }
    [[nodiscard]] std::size_t items() const noexcept { return items_.size(); }

 private:
    void read_items(std::uint32_t index);
    void read_item(std::uint32_t index, std::size_t place);
    void add_input(const JsonValue& value);
    void write_reasons(std::size_t item, std::string& out) const;

    JsonTree tree_;
    Recommender::Request request_;
    std::string_view target_;
    std::size_t top_ = 0;
    bool order_ = true;
    std::vector<Recommender::Item> items_;
    std::vector<Recommender::Input> inputs_;               // of all items, then of the request
    std::vector<std::pair<std::size_t, std::size_t>> of_;  // which of them are of each item
    Recommender::Scratch scratch_;
};

}  // namespace funnel::serve
