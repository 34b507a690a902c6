// SPDX-License-Identifier: MIT
// docs/cli.md and README.md against --help: an option that is documented exists, one that exists is
// documented.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "cli/names.hpp"
#include "cli/small_shop.hpp"
#include "support/process.hpp"

namespace funnel::cli_test {
namespace {

using Names = std::set<std::string>;

std::string document(const std::string& name) {
    return read_file(std::string(FUNNEL_TEST_DIR) + "/../" + name);
}

/// All words like --name in a text.
Names options_in(const std::string& text) {
    static const std::regex option("(^|[^A-Za-z0-9-])(--[a-z][a-z0-9-]*[a-z0-9])");
    Names names;
    for (std::sregex_iterator it(text.begin(), text.end(), option), end; it != end; ++it)
        names.insert((*it)[2]);
    return names;
}

/// Options of one command, or of the program itself for "".
Names options_of(const std::string& command) {
    const auto help = command.empty() ? run_tool({"--help-all"}) : run_tool({command, "--help-all"});
    EXPECT_EQ(help.code, 0) << help.err;
    return options_in(help.out);
}

const Names& all_options() {
    static const Names all = [] {
        Names names = options_of("");
        for (const auto& command : kCommands)
            names.merge(options_of(command));
        return names;
    }();
    return all;
}

Names missing(const Names& from, const Names& in) {
    Names rest;
    std::ranges::set_difference(from, in, std::inserter(rest, rest.end()));
    return rest;
}

/// The part of docs/cli.md under "## `command`", up to the next heading of that rank.
std::string section(const std::string& text, const std::string& command) {
    const std::size_t begin = text.find("\n## `" + command);
    if (begin == std::string::npos) return {};
    const std::size_t end = text.find("\n## ", begin + 4);
    return text.substr(begin, end == std::string::npos ? end : end - begin);
}

TEST(CliDocs, EveryOptionOfTheProgramIsDocumented) {
    EXPECT_EQ(missing(all_options(), options_in(document("docs/cli.md"))), Names{});
}

TEST(CliDocs, EveryDocumentedOptionExists) {
    EXPECT_EQ(missing(options_in(document("docs/cli.md")), all_options()), Names{});
}

TEST(CliDocs, EverySectionOfACommandNamesOnlyItsOptions) {
    const std::string text = document("docs/cli.md");
    for (const auto& command : kCommands) {
        const std::string part = section(text, command);
        ASSERT_FALSE(part.empty()) << "no section of " << command;
        EXPECT_EQ(missing(options_in(part), options_of(command)), Names{}) << command;
    }
}

/// Lines of a document that call the program, continued lines joined.
std::vector<std::string> calls(const std::string& text) {
    static const std::regex call("(?:^|[\\n /`])funnel-train ((?:[^\\n`|>]|\\\\\\n)*)");
    std::vector<std::string> lines;
    for (std::sregex_iterator it(text.begin(), text.end(), call), end; it != end; ++it) {
        lines.push_back(std::regex_replace((*it)[1].str(), std::regex("\\\\\\n"), " "));
    }
    return lines;
}

TEST(CliDocs, CallsInTheDocumentsUseOptionsOfTheirCommand) {
    for (const char* name : {"README.md", "docs/cli.md", "docs/operations.md"}) {
        std::size_t found = 0;
        for (const std::string& call : calls(document(name))) {
            const std::string command = call.substr(0, call.find_first_of(" \n"));
            if (std::ranges::find(kCommands, command) == kCommands.end()) continue;
            ++found;
            EXPECT_EQ(missing(options_in(call), options_of(command)), Names{}) << name << ": " << call;
        }
        EXPECT_GT(found, 0u) << name;
    }
}

/// Suite.Name of every test in the sources, and Fuzz.target.
Names tests_in_sources() {
    static const std::regex test(R"(TEST(?:_F|_P)?\((\w+),\s*(\w+)\))"),
        target(R"(funnel_add_fuzz_target\((\w+))");
    Names names = {"Sql.clickhouse", "Sql.duckdb"};
    for (const auto& entry : std::filesystem::recursive_directory_iterator(FUNNEL_TEST_DIR)) {
        const bool is_source = entry.path().extension() == ".cpp";
        if (!is_source && entry.path().filename() != "CMakeLists.txt") continue;
        const std::string text = read_file(entry.path());
        for (std::sregex_iterator it(text.begin(), text.end(), is_source ? test : target), end; it != end;
             ++it)
            names.insert(is_source ? it->str(1) + "." + it->str(2) : "Fuzz." + it->str(1));
    }
    return names;
}

TEST(CliDocs, TestsThatTheDocumentsNameExist) {
    static const std::regex name(R"(`([A-Z]\w+\.\w*)(\*?)`)");
    const Names tests = tests_in_sources();
    for (const char* page : {"docs/reliability.md", "docs/metrics.md"}) {
        const std::string text = document(page);
        std::size_t named = 0;
        for (std::sregex_iterator it(text.begin(), text.end(), name), end; it != end; ++it) {
            const std::string prefix = it->str(1);
            if (prefix.ends_with(".md")) continue;
            ++named;
            const auto at = tests.lower_bound(prefix);
            ASSERT_TRUE(at != tests.end()) << prefix;
            EXPECT_TRUE(it->length(2) > 0 ? at->starts_with(prefix) : *at == prefix) << prefix;
        }
        EXPECT_GT(named, 30u) << page;
    }
}

/// Codes as they stand in the sources: push_back({"code", ...}) or Warning{"code", ...} in the library, which
/// has reports of other things in src/report, and warn("code", ...) in the program.
Names warning_codes_in_sources() {
    static const std::regex in_library(R"re((?:push_back\(|Warning|Warnings\{)\s*\{\s*"([a-z0-9_]+)",)re"),
        in_program(R"re((?:warn\(|Warning\{)\s*"([a-z0-9_]+)",)re");
    Names codes;
    for (const std::string folder : {"include/funnel", "src", "tools"}) {
        for (const auto& entry :
             std::filesystem::recursive_directory_iterator(FUNNEL_TEST_DIR "/../" + folder)) {
            if (entry.is_directory() || entry.path().string().find("/src/report/") != std::string::npos)
                continue;
            const std::string text = read_file(entry.path());
            if (text.find("arning") == std::string::npos && folder != "tools") continue;
            const std::regex& code = folder == "tools" ? in_program : in_library;
            for (std::sregex_iterator it(text.begin(), text.end(), code), end; it != end; ++it)
                codes.insert(it->str(1));
        }
    }
    return codes;
}

TEST(CliDocs, WarningsAreThoseOfTheSources) {
    static const std::regex row(R"(\n\| `([a-z0-9_]+)` \|)");
    const std::string page = document("docs/warnings.md");
    Names listed;
    for (std::sregex_iterator it(page.begin(), page.end(), row), end; it != end; ++it)
        listed.insert(it->str(1));
    EXPECT_GT(listed.size(), 20u);
    const Names codes = warning_codes_in_sources();
    EXPECT_EQ(missing(codes, listed), Names{}) << "not in docs/warnings.md";
    EXPECT_EQ(missing(listed, codes), Names{}) << "listed, but nothing warns of it";
}

TEST(CliDocs, EveryMetricHasALineWithItsDefinition) {
    const support::TemporaryFolder folder;
    const std::string refund = "2024-03-01T10:02:00Z,refund,a,i1,s1,o1,5,1\n";
    const auto result = run_tool({"metrics", folder.write("log.csv", small_shop() + refund), "--json",
                                  "--all", "--retention", "1", "--repeat-within", "30d"});
    ASSERT_EQ(result.code, 0) << result.err;
    const std::string text = document("docs/metrics.md");
    const std::string table = text.substr(0, text.find("## Which test"));
    const auto printed = result.json();
    EXPECT_GT(printed.at("metrics").size(), 40u);
    for (const auto& [name, metric] : printed.at("metrics").items()) {
        const std::string in_general = std::regex_replace(std::regex_replace(name, std::regex("_d1$"), "_dN"),
                                                          std::regex("_30d$"), "_D");
        EXPECT_TRUE(std::regex_search(table, std::regex("\\n\\|[^|]*`" + in_general + "`[^|]*\\|"))) << name;
    }
}

TEST(CliDocs, LinksLeadToFiles) {
    static const std::regex link("\\]\\(([^)#:]+)[^)]*\\)");
    const std::string root = std::string(FUNNEL_TEST_DIR) + "/../";
    for (const std::string name : {"README.md", "docs/cli.md", "docs/operations.md", "docs/reliability.md"}) {
        const std::string text = document(name), folder = root + name.substr(0, name.rfind('/') + 1);
        EXPECT_TRUE(std::regex_search(text, link)) << name;
        for (std::sregex_iterator it(text.begin(), text.end(), link), end; it != end; ++it) {
            const std::string target = (name.find('/') == std::string::npos ? root : folder) + (*it)[1].str();
            EXPECT_TRUE(std::filesystem::exists(target)) << name << ": " << (*it)[1];
        }
    }
}

TEST(CliDocs, FiguresOfTheReadmeAreThoseOfTheSampleLog) {
    const std::string text = document("README.md"),
                      command = "$ funnel-train metrics data/shop_events.csv.gz\n";
    const std::size_t begin = text.find(command) + command.size(), end = text.find("\n$ ", begin);
    ASSERT_NE(end, std::string::npos);
    const auto result = run_tool({"metrics", std::string(FUNNEL_TEST_DIR) + "/../data/shop_events.csv.gz"});
    ASSERT_EQ(result.code, 0) << result.err;
    std::istringstream lines(text.substr(begin, end - begin));
    int compared = 0;
    for (std::string line; std::getline(lines, line); ++compared) {
        EXPECT_NE(result.out.find(line), std::string::npos) << line << "\n" << result.out;
    }
    EXPECT_GT(compared, 5);
}

TEST(CliDocs, TheShellScriptOfTheReadmeParses) {
    const std::string text = document("README.md");
    const std::size_t begin = text.find("```sh\n") + 6;
    const support::TemporaryFolder folder;
    const std::string script =
        folder.write("nightly.sh", text.substr(begin, text.find("```", begin) - begin));
    const support::ProcessResult result = support::run_process({"/bin/sh", "-n", script});
    EXPECT_EQ(result.code, 0) << result.err;
}

TEST(CliDocs, ExitCodesAreThoseOfTheHelp) {
    const std::string text = document("docs/cli.md"), help = run_tool({"--help"}).out;
    for (const std::string meaning :
         {"wrong usage", "input unusable", "a gate was not met", "model file unusable"}) {
        EXPECT_NE(help.find(meaning), std::string::npos) << meaning;
    }
    for (const std::string code : {"0", "1", "2", "3", "4", "5", "6", "128 + n"}) {
        EXPECT_NE(text.find("\n| " + code + " |"), std::string::npos) << code;
    }
}

}  // namespace
}  // namespace funnel::cli_test
