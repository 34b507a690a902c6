// SPDX-License-Identifier: MIT
// The sizes of CONTRIBUTING.md: no function over 60 lines, no file over 400. What clang-tidy's
// readability-function-size finds in minutes, for code in our format in a blink.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostLinesOfAFunction = 60, kMostLinesOfAFile = 400;

struct Function {
    std::string head;  // "void f(int x)"
    std::size_t first_line = 0, lines = 0;
};

// The code with the insides of comments, texts, characters and preprocessor lines as blanks; line ends stay.
class Blanked {
 public:
    explicit Blanked(std::string_view code) : code_(code), out_(code) {
        while (at_ < code_.size())
            step();
    }
    [[nodiscard]] std::string text() && { return std::move(out_); }

 private:
    void step() {
        const std::string_view rest = code_.substr(at_);
        const bool in_word = at_ > 0 && (std::isalnum(static_cast<unsigned char>(code_[at_ - 1])) != 0 ||
                                         code_[at_ - 1] == '_');
        if (rest.starts_with("//")) return blank_to(rest.find('\n'));
        if (rest.starts_with("/*")) return blank_to(rest.find("*/") + 2);
        if (rest.starts_with("R\"") && !in_word) {
            const std::string end = ")" + std::string(rest.substr(2, rest.find('(') - 2)) + "\"";
            return blank_to(rest.find(end) + end.size());
        }
        if (rest[0] == '"' || (rest[0] == '\'' && !in_word)) return blank_quoted(rest);
        if (rest[0] == '#' && (at_ == 0 || code_.find_last_not_of(' ', at_ - 1) == std::string_view::npos ||
                               code_[code_.find_last_not_of(' ', at_ - 1)] == '\n')) {
            std::size_t end = rest.find('\n');
            while (end != std::string_view::npos && rest[end - 1] == '\\')
                end = rest.find('\n', end + 1);
            return blank_to(end);
        }
        ++at_;
    }

    void blank_quoted(std::string_view rest) {
        std::size_t i = 1;
        while (i < rest.size() && rest[i] != rest[0])
            i += rest[i] == '\\' ? 2 : 1;
        blank_to(i + 1);
    }

    void blank_to(std::size_t length) {
        const std::size_t end = length < code_.size() - at_ ? at_ + length : code_.size();
        for (; at_ < end; ++at_) {
            if (out_[at_] != '\n') out_[at_] = ' ';
        }
    }

    std::string_view code_;
    std::string out_;
    std::size_t at_ = 0;
};

enum class Scope { outside, function, inside };

// "template <...> " cut off.
std::string_view without_template(std::string_view head) {
    if (!head.starts_with("template")) return head;
    std::size_t depth = 0;
    for (std::size_t i = head.find('<'); i < head.size(); ++i) {
        depth += head[i] == '<' ? 1 : 0;
        if (head[i] == '>' && --depth == 0) return head.substr(std::min(head.size(), i + 2));
    }
    return head;
}

// What opens with a brace after `head` where functions may stand.
Scope scope_of(std::string_view head) {
    head = without_template(head);
    if (head.starts_with("inline namespace")) return Scope::outside;
    for (const std::string_view word : {"namespace", "class", "struct", "union", "enum", "extern"}) {
        const bool has_parameters = head.ends_with(")") || head.find(") const") != std::string_view::npos;
        if (head.starts_with(word) && !has_parameters) return Scope::outside;
    }
    const bool is_value =
        head.find('(') == std::string_view::npos || head.ends_with("=") || head.ends_with("return");
    return is_value ? Scope::inside : Scope::function;
}

std::string trimmed(const std::string& text) {
    const auto from = text.find_first_not_of(" \n"), to = text.find_last_not_of(" \n");
    return from == std::string::npos ? "" : text.substr(from, to - from + 1);
}

std::vector<Function> functions_of(std::string_view source) {
    struct Open {
        Scope scope;
        std::string head;
        std::size_t line;
    };
    const std::string code = Blanked(source).text();
    std::vector<Function> found;
    std::vector<Open> open;
    std::string head;
    std::size_t line = 1, parentheses = 0;
    for (std::size_t i = 0; i < code.size(); ++i) {
        const char c = code[i];
        line += c == '\n';
        const bool inner = !open.empty() && open.back().scope != Scope::outside;
        if (!inner) parentheses += c == '(' ? 1 : c == ')' && parentheses > 0 ? std::size_t(-1) : 0;
        if (c == '{') {
            const std::string before = trimmed(head);
            open.push_back({inner || parentheses > 0 ? Scope::inside : scope_of(before), before, line});
            if (open.back().scope == Scope::outside) head.clear();
        } else if (c == '}' && !open.empty()) {
            const Open closed = open.back();
            open.pop_back();
            const auto next = code.find_first_not_of(" \n", i + 1);
            const bool goes_on = closed.scope == Scope::function && next != std::string::npos &&
                                 (code[next] == ',' || code[next] == '{');  // a_{1}, b_{2} {
            if (goes_on) continue;
            if (closed.scope == Scope::function)
                found.push_back({closed.head, closed.line, line - closed.line});
            if (closed.scope != Scope::inside) head.clear();
        } else if (!inner) {
            head = c == ';' && parentheses == 0 ? "" : head + c;
        }
    }
    return found;
}

std::vector<fs::path> sources() {
    std::vector<fs::path> paths;
    for (const auto* folder : {"include", "src", "tools", "examples"}) {
        for (const auto& entry :
             fs::recursive_directory_iterator(fs::path(FUNNEL_TEST_DIR).parent_path() / folder)) {
            const auto extension = entry.path().extension();
            if (extension == ".hpp" || extension == ".cpp") paths.push_back(entry.path());
        }
    }
    return paths;
}

std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Sizes, OfACodeThatIsKnown) {
    const auto found = functions_of(R"code(
namespace a {
/// { not a brace
struct Point { int x = 0; };
template <typename T>
class Thing : public Base {
 public:
    explicit Thing(Options options = {}) : a_{1}, b_(2) {
        if (a_) { b_ = '{'; }
    }
    T sum() const { return a_ + b_; }
};
constexpr int kTable[] = {
    1, 2};
inline int f(int x) {
    const char* text = "}";
    const auto g = [&] {
        return x + 1'000;
    };
    return g();
}
}  // namespace a
)code");
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].lines, 2u);
    EXPECT_EQ(found[1].lines, 0u);
    EXPECT_EQ(found[2].head, "inline int f(int x)");
    EXPECT_EQ(found[2].first_line, 15u);
    EXPECT_EQ(found[2].lines, 6u);
}

TEST(Sizes, OfFunctions) {
    std::size_t seen = 0;
    for (const auto& path : sources()) {
        if (path.filename() == "style.cpp") continue;  // one text
        for (const auto& function : functions_of(text_of(path))) {
            ++seen;
            EXPECT_LE(function.lines, kMostLinesOfAFunction)
                << path << ":" << function.first_line << ": " << function.head;
        }
    }
    EXPECT_GT(seen, 1500u);
}

TEST(Sizes, OfFiles) {
    std::size_t seen = 0;
    for (const auto& path : sources()) {
        const std::string text = text_of(path);
        EXPECT_LE(static_cast<std::size_t>(std::ranges::count(text, '\n')), kMostLinesOfAFile) << path;
        ++seen;
    }
    EXPECT_GT(seen, 200u);
}

}  // namespace
