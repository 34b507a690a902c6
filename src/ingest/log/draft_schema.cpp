// SPDX-License-Identifier: MIT
#include "funnel/ingest/draft_schema.hpp"
#include "funnel/base/count_words.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "funnel/base/error.hpp"
#include "funnel/events/event.hpp"
#include "ingest/log/draft_roles.hpp"
#include "ingest/source/utf8_scan.hpp"

namespace funnel::ingest {
namespace {

using Ordered = nlohmann::ordered_json;
using detail::DraftSample;
using detail::SampleColumn;

/// Puts a draft together, part by part.
class Drafter {
 public:
    explicit Drafter(const DraftSample& sample) : sample_(sample) {}

    SchemaDraft make() {
        if (!sample_.preset.empty()) {
            json_["preset"] = sample_.preset;
            doubts_.push_back(
                "preset " + sample_.preset + " fits; no schema file is needed" +
                (sample_.preset == "taobao" ? ", but --schema taobao is, without a header" : ""));
            return result();
        }
        if (!sample_.header) {
            json_["header"] = false;
            doubts_.emplace_back("the first line seems to be a row: the columns have numbers for names");
        }
        if (!sample_.json && sample_.delimiter != ',') json_["delimiter"] = std::string(1, sample_.delimiter);
        json_["columns"] = Ordered::object();
        time();
        user();
        for (const char* role : {"item", "session", "order", "price", "quantity", "revenue", "category",
                                 "brand", "list", "position"})
            static_cast<void>(take(role));
        numbers();
        events();
        missing_users();
        if (!sample_.explode.empty() && uses_list()) {
            json_["explode"] = sample_.explode;
            doubts_.push_back("each element of \"" + sample_.explode + "\" becomes an event of its own");
        }
        return result();
    }

 private:
    SchemaDraft result() {
        return {json_.dump(2, ' ', false, Ordered::error_handler_t::replace) + '\n', std::move(doubts_),
                unused()};
    }
    [[nodiscard]] std::vector<std::string> unused() const {
        std::vector<std::string> names;
        for (const SampleColumn& column : sample_.columns) {
            const bool known = std::ranges::find(taken_, column.name) != taken_.end() ||
                               std::ranges::find(flags_, column.name) != flags_.end();
            if (sample_.preset.empty() && !known && !column.name.empty()) names.push_back(column.name);
        }
        return names;
    }
    [[nodiscard]] std::string names() const {
        std::string all;
        for (const SampleColumn& column : sample_.columns) {
            if (all.size() > 300) break;
            all += (all.empty() ? "" : ",") + column.name;
        }
        return detail::escaped(all);
    }
    [[nodiscard]] Ordered named(const SampleColumn& column) const {
        return sample_.header ? Ordered(column.name) : Ordered(std::stoull(column.name));
    }
    const SampleColumn* take(const std::string& role) {
        return keep(role, detail::guess_column(sample_, role, taken_));
    }
    const SampleColumn* keep(const std::string& role, const SampleColumn* column) {
        if (column == nullptr) return nullptr;
        // A column without a name of its own cannot be asked for.
        const bool once = std::ranges::count(sample_.columns, column->name, &SampleColumn::name) == 1;
        if (!once || column->name.empty()) return nullptr;
        taken_.push_back(column->name);
        json_["columns"][role] = named(*column);
        roles_.emplace_back(role, column);
        return column;
    }
    [[nodiscard]] const SampleColumn* of(const std::string& role) const {
        for (const auto& [name, column] : roles_) {
            if (name == role) return column;
        }
        return nullptr;
    }

    void time() {
        const SampleColumn* column = detail::guess_column(sample_, "time", taken_);
        const auto look = [&](const auto& wanted) {
            for (const SampleColumn& other : sample_.columns) {
                if (column == nullptr && wanted(other) && detail::guess_time(other)) column = &other;
            }
        };
        const auto has_word = [](const SampleColumn& other) {
            return std::ranges::any_of(other.words, [](const std::string& word) {
                return word == "time" || word == "timestamp" || word == "date" || word == "at" ||
                       word == "tstamp";
            });
        };
        look([&](const SampleColumn& other) {
            const auto guess = has_word(other) ? detail::guess_time(other) : std::nullopt;
            return guess && guess->has_clock;
        });
        look(has_word);
        // Without a telling name whole numbers may be anything.
        look([](const SampleColumn& other) { return !other.all_numbers(); });
        if (!sample_.header) look([](const SampleColumn&) { return true; });
        if (keep("time", column) == nullptr) {
            throw Error(ErrorCode::schema,
                        detail::escaped(sample_.name) + ": expected a column with times, got \"" + names() +
                            "\"; a table of finished examples needs no schema: train --label COLUMN");
        }
        const detail::TimeGuess guess = *detail::guess_time(*column);
        if (!guess.format.empty()) json_["time"]["format"] = guess.format;
        if (!guess.doubt.empty())
            doubts_.push_back("time: the form may be " + guess.format + ' ' + guess.doubt);
        if (!guess.has_clock)
            doubts_.push_back("time: \"" + column->name +
                              "\" is a date without a clock: all of a day is at midnight");
        const std::string& value = column->kinds.front();
        const bool offset =
            value.find_first_of("Z+") != std::string::npos || value.find("UTC") != std::string::npos;
        if (!offset && !column->all_numbers())
            doubts_.emplace_back(
                "time: no offset from UTC is given, so UTC is assumed; add \"zone\" to \"time\" otherwise");
    }

    void user() {
        if (take("user") != nullptr) return;
        const SampleColumn* found = nullptr;
        for (const char* wish :
             {"user", "visitor", "customer", "client", "session", "visit", "order", "invoice", "ticket"}) {
            for (const SampleColumn& column : sample_.columns) {
                const bool telling = std::ranges::find(column.words, wish) != column.words.end();
                const bool free = std::ranges::find(taken_, column.name) == taken_.end();
                if (found == nullptr && telling && free && column.kinds.size() > 1 && !column.all_flags())
                    found = &column;
            }
        }
        if (!sample_.header && found == nullptr) {
            for (const SampleColumn& column : sample_.columns) {
                const bool free = std::ranges::find(taken_, column.name) == taken_.end();
                if (found == nullptr && free && column.kinds.size() > 1) found = &column;
            }
        }
        if (keep("user", found) == nullptr) {
            throw Error(ErrorCode::schema,
                        detail::escaped(sample_.name) + ": expected a column that tells users apart, got \"" +
                            names() + "\"; write \"user\" into \"columns\" of a schema file yourself");
        }
        doubts_.push_back("user: no column is named like one; \"" + found->name + "\" is a guess");
    }

    void numbers() {
        for (const char* role : {"price", "revenue", "quantity"}) {
            const SampleColumn* const column = of(role);
            if (column == nullptr || column->all_amounts({})) continue;
            const bool comma = column->all_amounts({.decimal = ",", .thousands = "."});
            json_["decimal"] = comma ? "," : ".";
            json_["thousands"] = comma ? "." : ",";
            doubts_.push_back(std::string(role) + ": amounts seem to have the decimal mark \"" +
                              (comma ? "," : ".") + '"');
            return;
        }
    }

    void events() {
        if (const SampleColumn* const column = take("event")) {
            Ordered mapped = Ordered::object();
            std::string unknown;
            for (const std::string& name : column->kinds) {
                const std::string type = detail::guess_event(name);
                if (type.empty() && !events::parse_kind(name))
                    unknown += (unknown.empty() ? "" : ",") + name;
                else if (!type.empty() && type != name)
                    mapped[name] = type;
            }
            if (!mapped.empty()) json_["events"] = mapped;
            if (!unknown.empty()) {
                doubts_.push_back("event: these names are counted, but mean nothing to metrics: " +
                                  detail::escaped(unknown) + "; map them in \"events\"");
            }
            return;
        }
        const std::vector<std::pair<std::string, const SampleColumn*>> flags = outcomes();
        const bool orders = of("order") != nullptr || (of("price") != nullptr && of("quantity") != nullptr);
        if (!flags.empty()) return rows_of(flags);
        json_["event"]["constant"] = orders ? "purchase" : "view";
        doubts_.push_back(std::string("event: no column says what happened, so every row is a ") +
                          (orders ? "purchase" : "view"));
        if (orders) returns();
    }

    /// Columns of 0 and 1 that are named like an event.
    [[nodiscard]] std::vector<std::pair<std::string, const SampleColumn*>> outcomes() const {
        std::vector<std::pair<std::string, const SampleColumn*>> found;
        for (const SampleColumn& column : sample_.columns) {
            if (!column.all_flags()) continue;
            for (const std::string& word : column.words) {
                const std::string type = detail::guess_event(word);
                if (type.empty() || type == "page_view" || type == "view") continue;
                found.emplace_back(type, &column);
                break;
            }
        }
        return found;
    }

    void rows_of(const std::vector<std::pair<std::string, const SampleColumn*>>& flags) {
        const bool shown =
            of("position") != nullptr || of("list") != nullptr || flags.front().first == "click";
        json_["rows"].push_back({{"event", shown ? "impression" : "view"}});
        for (const auto& [type, column] : flags) {
            flags_.push_back(column->name);
            json_["rows"].push_back(
                {{"event", type}, {"when", {{"column", named(*column)}, {"equals", "1"}}}});
            doubts_.push_back(std::string("event: a row is ") + (shown ? "an impression" : "a view") +
                              ", and a " + type + " too where \"" + column->name + "\" is 1");
        }
    }

    /// Cancelled orders and negative quantities of a log of purchases.
    void returns() {
        const auto rule = [&](const SampleColumn& column, const char* prefix) {
            json_["event"]["rules"].push_back(
                {{"column", named(column)}, {"prefix", prefix}, {"type", "refund"}});
            doubts_.push_back("event: where \"" + column.name + "\" begins with " + prefix +
                              " the row is a refund");
        };
        const SampleColumn* const order = of("order");
        const auto is_cancelled = [](const std::string& id) {
            return id.size() > 1 && id[0] == 'C' &&
                   id.find_first_not_of("0123456789", 1) == std::string::npos;
        };
        if (order != nullptr && std::ranges::any_of(order->values, is_cancelled)) return rule(*order, "C");
        const SampleColumn* const quantity = of("quantity");
        const auto is_negative = [](const std::string& value) { return value.starts_with('-'); };
        if (quantity != nullptr && std::ranges::any_of(quantity->values, is_negative)) rule(*quantity, "-");
    }

    void missing_users() {
        const SampleColumn& user = *of("user");
        const std::size_t missing = user.values.size() - user.filled();
        if (missing == 0) return;
        json_["ignore_rows"].push_back({{"column", named(user)}, {"equals", ""}});
        doubts_.push_back("user: " + base::format_count(missing) + " of the first " +
                          base::counted(user.values.size(), "row") +
                          " without one: ignored; a list of columns takes the first that is filled");
    }

    [[nodiscard]] bool uses_list() const {
        return std::ranges::any_of(
            taken_, [&](const std::string& name) { return name.starts_with(sample_.explode + '.'); });
    }

    const DraftSample& sample_;
    Ordered json_;
    std::vector<std::string> doubts_;
    std::vector<std::string> taken_, flags_;
    std::vector<std::pair<std::string, const SampleColumn*>> roles_;
};

}  // namespace

SchemaDraft draft_schema(const std::string& path) {
    const DraftSample sample = detail::read_sample(path);
    return Drafter(sample).make();
}

}  // namespace funnel::ingest
