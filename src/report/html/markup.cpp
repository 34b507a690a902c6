// SPDX-License-Identifier: MIT
#include "markup.hpp"

#include "funnel/report/text_table.hpp"

namespace funnel::report::html {

std::string escape(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

std::string plain(std::string_view text, std::size_t limit) {
    return escape(printable(text, limit));
}

std::string datum(std::string_view text, std::size_t limit) {
    return element("bdi", plain(text, limit));
}

std::string element(std::string_view name, std::string_view attributes, std::string_view content) {
    std::string out = "<";
    out += name;
    if (!attributes.empty()) out += ' ';
    out += attributes;
    out += '>';
    out += content;
    out += "</";
    out += name;
    out += '>';
    return out;
}

std::string element(std::string_view name, std::string_view content) {
    return element(name, {}, content);
}

}  // namespace funnel::report::html
