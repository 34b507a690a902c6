// SPDX-License-Identifier: MIT
// NumberFormat: numbers as spreadsheets and shops write them: "1.234,50 €", "$3,568.48", "(12.00)",
// "1'000.-". The one parser of amounts for logs (a schema's decimal and thousands) and for tables.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "funnel/base/error.hpp"
#include "funnel/base/number.hpp"

namespace funnel::base {

/// The marks of a file's numbers. A plain value.
struct NumberFormat {
    std::string decimal;    ///< "." or ","; empty means "."
    std::string thousands;  ///< one of . , ' ’ _ or a blank; empty: none

    /// True if neither mark is given: numbers are read by base::parse_number, without signs and blanks.
    [[nodiscard]] bool plain() const noexcept { return decimal.empty() && thousands.empty(); }
    [[nodiscard]] char decimal_mark() const noexcept { return decimal.empty() ? '.' : decimal.front(); }
    bool operator==(const NumberFormat&) const = default;

    /// Throws Error(invalid_argument) for a mark that is none of these, or the same one twice; its message
    /// begins with the name of the setting, "decimal: " or "thousands: ".
    void check() const;
};

/// The whole text as a finite number. Of a plain format: as parse_number(text). Otherwise also
///  - a currency sign or code before or behind it ($ € £ R$ US$ EUR kr zł ...), dropped;
///  - a minus before or behind it, '-' or U+2212, or parentheses, which accountants write instead;
///  - blanks, no-break ones too, around it and between these parts;
///  - thousands marks between groups of three digits (or of two and a last one of three, as in India).
///  - with a decimal comma and no thousands mark, a point before one, two or more than three digits: "1.0".
/// Empty for anything else: "1,5" and "0,085" are no numbers where the comma marks thousands. Never the
/// locale.
[[nodiscard]] std::optional<double> parse_number(std::string_view text, const NumberFormat& format) noexcept;

/// How amounts are mostly written. The first one counts among those that read the same number of values:
/// "1,234" is a thousand before it is one and a bit, since cents have two digits.
inline const std::array<NumberFormat, 7>& usual_formats() {
    static const std::array<NumberFormat, 7> formats = {
        {{".", ""}, {".", ","}, {",", ""}, {",", "."}, {".", "'"}, {",", " "}, {".", " "}}};
    return formats;
}

namespace detail {

/// Every blank that stands in front of a currency or between thousands.
inline constexpr std::array<std::string_view, 5> kBlanks = {" ", "\t", "\xC2\xA0", "\xE2\x80\xAF",
                                                            "\xE2\x80\x89"};
inline constexpr std::array<std::string_view, 2> kApostrophes = {"'", "\xE2\x80\x99"};
inline constexpr std::array<std::string_view, 2> kMinuses = {"-", "\xE2\x88\x92"};
inline constexpr std::array<std::string_view, 5> kDashes = {"-", "--", "\xE2\x88\x92", "\xE2\x80\x93",
                                                            "\xE2\x80\x94"};

/// Signs and abbreviations; the longest one that fits counts. Those of U+20A0 to U+20CF are not listed.
inline constexpr std::array<std::string_view, 56> kCurrencies = {
    "$",    "US$", "CA$", "AU$", "NZ$", "HK$", "NT$", "MX$",  "A$",  "C$",   "S$",  "R$",  "Z$", "RD$",
    "¢",    "£",   "¤",   "¥",   "＄",  "￡",  "￥",  "฿",    "৳",   "؋",    "﷼",   "៛",   "元", "円",
    "원",   "kr",  "kr.", "Kr",  "Kr.", "zł",  "Kč",  "Ft",   "lei", "Lei",  "лв",  "лв.", "р.", "руб",
    "руб.", "Rs",  "Rs.", "Rp",  "RM",  "Fr",  "Fr.", "SFr.", "TL",  "din.", "грн", "KM",  "S/", "R"};

/// ISO 4217 codes in use, each three letters, and the three that traders write.
inline constexpr std::string_view kCodes =
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD "
    "CDF CHF CLP CNH CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF "
    "GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK "
    "LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR "
    "PAB PEN PGK PHP PKR PLN PYG QAR RMB RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN "
    "SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USDT UYU UZS VES VND VUV WST XAF XCD XOF "
    "XPF "
    "YER ZAR ZMW ZWL ";

[[nodiscard]] constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// A text that shrinks from both ends.
struct Rest {
    std::string_view text;

    template <typename Words>
    bool take_front(const Words& words) noexcept {
        std::size_t longest = 0;
        for (const std::string_view word : words) {
            if (text.starts_with(word)) longest = std::max(longest, word.size());
        }
        text.remove_prefix(longest);
        return longest > 0;
    }
    template <typename Words>
    bool take_back(const Words& words) noexcept {
        std::size_t longest = 0;
        for (const std::string_view word : words) {
            if (text.ends_with(word)) longest = std::max(longest, word.size());
        }
        text.remove_suffix(longest);
        return longest > 0;
    }
    void trim() noexcept {
        while (take_front(kBlanks)) {
        }
        while (take_back(kBlanks)) {
        }
    }
};

[[nodiscard]] inline bool is_code(std::string_view letters) noexcept {
    for (const char c : letters) {
        if (c < 'A' || c > 'Z') return false;
    }
    for (std::size_t at = kCodes.find(letters); at != std::string_view::npos;
         at = kCodes.find(letters, at + 1)) {
        if ((at == 0 || kCodes[at - 1] == ' ') && kCodes[at + letters.size()] == ' ') return true;
    }
    return false;
}

/// U+20A0 to U+20CF, the block of currency signs: E2 82 A0 to E2 83 8F.
[[nodiscard]] inline bool is_sign_of_block(std::string_view three) noexcept {
    if (three.size() != 3 || three[0] != '\xE2') return false;
    const auto second = static_cast<unsigned char>(three[1]), third = static_cast<unsigned char>(three[2]);
    return (second == 0x82 && third >= 0xA0) || (second == 0x83 && third <= 0x8F);
}

inline void drop_currency(Rest& rest) noexcept {
    const auto known = [](std::string_view three) { return is_sign_of_block(three) || is_code(three); };
    if (rest.text.size() > 3 && known(rest.text.substr(0, 3))) {
        rest.text.remove_prefix(3);
    } else {
        rest.take_front(kCurrencies);
    }
    rest.trim();
    if (rest.text.size() > 3 && known(rest.text.substr(rest.text.size() - 3))) {
        rest.text.remove_suffix(3);
    } else {
        rest.take_back(kCurrencies);
    }
    rest.trim();
}

/// Takes sign and currency off. True if the number is negative; empty if it is so twice.
[[nodiscard]] inline std::optional<bool> take_signs(Rest& rest) noexcept {
    int minuses = 0;
    rest.trim();
    if (rest.text.size() > 2 && rest.text.front() == '(' && rest.text.back() == ')') {
        rest.text = rest.text.substr(1, rest.text.size() - 2);
        rest.trim();
        ++minuses;
    }
    const auto take_minus = [&] {
        if (rest.take_front(kMinuses)) ++minuses;
        Rest before = rest;
        if (before.take_back(kDashes)) {
            // "5,-" is how prices without cents are written.
            const bool no_cents = before.text.ends_with('.') || before.text.ends_with(',');
            if (no_cents || rest.take_back(kMinuses)) {
                minuses += no_cents ? 0 : 1;
                rest = before;
            }
        }
        rest.trim();
    };
    take_minus();
    drop_currency(rest);
    take_minus();
    if (minuses > 1) return std::nullopt;
    return minuses == 1;
}

/// Bytes of a thousands mark at the front of `text`, or 0. One blank is like another, so is one apostrophe.
[[nodiscard]] inline std::size_t mark_length(std::string_view text, std::string_view mark) noexcept {
    const auto any_of = [&](const auto& family) -> std::size_t {
        if (std::ranges::find(family, mark) == family.end()) return 0;
        for (const std::string_view other : family) {
            if (text.starts_with(other)) return other.size();
        }
        return 0;
    };
    if (mark.empty()) return 0;
    if (text.starts_with(mark)) return mark.size();
    return std::max(any_of(kBlanks), any_of(kApostrophes));
}

/// Appends the digits before the decimal mark to `out` and takes them off; false if marks are not where
/// thousands have them.
template <typename Append>
[[nodiscard]] bool take_whole_part(std::string_view& text, std::string_view mark, Append&& append) noexcept {
    const bool leading_zero = !text.empty() && text.front() == '0';
    std::size_t group = 0, groups = 0;
    while (!text.empty()) {
        if (is_digit(text.front())) {
            append(text.front());
            text.remove_prefix(1);
            ++group;
            continue;
        }
        const std::size_t length = mark_length(text, mark);
        if (length == 0) break;
        const bool fits = group <= 3 && group >= (groups == 0 ? 1u : 2u);
        if (!fits || text.size() == length || !is_digit(text[length])) return false;
        text.remove_prefix(length);
        ++groups;
        group = 0;
    }
    return groups == 0 || (group == 3 && !leading_zero);
}

}  // namespace detail

inline void NumberFormat::check() const {
    if (!decimal.empty() && decimal != "." && decimal != ",") {
        throw Error(ErrorCode::invalid_argument, "decimal: expected \".\" or \",\", got \"" + decimal +
                                                     "\"; give the mark before the cents");
    }
    const bool known = thousands.empty() || thousands == "." || thousands == "," || thousands == "_" ||
                       std::ranges::find(detail::kBlanks, thousands) != detail::kBlanks.end() ||
                       std::ranges::find(detail::kApostrophes, thousands) != detail::kApostrophes.end();
    if (!known) {
        throw Error(ErrorCode::invalid_argument, "thousands: expected one of . , ' _ or a blank, got \"" +
                                                     thousands + "\"; give the mark between thousands");
    }
    if (thousands.size() == 1 && thousands.front() == decimal_mark()) {
        throw Error(ErrorCode::invalid_argument,
                    "thousands: expected another mark than that before decimals, got \"" + thousands +
                        "\" for both; give decimal as well");
    }
}

inline std::optional<double> parse_number(std::string_view text, const NumberFormat& format) noexcept {
    if (format.plain()) return parse_number(text);
    detail::Rest rest{text};
    const std::optional<bool> negative = detail::take_signs(rest);
    if (!negative) return std::nullopt;
    std::string_view body = rest.text;
    std::array<char, 128> digits;
    std::size_t n = 0;
    if (body.empty() || body.size() >= digits.size() - 1) return std::nullopt;
    const auto append = [&](char c) { digits[n++] = c; };
    if (*negative) append('-');
    if (!detail::is_digit(body.front()) && body.front() != format.decimal_mark()) return std::nullopt;
    if (!detail::take_whole_part(body, format.thousands, append)) return std::nullopt;
    if (!body.empty() && body.front() == format.decimal_mark()) {
        append('.');
        body.remove_prefix(1);
    } else if (!body.empty() && body.front() == '.') {
        // "1.0" beside "1,20 €", as exports mix them; three digits could be thousands.
        if (!format.thousands.empty() || body.size() == 4) return std::nullopt;
    }
    for (const char c : body)
        append(c);
    return parse_number(std::string_view(digits.data(), n));
}

}  // namespace funnel::base
