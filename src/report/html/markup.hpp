// SPDX-License-Identifier: MIT
// HTML from texts: whatever comes out of the data passes through escape.
#pragma once

#include <string>
#include <string_view>

namespace funnel::report::html {

/// For element content and quoted attributes: & < > " ' become entities.
[[nodiscard]] std::string escape(std::string_view text);

/// A text out of the data for an attribute or an SVG text: control characters and bytes that are not UTF-8
/// shown as \xNN, cut after `limit` bytes, escaped.
[[nodiscard]] std::string plain(std::string_view text, std::size_t limit = 60);

/// The same for element content: its direction of writing stays its own.
[[nodiscard]] std::string datum(std::string_view text, std::size_t limit = 60);

/// <name attributes>content</name>; attributes and content are markup.
[[nodiscard]] std::string element(std::string_view name, std::string_view attributes,
                                  std::string_view content);

/// element without attributes.
[[nodiscard]] std::string element(std::string_view name, std::string_view content);

}  // namespace funnel::report::html
