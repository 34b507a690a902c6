// SPDX-License-Identifier: MIT
// expect_sound: what holds for every page, checked on its text.
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace funnel::html_test {

/// The parts between each `open` and the next `close`, both included.
[[nodiscard]] inline std::vector<std::string> parts(const std::string& text, std::string_view open,
                                                    std::string_view close) {
    std::vector<std::string> out;
    for (std::size_t at = text.find(open); at != std::string::npos; at = text.find(open, at + 1)) {
        const std::size_t end = text.find(close, at);
        if (end == std::string::npos) break;
        out.push_back(text.substr(at, end + close.size() - at));
    }
    return out;
}

[[nodiscard]] inline std::size_t figures(const std::string& page) {
    return parts(page, "<figure", "</figure>").size();
}

/// Every element is closed in its order.
inline void expect_balanced(const std::string& page) {
    static const std::set<std::string> kVoid = {"meta", "!doctype"};
    std::vector<std::string> open;
    const std::vector<std::string> tags = parts(page, "<", ">");
    ASSERT_GT(tags.size(), 20u);
    for (const std::string& tag : tags) {
        const bool closes = tag[1] == '/';
        const std::string name = tag.substr(closes ? 2 : 1, tag.find_first_of(" >/", 2) - (closes ? 2 : 1));
        if (closes) {
            ASSERT_FALSE(open.empty()) << tag;
            ASSERT_EQ(open.back(), name) << tag;
            open.pop_back();
        } else if (!kVoid.contains(name) && !tag.ends_with("/>")) {
            open.push_back(name);
        }
    }
    EXPECT_TRUE(open.empty());
}

/// Nothing from elsewhere, no script; links lead to places of the page.
inline void expect_self_contained(const std::string& page) {
    for (const char* part : {"<script", "<link", "<img", "<iframe", "http:", "https:", "//www", "url(",
                             "@import", " src=", "javascript:", " onclick", " onload"}) {
        EXPECT_EQ(page.find(part), std::string::npos) << part;
    }
    std::set<std::string> ids;
    for (std::size_t at = page.find(" id=\""); at != std::string::npos; at = page.find(" id=\"", at + 1)) {
        const std::string id = page.substr(at + 5, page.find('"', at + 5) - at - 5);
        EXPECT_TRUE(ids.insert(id).second) << "twice: " << id;
    }
    std::size_t links = 0;
    for (std::size_t at = page.find("href=\""); at != std::string::npos; at = page.find("href=\"", at + 1)) {
        const std::string target = page.substr(at + 6, page.find('"', at + 6) - at - 6);
        EXPECT_TRUE(target.starts_with("#") && ids.contains(target.substr(1))) << target;
        ++links;
    }
    EXPECT_FALSE(ids.empty());
    EXPECT_EQ(links > 0, page.find("<nav") != std::string::npos) << "a brief page has none";
}

/// Every figure has charts with a label and marks, and a table with rows beside them.
inline void expect_marks_and_tables(const std::string& page) {
    for (const std::string& figure : parts(page, "<figure", "</figure>")) {
        const std::string name = figure.substr(0, figure.find('>'));
        EXPECT_NE(figure.find("<details>"), std::string::npos) << name;
        EXPECT_NE(figure.find("<th scope=\"row\""), std::string::npos) << name;
        std::size_t charts = 0;
        for (std::size_t at = figure.find("role=\"img\""); at != std::string::npos; ++charts) {
            const std::size_t next = figure.find("role=\"img\"", at + 1);
            const std::string chart = figure.substr(at, next - at);
            EXPECT_NE(chart.find("class=\"mark"), std::string::npos) << name << chart.substr(0, 200);
            EXPECT_EQ(chart.find("aria-label=\"\""), std::string::npos) << name;
            EXPECT_LT(chart.find("aria-label=\""), chart.find('>')) << name;
            at = next;
        }
        EXPECT_GT(charts, 0u) << name;
    }
}

inline void expect_sound(const std::string& page) {
    expect_balanced(page);
    expect_self_contained(page);
    expect_marks_and_tables(page);
    for (const char* number : {"\"nan", "\"inf", "=\"-nan", ">nan", ">inf", ">-nan"}) {
        EXPECT_EQ(page.find(number), std::string::npos) << number;
    }
}

}  // namespace funnel::html_test
