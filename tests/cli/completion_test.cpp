// SPDX-License-Identifier: MIT
// The completion scripts, loaded in their shells.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <set>
#include <sstream>
#include <string>

#include "cli/names.hpp"

namespace funnel::cli_test {
namespace {

class Completion : public testing::Test {
 protected:
    static bool has(const std::string& shell) {
        return std::system(("command -v " + shell + " >/dev/null 2>&1").c_str()) == 0;
    }

    /// What a program of the shell prints after it has loaded our script, with its errors.
    std::string said(const std::string& shell, const std::string& program) {
        const ToolResult script = run_tool({"completion", shell});
        EXPECT_EQ(script.code, 0) << script.err;
        const std::string loaded = folder_.write("completion." + shell, script.out);
        const std::string file =
            folder_.write("program", (shell == "zsh" ? "autoload -U compinit\ncompinit -D\n" : "") +
                                         ("source '" + loaded + "'\n") + program);
        const std::string flag = shell == "zsh" ? " -f" : shell == "bash" ? " --norc" : " --no-config";
        std::string out;
        FILE* const pipe = popen((shell + flag + " '" + file + "' 2>&1").c_str(), "r");
        if (pipe == nullptr) return "cannot run " + shell;
        std::array<char, 4096> block;
        while (const std::size_t size = std::fread(block.data(), 1, block.size(), pipe))
            out.append(block.data(), size);
        const int status = pclose(pipe);
        return status == 0 ? out : out + "failed";
    }

    /// What bash offers for the last of the words.
    std::set<std::string> offered(const std::string& words) {
        std::istringstream out(said("bash", "COMP_WORDS=(" + words +
                                                ")\nCOMP_CWORD=$((${#COMP_WORDS[@]}-1))\n_funnel_train\n" +
                                                "printf '%s\\n' \"${COMPREPLY[@]}\"\n"));
        std::set<std::string> all;
        for (std::string line; std::getline(out, line);)
            all.insert(line);
        return all;
    }

    support::TemporaryFolder folder_;
};

TEST_F(Completion, AnOptionIsDescribedWithAllItsValues) {
    const std::string script = run_tool({"completion", "fish"}).out;
    for (const char* text : {"in-order; strict: nothing in between; any: the most steps in a window",
                             "exact: of equal rows the first; orders: of an order\\'s line the first"})
        EXPECT_NE(script.find(text), std::string::npos) << text;
}

TEST_F(Completion, OfBashOffersCommandsOptionsAndTheirValues) {
    if (!has("bash")) GTEST_SKIP() << "no bash here";
    using Set = std::set<std::string>;
    EXPECT_EQ(offered("funnel-train sc"), (Set{"schema", "score"}));
    EXPECT_EQ(offered("funnel-train metrics --emit"), (Set{"--emit-sql"}));
    EXPECT_EQ(offered("funnel-train people --group aban"), (Set{"abandoned_cart", "abandoned_checkout"}));
    EXPECT_EQ(offered("funnel-train metrics log.csv --dedup ''"), (Set{"exact", "none", "orders"}));
    EXPECT_EQ(offered("funnel-train completion ''"), (Set{"bash", "fish", "zsh"}));
    EXPECT_EQ(offered("funnel-train metrics log"), (Set{""}));  // files: bash itself knows them
}

TEST_F(Completion, OfZshLoadsAndIsBoundToTheProgram) {
    if (!has("zsh")) GTEST_SKIP() << "no zsh here";
    EXPECT_EQ(said("zsh", "print -r -- $_comps[funnel-train]\n"), "_funnel_train\n");
    // What _arguments would be given, without a terminal to type in.
    const std::string given = said("zsh",
                                   "_arguments() { print -rl -- \"$@\" }\n"
                                   "words=(funnel-train people ''); CURRENT=3; _funnel_train\n");
    EXPECT_NE(given.find("\n--group["), std::string::npos) << given;
    EXPECT_NE(given.find(":value:(abandoned_cart abandoned_checkout "), std::string::npos) << given;
    EXPECT_EQ(given.find("failed"), std::string::npos) << given;
}

TEST_F(Completion, OfFishOffersCommandsOptionsAndTheirValues) {
    if (!has("fish")) GTEST_SKIP() << "no fish here";
    const std::string commands = said("fish", "complete -C 'funnel-train peo'\n");
    EXPECT_EQ(commands.substr(0, 7), "people\t") << commands;
    const std::string values = said("fish", "complete -C 'funnel-train people --group first'\n");
    EXPECT_EQ(values.substr(0, 11), "first_order") << values;
    const std::string options = said("fish", "complete -C 'funnel-train metrics --emit'\n");
    EXPECT_EQ(options.substr(0, 11), "--emit-sql\t") << options;
}

TEST_F(Completion, OfAnotherShellIsRefused) {
    EXPECT_EQ(run_tool({"completion", "tcsh"}).code, 2);
    EXPECT_EQ(run_tool({"completion"}).code, 2);
}

}  // namespace
}  // namespace funnel::cli_test
