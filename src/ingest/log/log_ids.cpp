// SPDX-License-Identifier: MIT
#include "ingest/log/log_ids.hpp"

namespace funnel::ingest::detail {

void LogIds::add(const LogPlan& plan, const LogBlock& block) {
    make_columns(plan);
    CodeMaps& maps = maps_[block.worker];
    constexpr std::uint64_t kPerStoredUser = 24;  // 16 bytes of the row store, in a vector that grows
    bytes_ += block.new_users.size() * kPerStoredUser;
    merge(maps.users, block.new_users, log_.users);
    merge(maps.items, block.new_items, log_.items);
    merge(maps.orders, block.new_orders, log_.orders);
    maps.texts.resize(block.texts.size());
    for (std::size_t i = 0; i < block.texts.size(); ++i)
        merge(maps.texts[i], block.new_texts[i], log_.text_columns[i].values);
}

void LogIds::merge(Codes& map, const NewIds& fresh, base::StringTable& table) {
    // A slot of 16 bytes at half load or less in the worker's table, a code in its map; in the table of the
    // log the text, its end and a slot of 8 bytes.
    constexpr std::uint64_t kPerWorkerId = 32 + 4, kPerId = 8 + 16;
    const std::uint32_t before = table.size();
    constexpr std::size_t kAhead = 16;
    for (std::size_t i = 0; i < fresh.size(); ++i) {
        if (i + kAhead < fresh.size()) table.prefetch(fresh.hashes[i + kAhead]);
        map.push_back(table.intern(fresh.text(i), fresh.hashes[i]));
    }
    bytes_ += fresh.size() * kPerWorkerId + (table.size() - before) * kPerId + fresh.chars.size();
}

void LogIds::make_columns(const LogPlan& plan) {
    if (!log_.text_columns.empty() || !log_.number_columns.empty()) return;
    for (const auto& column : plan.texts)
        log_.text_columns.push_back({column.name, column.source, {}, {}});
    for (const auto& column : plan.numbers)
        log_.number_columns.push_back({column.name, column.source, {}});
}

void LogIds::finish(const LogPlan& plan, const std::vector<std::uint8_t>& found) {
    make_columns(plan);
    const auto has = [&](std::size_t slot) {
        return slot != kNoSlot && slot < found.size() && found[slot] != 0;
    };
    log_.has_price = has(plan.price);
    log_.has_quantity = has(plan.quantity);
    log_.has_revenue = has(plan.revenue);
    log_.order_totals = plan.order_totals != 0;
    const auto keep_found = [&](const std::vector<LogPlan::Column>& wanted, auto& columns,
                                std::vector<std::size_t>& places) {
        for (std::size_t i = wanted.size(); i-- > 0;) {
            if (wanted[i].optional && !has(wanted[i].slot)) {
                columns.erase(columns.begin() + static_cast<std::ptrdiff_t>(i));
            } else {
                places.insert(places.begin(), i);
            }
        }
    };
    keep_found(plan.texts, log_.text_columns, texts_);
    keep_found(plan.numbers, log_.number_columns, numbers_);
}

}  // namespace funnel::ingest::detail
