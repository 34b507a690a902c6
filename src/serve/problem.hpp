// SPDX-License-Identifier: MIT
// problem: an error as RFC 9457 wants it.
#pragma once

#include <string>
#include <string_view>

#include "http_server.hpp"
#include "json_fields.hpp"

namespace funnel::serve {

[[nodiscard]] constexpr std::string_view title_of(unsigned status) noexcept {
    switch (status) {
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 413:
            return "Content Too Large";
        case 415:
            return "Unsupported Media Type";
        case 431:
            return "Request Header Fields Too Large";
        case 503:
            return "Service Unavailable";
        default:
            return "Internal Server Error";
    }
}

/// detail: what was expected, what was there, what to do. header, value: one more header, of static storage.
[[nodiscard]] inline HttpAnswer problem(unsigned status, std::string_view detail,
                                        std::string_view header = {}, std::string_view value = {}) {
    HttpAnswer answer{.status = status, .type = "application/problem+json", .header = header, .value = value};
    answer.body = R"({"type":"about:blank","title":)";
    append_json(answer.body, title_of(status));
    answer.body += ",\"status\":" + std::to_string(status) + ",\"detail\":";
    append_json(answer.body, detail);
    answer.body += "}\n";
    return answer;
}

}  // namespace funnel::serve
