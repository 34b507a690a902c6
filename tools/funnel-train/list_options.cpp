// SPDX-License-Identifier: MIT
#include "list_options.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "funnel/base/time.hpp"
#include "funnel/files/digest.hpp"
#include "id_list.hpp"
#include "options.hpp"

namespace funnel::tool {
namespace {

/// A word of --from-sources: a source's name or a file, with what is said of its number behind a colon.
struct SourceWord {
    std::string name;
    std::optional<std::size_t> limit;

    [[nodiscard]] std::optional<history::SourceKind> kind() const {
        const auto at = std::ranges::find(history::kSourceNames, name);
        if (at == history::kSourceNames.end()) return std::nullopt;
        return static_cast<history::SourceKind>(at - history::kSourceNames.begin());
    }
};

SourceWord source_word(const std::string& word) {
    const std::size_t colon = word.rfind(':');
    if (colon == std::string::npos) return {word, std::nullopt};
    std::size_t limit = 0;
    const char* end = word.data() + word.size();
    const auto [at, error] = std::from_chars(word.data() + colon + 1, end, limit);
    const SourceWord cut{word.substr(0, colon), limit};
    if (error == std::errc{} && at == end && limit > 0) return cut;
    if (!cut.kind()) return {word, std::nullopt};  // the colon is part of a file's name
    usage_error("--from-sources: expected a number of items from 1, such as " + cut.name + ":100, got \"" +
                word + "\"");
}

std::vector<SourceWord> source_words(const ListOptions& options) {
    const std::vector<std::string> given = list_option(options.sources);
    if (given.empty() || std::ranges::find(given, std::string()) != given.end())
        usage_error("--from-sources: expected seen, coviewed, popular, new or a file of items, got \"" +
                    options.sources + "\"");
    std::vector<SourceWord> words;
    for (const std::string& word : given) {
        const std::string& name = words.emplace_back(source_word(word)).name;
        // A word without a dot or slash that is no file either was meant as a source.
        if (!words.back().kind() && name.find_first_of("./") == std::string::npos &&
            !std::filesystem::exists(name)) {
            usage_error("--from-sources: expected seen, coviewed, popular, new or a file of items, got \"" +
                        name + "\"");
        }
    }
    return words;
}

/// The ids of a file, without repeats and without the header that a list of our own would have.
std::vector<std::string> listed_ids(const std::string& path, std::string_view header, Run& run) {
    std::vector<std::string> ids = read_ids(path);
    run.record.add_input(files::digest_of_file(path));
    if (!ids.empty() && ids.front() == header) ids.erase(ids.begin());
    std::unordered_set<std::string_view> before;
    std::vector<std::string> kept;
    for (const std::string& id : ids) {
        if (before.insert(id).second) kept.push_back(id);
    }
    return kept;
}

std::vector<history::CandidateSource> candidate_sources(const ListOptions& options, Run& run) {
    const history::RetrieveOptions usual;
    std::vector<history::CandidateSource> sources;
    for (const SourceWord& word : source_words(options)) {
        history::CandidateSource source;
        if (const auto kind = word.kind()) {
            source = *std::ranges::find(usual.sources, *kind, &history::CandidateSource::kind);
        } else {
            source = {.kind = history::SourceKind::listed, .items = listed_ids(word.name, "item_id", run)};
            source.limit = source.items.size();
        }
        source.limit = word.limit.value_or(source.limit);
        sources.push_back(std::move(source));
    }
    return sources;
}

/// What --exclude says, times as far as they are given.
history::RetrieveOptions exclusions(const ListOptions& list, std::int64_t forget) {
    history::RetrieveOptions options;
    for (const std::string& word : list_option(list.exclude)) {
        if (word == "cart") {
            options.exclude_cart = true;
        } else if (word == "seen") {
            options.exclude_seen = true;
        } else if (word == "bought") {
            options.exclude_bought = forget;
        } else if (word.starts_with("bought:")) {
            options.exclude_bought = duration_option("--exclude bought", word.substr(7));
            if (*options.exclude_bought <= forget) continue;
            usage_error("--exclude: expected bought:" + base::format_duration(forget) +
                        " or less, which is how long the model remembers, got \"" + word +
                        "\"; ask for less, or train with a longer --forget");
        } else {
            usage_error("--exclude: expected bought, bought:DURATION, cart or seen, got \"" + word + "\"");
        }
    }
    return options;
}

}  // namespace

void ListOptions::add_to(CLI::App& command) {
    command.add_option("--for", users, "File of user ids, one per line; default: all users of the history");
    command.add_option("--top", top, "The most items per user")->check(whole_number());
    command.add_option("--target", target,
                       "The target whose probability orders the lists; default: the last");
    command.add_option(
        "--from-sources", sources,
        "Where candidates come from: seen, coviewed, popular, new or a file of item ids; NAME:N takes "
        "the first N");
    command.add_option(
        "--exclude", exclude,
        "What no list holds: bought[:DURATION] by the user, in the cart, seen; bought:90d,cart");
    command.add_option("--per-category", per_category, "The most items of one category in a list")
        ->check(whole_number());
}

void ListOptions::check() const {
    if (top == 0) usage_error("--top: expected a number from 1, got \"0\"");
    if (per_category == 0) usage_error("--per-category: expected a number from 1, got \"0\"");
    (void)exclusions(*this, std::numeric_limits<std::int64_t>::max());
    (void)source_words(*this);
}

std::vector<std::string> ListOptions::paths() const {
    std::vector<std::string> files;
    if (!users.empty()) files.push_back(users);
    for (const SourceWord& word : source_words(*this)) {
        if (!word.kind()) files.push_back(word.name);
    }
    return files;
}

std::vector<std::string> ListOptions::source_names() const {
    std::vector<std::string> names;
    for (const SourceWord& word : source_words(*this))
        names.push_back(word.name);
    return names;
}

history::RetrieveOptions ListOptions::retrieve_options(std::int64_t forget, Run& run) const {
    history::RetrieveOptions wanted = exclusions(*this, forget);
    wanted.sources = candidate_sources(*this, run);
    return wanted;
}

std::optional<std::vector<std::string>> ListOptions::named_users(Run& run) const {
    if (users.empty()) return std::nullopt;
    return listed_ids(users, "user_id", run);
}

}  // namespace funnel::tool
