// SPDX-License-Identifier: MIT
// parse_formatted_time: times in a form given with the letters of strptime. English names, never the locale.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace funnel::ingest::detail {

/// %Y %y %m %d %e %j %b %B %h %a %A %H %I %M %S %f %p %z %Z %s %F %T %D %R %n %t %%; numbers may lack leading
/// zeros; a blank stands for any number of blanks. `where` begins the message.
/// Throws Error(schema) for another letter, or if no date can come of it.
void check_time_format(const std::string& format, const std::string& where);

/// The whole text to microseconds since 1970, finer digits floored. `local`: there was no offset in it.
[[nodiscard]] bool parse_formatted_time(std::string_view text, std::string_view format, std::int64_t& micros,
                                        bool& local) noexcept;

}  // namespace funnel::ingest::detail
