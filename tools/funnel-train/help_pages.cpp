// SPDX-License-Identifier: MIT
#include "help_pages.hpp"

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "help_tables.hpp"

namespace funnel::tool {
namespace {

constexpr std::size_t kColumns = 80, kNames = 26;

std::string_view long_name(const CLI::Option& option) {
    return option.get_lnames().empty() ? std::string_view{} : std::string_view(option.get_lnames().front());
}

bool contains(const HelpWords& words, std::string_view word) {
    return std::ranges::find(words, word) != words.end();
}

/// "text" broken at blanks, each further line behind `indent` blanks.
void add_wrapped(std::string& out, std::size_t column, std::size_t indent, std::string_view text) {
    while (!text.empty()) {
        const std::size_t blank = text.find(' ');
        const std::string_view word = text.substr(0, blank);
        text = blank == std::string_view::npos ? std::string_view{} : text.substr(blank + 1);
        if (column > indent && column + 1 + word.size() > kColumns) {
            out += '\n' + std::string(indent, ' ');
            column = indent;
        } else if (column > indent) {
            out += ' ';
            ++column;
        }
        out += word;
        column += word.size();
    }
    out += '\n';
}

/// "  -m,--model FILE"
std::string names_of(const CLI::Option& option) {
    std::string names = "  ";
    for (const std::string& name : option.get_snames())
        names += "-" + name + ",";
    for (const std::string& name : option.get_lnames())
        names += (names.ends_with(" ") || names.ends_with(",") ? "--" : ",--") + name;
    if (option.get_items_expected_max() != 0) names += " VALUE";
    return names;
}

void add_option(std::string& out, const CLI::Option& option) {
    std::string names = names_of(option);
    if (names.size() + 1 > kNames) {
        names += '\n' + std::string(kNames, ' ');
    } else {
        names.resize(kNames, ' ');
    }
    out += names;
    std::string meaning = option.get_description();
    if (option.get_required()) meaning += " (required)";
    add_wrapped(out, kNames, kNames, meaning);
}

std::vector<const CLI::Option*> options_of(const CLI::App& command) {
    std::vector<const CLI::Option*> named;
    for (const CLI::Option* option : command.get_options()) {
        if (option->nonpositional()) named.push_back(option);
    }
    return named;
}

/// What the program is called with, and what it does.
std::string head_of(const CLI::App& command) {
    std::string out;
    add_wrapped(out, 0, 0, "funnel-train " + command.get_name() + ": " + command.get_description());
    std::string usage = "Usage: funnel-train " + command.get_name() + " [OPTIONS]";
    std::string inputs;
    for (const CLI::Option* option : command.get_options()) {
        if (!option->get_positional()) continue;
        const bool many = option->get_items_expected_max() > 1;
        usage += option->get_required() ? " " + option->get_name(true) : " [" + option->get_name(true) + "]";
        usage += many ? "..." : "";
        std::string line = "  " + option->get_name(true);
        line.resize(std::max(line.size() + 1, kNames), ' ');
        inputs += line;
        add_wrapped(inputs, kNames, kNames, option->get_description());
    }
    return out + "\n" + usage + "\n" + inputs;
}

const HelpPage* page_of(const CLI::App& command) {
    const auto page = std::ranges::find(kHelpPages, command.get_name(), &HelpPage::command);
    return page == kHelpPages.end() ? nullptr : &*page;
}

void add_examples(std::string& out, const CLI::App& command, const HelpPage& page) {
    out += page.examples.size() == 1 ? "\nExample:\n" : "\nExamples:\n";
    for (const std::string_view example : page.examples) {
        out += "  ";
        add_wrapped(out, 2, 6, "funnel-train " + command.get_name() + " " + std::string(example));
    }
}

/// The group in which an option of the command is told: the first that has its name, or nullptr.
const OptionGroup* group_of(std::string_view name, const CLI::App& command) {
    for (const OptionGroup& group : kOptionGroups) {
        if (!group.command.empty() && group.command != command.get_name()) continue;
        if (contains(group.options, name)) return &group;
    }
    return nullptr;
}

/// The options of a group, nullptr: of none, that `wanted` lets through.
template <typename Wanted>
std::vector<const CLI::Option*> members_of(const OptionGroup* group, const CLI::App& command, Wanted wanted) {
    std::vector<const CLI::Option*> members;
    for (const CLI::Option* option : options_of(command)) {
        if (group_of(long_name(*option), command) == group && wanted(long_name(*option)))
            members.push_back(option);
    }
    if (group != nullptr) {
        std::ranges::stable_sort(members, {}, [&](const CLI::Option* option) {
            return std::ranges::find(group->options, long_name(*option)) - group->options.begin();
        });
    }
    return members;
}

}  // namespace

std::string help_page(const CLI::App& command) {
    const HelpPage* page = page_of(command);
    if (page == nullptr) return full_help_page(command);
    const std::vector<const CLI::Option*> options = options_of(command);
    std::string out = head_of(command);
    add_examples(out, command, *page);
    out += "\nCommon options:\n";
    for (const std::string_view name : page->common) {
        for (const CLI::Option* option : options) {
            if (long_name(*option) == name) add_option(out, *option);
        }
    }
    out += "\nMore options (--help-all says what they mean):\n";
    for (const OptionGroup& group : kOptionGroups) {
        const auto rest =
            members_of(&group, command, [&](std::string_view name) { return !contains(page->common, name); });
        if (rest.empty()) continue;
        std::string line = "  " + std::string(group.title);
        line.resize(std::max(line.size() + 1, kNames), ' ');
        std::string names;
        for (const CLI::Option* option : rest)
            names += (names.empty() ? "--" : " --") + std::string(long_name(*option));
        out += line;
        add_wrapped(out, kNames, kNames, names);
    }
    return out;
}

std::string full_help_page(const CLI::App& command) {
    const auto all = [](std::string_view) { return true; };
    std::string out = head_of(command);
    if (const HelpPage* page = page_of(command)) add_examples(out, command, *page);
    const auto add_group = [&](std::string_view title, const OptionGroup* group) {
        const auto members = members_of(group, command, all);
        if (members.empty()) return;
        out += "\n" + std::string(title) + ":\n";
        for (const CLI::Option* option : members)
            add_option(out, *option);
    };
    for (const OptionGroup& group : kOptionGroups)
        add_group(group.title, &group);
    add_group("Other", nullptr);
    return out;
}

std::string program_help_page(const CLI::App& app) {
    std::string out = app.get_description() + "\n\nUsage: funnel-train COMMAND [OPTIONS] [LOG...]\n\n";
    for (const CLI::App* command : app.get_subcommands({})) {
        std::string line = "  " + command->get_name();
        line.resize(14, ' ');
        out += line;
        add_wrapped(out, 14, 14, command->get_description());
    }
    out +=
        "\nfunnel-train COMMAND --help tells the common options of a command, --help-all all\nof them.\n\n";
    for (const CLI::Option* option : options_of(app))
        add_option(out, *option);
    return out + "\n" + app.get_footer() + "\n";
}

std::string full_program_help_page(const CLI::App& app) {
    std::string out = program_help_page(app);
    for (const CLI::App* command : app.get_subcommands({}))
        out += "\n" + std::string(kColumns, '-') + "\n" + full_help_page(*command);
    return out;
}

}  // namespace funnel::tool
