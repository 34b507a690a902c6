// SPDX-License-Identifier: MIT
// RowCondition: selects rows of a log by a condition: 'device=mobile & (price>50 | category in (shoes, "new
// in"))'.
//
//     const auto condition = events::RowCondition::parse("device=mobile & price>50");
//     const auto fits = condition.rows(log);  // 0 or 1 per row
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/number.hpp"
#include "funnel/events/event_log.hpp"

namespace funnel::events {

enum class TestKind : std::uint8_t { equal, unequal, less, at_most, greater, at_least, in, holds };

/// One column against one value, or with `in` several.
struct ColumnTest {
    std::string column;
    TestKind how = TestKind::equal;
    std::vector<std::string> values = {};
    double number = 0;  ///< the value of < <= > >=

    /// Whether a value fits; a missing one is the empty text. `=`, `!=` and `in` compare texts as they stand,
    /// but numbers where the column is price, quantity, revenue or position. `<` and its like compare
    /// numbers: what is none does not fit. `~`: the value holds the text, in any case of its letters (ASCII).
    [[nodiscard]] bool fits(std::string_view value) const;
};

/// Immutable: share freely. & binds closer than |. A missing value is "": `device=""` finds it, and it fits
/// `!=` of anything else.
class RowCondition {
 public:
    /// Throws Error(invalid_argument) with the position of the fault, counted in characters from 1.
    [[nodiscard]] static RowCondition parse(std::string_view text);

    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    /// Each once, in order of appearance.
    [[nodiscard]] std::vector<std::string> columns() const;

    /// 1 for every row of the log that fits. Columns are text columns of the log, or item, user and event.
    /// codes_of: the codes of a text column to go by, if not its own. Throws Error(invalid_argument) for a
    /// column that the log does not hold. Rows x tests.
    using CodesOf = std::function<std::span<const std::uint32_t>(const TextColumn&)>;
    [[nodiscard]] std::vector<std::uint8_t> rows(const EventLog& log, const CodesOf& codes_of = {}) const;

 private:
    friend class RowConditionParser;
    static constexpr std::size_t kAnd = static_cast<std::size_t>(-1), kOr = kAnd - 1;

    std::string text_;
    std::vector<ColumnTest> tests_;
    std::vector<std::size_t> program_;  // postfix: a test, kAnd or kOr
};

/// Reads one condition, from left to right.
class RowConditionParser {
 public:
    explicit RowConditionParser(std::string_view text) : text_(text) {}

    [[nodiscard]] RowCondition parse() {
        RowCondition out;
        out.text_ = text_;
        either(out, 0);
        skip_blanks();
        if (at_ == text_.size()) return out;
        if (text_[at_] == ')') refuse("& or | or the end", "remove it, or open it with (");
        refuse("& or |", "put a value with blanks into quotes, such as country=\"New Zealand\"");
    }

 private:
    static constexpr int kMostDepth = 100;
    static constexpr std::string_view kSpecial = "=!<>~&|(),\"'";

    [[noreturn]] void refuse(const std::string& expected, const std::string& advice) const {
        const auto is_start = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
        const auto place = std::ranges::count_if(text_.substr(0, at_), is_start) + 1;
        std::string got = at_ == text_.size() ? "its end" : "\"" + std::string(seen()) + "\"";
        throw Error(ErrorCode::invalid_argument, "expected " + expected + " at character " +
                                                     std::to_string(place) + " of \"" + std::string(text_) +
                                                     "\", got " + got + "; " + advice);
    }

    /// What stands here: a word, or one sign.
    [[nodiscard]] std::string_view seen() const {
        std::size_t end = at_;
        while (end < text_.size() && !is_blank(text_[end]) && kSpecial.find(text_[end]) == kSpecial.npos)
            ++end;
        return text_.substr(at_, std::max<std::size_t>(end - at_, 1));
    }

    [[nodiscard]] static bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n'; }
    void skip_blanks() {
        while (at_ < text_.size() && is_blank(text_[at_]))
            ++at_;
    }
    [[nodiscard]] bool take(std::string_view sign) {
        skip_blanks();
        if (!text_.substr(at_).starts_with(sign)) return false;
        at_ += sign.size();
        return true;
    }

    /// A bare word or a text in quotes; a quote in it is written twice.
    [[nodiscard]] std::string word(const std::string& expected, const std::string& advice) {
        skip_blanks();
        if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) return quoted();
        if (at_ == text_.size() || kSpecial.find(text_[at_]) != kSpecial.npos) refuse(expected, advice);
        const std::string_view bare = seen();
        at_ += bare.size();
        return std::string(bare);
    }

    [[nodiscard]] std::string quoted() {
        const char quote = text_[at_];
        std::string out;
        for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
            if (text_[i] != quote) {
                out += text_[i];
            } else if (i + 1 < text_.size() && text_[i + 1] == quote) {
                out += text_[i++];
            } else {
                at_ = i + 1;
                return out;
            }
        }
        refuse("a closing quote for the one", std::string("close it with ") + quote);
    }

    void either(RowCondition& out, int depth) {
        all(out, depth);
        while (take("|")) {
            all(out, depth);
            out.program_.push_back(RowCondition::kOr);
        }
    }

    void all(RowCondition& out, int depth) {
        one(out, depth);
        while (take("&")) {
            one(out, depth);
            out.program_.push_back(RowCondition::kAnd);
        }
    }

    void one(RowCondition& out, int depth) {
        if (take("(")) {
            if (depth == kMostDepth) refuse("at most 100 parentheses in each other", "write it in fewer");
            either(out, depth + 1);
            if (!take(")")) refuse("& or | or )", "close every ( with )");
            return;
        }
        ColumnTest read;
        read.column = word("a column", "write COLUMN=VALUE, such as device=mobile");
        if (read.column.empty()) refuse("a column before this", "name one between the quotes");
        read.how = comparator();
        values(read);
        out.program_.push_back(out.tests_.size());
        out.tests_.push_back(std::move(read));
    }

    [[nodiscard]] TestKind comparator() {
        constexpr std::array<std::pair<std::string_view, TestKind>, 7> kSigns = {{{"!=", TestKind::unequal},
                                                                                  {"<=", TestKind::at_most},
                                                                                  {">=", TestKind::at_least},
                                                                                  {"=", TestKind::equal},
                                                                                  {"<", TestKind::less},
                                                                                  {">", TestKind::greater},
                                                                                  {"~", TestKind::holds}}};
        for (const auto& [sign, how] : kSigns) {
            if (take(sign)) return how;
        }
        skip_blanks();
        if (at_ < text_.size() && seen() == "in") {
            at_ += 2;
            return TestKind::in;
        }
        refuse("= != < <= > >= ~ or in",
               "put a name with blanks into quotes, such as \"Device type\"=mobile");
    }

    void values(ColumnTest& into) {
        if (into.how == TestKind::in) {
            if (!take("(")) refuse("( after in", "write COLUMN in (VALUE, VALUE)");
            do
                into.values.push_back(word("a value", "write \"\" for a missing one"));
            while (take(","));
            if (!take(")")) refuse(", or )", "put a value with blanks into quotes");
            return;
        }
        skip_blanks();
        const std::size_t begin = at_;
        into.values.push_back(word("a value", "write \"\" for a missing one"));
        if (into.how == TestKind::holds && into.values.front().empty()) {
            at_ = begin;
            refuse("a text after ~", "every value holds the empty one");
        }
        if (into.how < TestKind::less || into.how > TestKind::at_least) return;
        const auto number = base::parse_number(into.values.front());
        if (!number) {
            at_ = begin;
            refuse("a number", "< <= > >= compare numbers; for times give --from and --to");
        }
        into.number = *number;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

inline RowCondition RowCondition::parse(std::string_view text) {
    return RowConditionParser(text).parse();
}

inline std::vector<std::string> RowCondition::columns() const {
    std::vector<std::string> names;
    for (const ColumnTest& of : tests_) {
        if (std::ranges::find(names, of.column) == names.end()) names.push_back(of.column);
    }
    return names;
}

namespace detail {

[[nodiscard]] inline bool is_number_column(std::string_view name) noexcept {
    return name == "price" || name == "quantity" || name == "revenue" || name == "position";
}

[[nodiscard]] inline bool holds_text(std::string_view value, std::string_view text) {
    const auto small = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    const auto same = [&](char a, char b) { return small(a) == small(b); };
    return std::search(value.begin(), value.end(), text.begin(), text.end(), same) != value.end();
}

}  // namespace detail

inline bool ColumnTest::fits(std::string_view value) const {
    const auto equals = [&](const std::string& wanted) {
        if (value == wanted) return true;
        if (!detail::is_number_column(column)) return false;
        const auto a = base::parse_number(value), b = base::parse_number(wanted);
        return a && b && *a == *b;
    };
    switch (how) {
        case TestKind::equal:
        case TestKind::in:
            return std::ranges::any_of(values, equals);
        case TestKind::unequal:
            return !equals(values.front());
        case TestKind::holds:
            return detail::holds_text(value, values.front());
        default:
            break;
    }
    const auto of = base::parse_number(value);
    if (!of) return false;
    return how == TestKind::less      ? *of < number
           : how == TestKind::at_most ? *of <= number
           : how == TestKind::greater ? *of > number
                                      : *of >= number;
}

namespace detail {

/// For every row whether its value fits; each text of the column is judged once.
[[nodiscard]] inline std::vector<std::uint8_t> rows_that_fit(const ColumnTest& test,
                                                             const base::StringTable& texts,
                                                             std::span<const std::uint32_t> code) {
    std::vector<std::uint8_t> of_text(texts.size());
    for (std::uint32_t i = 0; i < of_text.size(); ++i)
        of_text[i] = test.fits(texts.text(i));
    const std::uint8_t missing = test.fits({});
    std::vector<std::uint8_t> rows(code.size());
    for (std::size_t row = 0; row < rows.size(); ++row)
        rows[row] = code[row] == kNone ? missing : of_text[code[row]];
    return rows;
}

[[nodiscard]] inline std::vector<std::uint8_t> events_that_fit(const ColumnTest& test, const EventLog& log) {
    std::array<std::uint8_t, 64> of_kind{};
    for (std::size_t kind = 0; kind < of_kind.size(); ++kind) {
        constexpr auto kCustom = static_cast<std::size_t>(EventKind::custom_first);
        std::string_view name = "other";
        if (kind < kKindNames.size()) name = kKindNames[kind];
        if (kind >= kCustom && kind - kCustom < log.custom_kinds.size())
            name = log.custom_kinds[kind - kCustom];
        of_kind[kind] = test.fits(name);
    }
    std::vector<std::uint8_t> rows(log.size());
    for (std::size_t row = 0; row < rows.size(); ++row)
        rows[row] = of_kind[static_cast<std::size_t>(log.kind[row])];
    return rows;
}

}  // namespace detail

inline std::vector<std::uint8_t> RowCondition::rows(const EventLog& log, const CodesOf& codes_of) const {
    const auto judge = [&](const ColumnTest& test) {
        if (test.column == "event") return detail::events_that_fit(test, log);
        if (test.column == "item") return detail::rows_that_fit(test, log.items, log.item);
        if (test.column == "user") return detail::rows_that_fit(test, log.users, log.user);
        const TextColumn* column = log.text_column(test.column);
        if (column == nullptr) {
            std::string known = "item, user, event";
            for (const TextColumn& loaded : log.text_columns)
                known += ", " + loaded.name;
            throw Error(ErrorCode::invalid_argument, "--where: expected one of " + known + ", got \"" +
                                                         test.column + "\"; choose a column of the log");
        }
        ColumnTest named = test;
        named.column = column->name;  // the log may call its price otherwise
        return detail::rows_that_fit(named, column->values,
                                     codes_of ? codes_of(*column) : std::span(column->code));
    };
    std::vector<std::vector<std::uint8_t>> stack;
    for (const std::size_t step : program_) {
        if (step != kAnd && step != kOr) {
            stack.push_back(judge(tests_[step]));
            continue;
        }
        const std::vector<std::uint8_t> right = std::move(stack.back());
        stack.pop_back();
        for (std::size_t row = 0; row < right.size(); ++row) {
            std::uint8_t& left = stack.back()[row];
            left = step == kAnd ? left & right[row] : left | right[row];
        }
    }
    return std::move(stack.back());
}

}  // namespace funnel::events
