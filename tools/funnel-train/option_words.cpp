// SPDX-License-Identifier: MIT
#include "option_words.hpp"

#include <algorithm>
#include <regex>
#include <utility>
#include <vector>

#include "funnel/base/nearest.hpp"
#include "funnel/base/utf8.hpp"

namespace funnel::tool {
namespace {

/// "a, b or c" of "a,b,c".
std::string one_of(const std::string& listed) {
    std::string out;
    for (const char c : listed)
        out += c == ',' ? std::string(", ") : std::string(1, c);
    const std::size_t last = out.rfind(", ");
    if (last != std::string::npos) out.replace(last, 2, " or ");
    return out;
}

std::vector<std::string> items_of(const std::string& listed) {
    std::vector<std::string> items(1);
    for (const char c : listed) {
        if (c == ',')
            items.emplace_back();
        else
            items.back() += c;
    }
    return items;
}

/// "0.95" of "0.950000".
std::string short_number(std::string digits) {
    if (digits.find('.') == std::string::npos) return digits;
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
    return digits;
}

std::string did_you_mean(const std::string& wanted, const std::vector<std::string>& names) {
    const std::string near = base::nearest(wanted, names);
    return near.empty() ? std::string{} : "; did you mean " + near + "?";
}

/// An option that the command does not have, or an argument too many.
std::string unexpected(const std::string& given, const CLI::App* command) {
    const std::string name = given.substr(0, given.find_first_of("= "));
    const std::string owner = command == nullptr ? "funnel-train" : command->get_name();
    if (!name.starts_with("-"))
        return owner + ": expected no further argument, got \"" + base::escaped(given) + "\"";
    std::vector<std::string> known;
    if (command != nullptr) {
        for (const CLI::Option* option : command->get_options()) {
            for (const std::string& lname : option->get_lnames())
                known.push_back("--" + lname);
        }
    }
    return "expected an option of " + owner + ", got \"" + base::escaped(name) + "\"" +
           did_you_mean(name, known);
}

/// The sentences of the parser that have a value in them, in ours. Empty for another sentence.
std::string about_value(const std::string& text) {
    static const std::regex kChoice(R"((\S+): (.*) not in \{(.*)\})");
    static const std::regex kRange(R"((\S+): Value (.*) not in range (\S+) to (\S+))");
    static const std::regex kNumber(R"(Could not convert: (\S+) = (.*))");
    static const std::regex kMissing(R"((\S+): \d+ required .* missing)");
    std::smatch part;
    if (std::regex_match(text, part, kChoice)) {
        return part.str(1) + ": expected " + one_of(part.str(3)) + ", got \"" + base::escaped(part.str(2)) +
               "\"" + did_you_mean(part.str(2), items_of(part.str(3)));
    }
    if (std::regex_match(text, part, kRange)) {
        return part.str(1) + ": expected a number from " + short_number(part.str(3)) + " to " +
               short_number(part.str(4)) + ", got \"" + base::escaped(part.str(2)) + "\"";
    }
    if (std::regex_match(text, part, kNumber))
        return part.str(1) + ": expected a number, got \"" + base::escaped(part.str(2)) + "\"";
    if (std::regex_match(text, part, kMissing)) return part.str(1) + ": expected a value, got none";
    return {};
}

}  // namespace

std::string in_options(std::string_view message) {
    // Whole phrases, so that no name of a file or column is taken for a setting.
    constexpr std::pair<std::string_view, std::string_view> kWords[] = {
        {"; try a smaller learning_rate", "; try a smaller --learning-rate"},
        {"; try a horizon of ", "; try --horizon "},
        {"; set initial", "; give --init"},
    };
    std::string out(message);
    for (const auto& [setting, option] : kWords) {
        const std::size_t at = out.rfind(setting);
        if (at != std::string::npos) out.replace(at, setting.size(), option);
    }
    constexpr std::string_view kSetting = "training: ";
    const std::size_t end = out.find(": expected ");
    if (out.starts_with(kSetting) && end != std::string::npos && end > kSetting.size() &&
        out.find(' ', kSetting.size()) > end) {
        std::string option = out.substr(kSetting.size(), end - kSetting.size());
        std::ranges::replace(option, '_', '-');
        out.replace(0, end, "--" + option);
    }
    return out;
}

std::string usage_complaint(const CLI::ParseError& error, const CLI::App* command) {
    constexpr std::string_view kOne = "The following argument was not expected: ";
    constexpr std::string_view kSeveral = "The following arguments were not expected: ";
    const std::string text = error.what();
    const std::string help =
        "see funnel-train " + (command != nullptr ? command->get_name() + " " : std::string{}) + "--help";
    for (const std::string_view start : {kOne, kSeveral}) {
        if (text.starts_with(start)) return unexpected(text.substr(start.size()), command) + "; " + help;
    }
    if (text == "A subcommand is required") return "expected a command, got none; " + help;
    const std::string ours = about_value(text);
    return (ours.empty() ? text : ours) + "; " + help;
}

}  // namespace funnel::tool
