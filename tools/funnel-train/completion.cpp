// SPDX-License-Identifier: MIT
#include "completion.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace funnel::tool {
namespace {

/// An option as a shell wants to know it.
struct Completed {
    std::vector<std::string> names;   ///< "-o", "--output"
    std::vector<std::string> values;  ///< if there is a list of them
    bool takes_value = false;
    std::string meaning;
};

/// "TEXT:{a,b}" -> a, b
std::vector<std::string> values_of(const std::string& type) {
    std::vector<std::string> values;
    const std::size_t open = type.find('{'), close = type.find('}');
    if (open == std::string::npos || close == std::string::npos) return values;
    for (std::size_t at = open + 1; at < close;) {
        const std::size_t end = std::min(type.find(',', at), close);
        values.push_back(type.substr(at, end - at));
        at = end + 1;
    }
    return values;
}

std::string first_sentence(const std::string& text) {
    return text.substr(0, std::min(text.find(". "), text.find("; ")));
}

/// Of an option with a list of values the text often goes through them, one after the other: all are kept.
std::string meaning_of(const std::string& text, const std::vector<std::string>& values) {
    return values.empty() ? first_sentence(text) : text.substr(0, text.find(". "));
}

std::vector<Completed> completed(const CLI::App& command) {
    std::vector<Completed> all;
    for (const CLI::Option* option : command.get_options()) {
        if (!option->nonpositional() || option->get_group().empty()) continue;
        Completed one;
        for (const std::string& name : option->get_snames())
            one.names.push_back("-" + name);
        for (const std::string& name : option->get_lnames())
            one.names.push_back("--" + name);
        one.takes_value = option->get_items_expected_max() != 0;
        if (one.takes_value) one.values = values_of(option->get_type_name());
        one.meaning = meaning_of(option->get_description(), one.values);
        all.push_back(std::move(one));
    }
    return all;
}

std::string joined(const std::vector<std::string>& words) {
    std::string all;
    for (const std::string& word : words)
        all += (all.empty() ? "" : " ") + word;
    return all;
}

std::string names_in(const std::vector<Completed>& options) {
    std::vector<std::string> names;
    for (const Completed& option : options)
        names.insert(names.end(), option.names.begin(), option.names.end());
    return joined(names);
}

std::vector<std::string> command_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands({}))
        names.push_back(command->get_name());
    return names;
}

/// The text in single quotes, as a POSIX shell reads it.
std::string shell_quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text)
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

std::string fish_quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return out + "'";
}

/// What _arguments of zsh reads between brackets or in front of a colon.
std::string zsh_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

/// A specification of _arguments for each name of an option.
std::string zsh_option(const Completed& option) {
    std::string lines;
    for (const std::string& name : option.names) {
        std::string line;
        if (option.names.size() > 1) line += "(" + joined(option.names) + ")";
        line += name + "[" + zsh_text(option.meaning) + "]";
        if (!option.values.empty())
            line += ":value:(" + joined(option.values) + ")";
        else if (option.takes_value)
            line += ":value:_files";
        lines += "            " + shell_quoted(line) + " \\\n";
    }
    return lines;
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
    const std::vector<std::string> commands = command_names(app);
    std::string any;
    for (const std::string& command : commands)
        any += (any.empty() ? "" : "|") + command;
    std::string values, options;
    for (const CLI::App* command : app.get_subcommands({})) {
        const std::vector<Completed> all = completed(*command);
        options += "        " + command->get_name() + ") words=" + shell_quoted(names_in(all)) + " ;;\n";
        for (const Completed& option : all) {
            for (const std::string& name : option.names) {
                if (!option.values.empty())
                    values += "        " + shell_quoted(command->get_name() + " " + name) +
                              ") words=" + shell_quoted(joined(option.values)) + " ;;\n";
            }
        }
    }
    return "# funnel-train in bash:  source <(funnel-train completion bash)\n"
           "_funnel_train() {\n"
           "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= words= "
           "word\n"
           "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
           "        case $word in " +
           any +
           ") command=$word; break ;; esac\n"
           "    done\n"
           "    case \"$command $before\" in\n"
           "        'completion completion') words='bash zsh fish' ;;\n" +
           values +
           "    esac\n"
           "    [[ -z $words && $current == -* ]] && case $command in\n"
           "        '') words=" +
           shell_quoted(names_in(completed(app))) + " ;;\n" + options +
           "    esac\n"
           "    [[ -z $words && -z $command ]] && words=" +
           shell_quoted(joined(commands)) +
           "\n"
           "    COMPREPLY=()\n"
           "    [[ -n $words ]] && mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
           "    return 0\n"
           "}\n"
           "complete -o default -F _funnel_train funnel-train\n";
}

std::string zsh_completion(const CLI::App& app) {
    std::string commands, cases;
    for (const CLI::App* command : app.get_subcommands({})) {
        commands +=
            "        " +
            shell_quoted(command->get_name() + ":" + zsh_text(first_sentence(command->get_description()))) +
            "\n";
        cases += "        " + command->get_name() + ")\n            _arguments -S \\\n";
        for (const Completed& option : completed(*command))
            cases += zsh_option(option);
        const bool shells = command->get_name() == "completion";
        cases += std::string("            ") + (shells ? "'1:shell:(bash zsh fish)'" : "'*:file:_files'") +
                 " ;;\n";
    }
    return "#compdef funnel-train\n"
           "# funnel-train in zsh:  source <(funnel-train completion zsh), or as _funnel-train in a folder "
           "of $fpath\n"
           "_funnel_train() {\n"
           "    local -a commands=(\n" +
           commands +
           "    )\n"
           "    if (( CURRENT == 2 )); then\n"
           "        _describe command commands\n"
           "        return\n"
           "    fi\n"
           "    shift words\n"
           "    (( CURRENT -= 1 ))\n"
           "    case $words[1] in\n" +
           cases +
           "    esac\n"
           "}\n"
           "if [[ $funcstack[1] == _funnel-train ]]; then\n"
           "    _funnel_train \"$@\"\n"
           "else\n"
           "    compdef _funnel_train funnel-train\n"
           "fi\n";
}

std::string fish_completion(const CLI::App& app) {
    std::string out = "# funnel-train in fish:  funnel-train completion fish | source\n";
    const std::string all = joined(command_names(app));
    const std::string none_yet = " -n " + fish_quoted("not __fish_seen_subcommand_from " + all);
    for (const CLI::App* command : app.get_subcommands({}))
        out += "complete -c funnel-train -f" + none_yet + " -a " + command->get_name() + " -d " +
               fish_quoted(first_sentence(command->get_description())) + "\n";
    const auto add = [&](const std::string& when, const Completed& option) {
        out += "complete -c funnel-train" + when;
        for (const std::string& name : option.names)
            out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
        if (!option.values.empty())
            out += " -x -a " + fish_quoted(joined(option.values));
        else if (option.takes_value)
            out += " -r";
        out += " -d " + fish_quoted(option.meaning) + "\n";
    };
    for (const Completed& option : completed(app))
        add(none_yet, option);
    for (const CLI::App* command : app.get_subcommands({})) {
        const std::string when = " -n " + fish_quoted("__fish_seen_subcommand_from " + command->get_name());
        if (command->get_name() == "completion")
            out += "complete -c funnel-train -f" + when + " -a 'bash zsh fish'\n";
        for (const Completed& option : completed(*command))
            add(when, option);
    }
    return out;
}

}  // namespace funnel::tool
