// SPDX-License-Identifier: MIT
#include "config_file.hpp"

#include <fstream>
#include <string_view>
#include <vector>

#include "funnel/base/nearest.hpp"
#include "funnel/base/utf8.hpp"

namespace funnel::tool {
namespace {

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\r\"");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r\"") - begin + 1);
}

/// The line of `key = ...` below [section], or of [section] itself if there is no such key; 0 if neither is
/// found.
std::size_t line_of(const std::string& path, std::string_view section, std::string_view key) {
    std::ifstream file(path);
    std::string line, inside;
    std::size_t number = 0, of_section = 0;
    while (std::getline(file, line)) {
        ++number;
        const std::string_view text = trimmed(line);
        if (text.starts_with('[')) {
            inside = trimmed(text.substr(1, text.find(']') - 1));
            if (inside == section && of_section == 0) of_section = number;
        } else if (inside == section && trimmed(text.substr(0, text.find('='))) == key) {
            return number;
        } else if (trimmed(text.substr(0, text.find('='))) == std::string(section) + "." + std::string(key)) {
            return number;
        }
    }
    return of_section;
}

const CLI::App* command_of(const CLI::App& app, const std::string& name) {
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (command->get_name() == name) return command;
    }
    return nullptr;
}

std::vector<std::string> names_of(const CLI::App& command) {
    std::vector<std::string> names;
    for (const CLI::Option* option : command.get_options())
        names.insert(names.end(), option->get_lnames().begin(), option->get_lnames().end());
    return names;
}

std::vector<std::string> commands_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(command->get_name());
    return names;
}

}  // namespace

std::string config_complaint(const CLI::App& app, const std::string& item) {
    const std::size_t dot = item.rfind('.');
    const std::string section = dot == std::string::npos ? "" : item.substr(0, dot);
    const std::string key = item.substr(dot == std::string::npos ? 0 : dot + 1);
    const std::string path = app.get_option("--config")->as<std::string>();
    const std::size_t line = line_of(path, section, key);
    const CLI::App* command = section.empty() ? &app : command_of(app, section);
    const std::string& wrong = command == nullptr ? section : key;
    const std::string near = command == nullptr ? base::nearest(section, commands_of(app))
                                                : base::nearest(key, names_of(*command));
    std::string expected = command == nullptr ? "the name of a command as a section"
                           : section.empty()  ? "options below a section such as [metrics]"
                                              : "an option of " + section;
    return base::escaped(path) + (line > 0 ? ":" + std::to_string(line) : std::string{}) + ": expected " +
           expected + ", got \"" + base::escaped(wrong) + "\"" +
           (near.empty() ? std::string{} : "; did you mean " + near + "?");
}

}  // namespace funnel::tool
