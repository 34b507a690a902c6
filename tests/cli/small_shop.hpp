// SPDX-License-Identifier: MIT
// A shop of three users whose every figure can be counted by hand, in the canonical columns.
#pragma once

#include <string>
#include <string_view>

namespace funnel::cli_test {

inline constexpr std::string_view kHeader =
    "event_time,event_type,user_id,item_id,session_id,order_id,price,quantity\n";

/// a: shown, clicked, viewed, carted and bought i1 (2 x 10). b: shown i1 and i2, viewed and carted i2.
/// c: a page, then i1 viewed and i2 bought (1 x 5). Latest time: 2024-03-03T09:30:00Z.
inline constexpr std::string_view kRows =
    "2024-03-01T10:00:00Z,impression,a,i1,s1,,10,\n"
    "2024-03-01T10:00:10Z,click,a,i1,s1,,10,\n"
    "2024-03-01T10:00:20Z,view,a,i1,s1,,10,\n"
    "2024-03-01T10:01:20Z,cart_add,a,i1,s1,,10,\n"
    "2024-03-01T10:05:20Z,purchase,a,i1,s1,o1,10,2\n"
    "2024-03-02T10:00:00Z,impression,b,i1,s2,,10,\n"
    "2024-03-02T10:00:05Z,impression,b,i2,s2,,5,\n"
    "2024-03-02T10:00:30Z,view,b,i2,s2,,5,\n"
    "2024-03-02T10:00:50Z,cart_add,b,i2,s2,,5,\n"
    "2024-03-02T11:00:00Z,page_view,c,,s3,,,\n"
    "2024-03-03T09:00:00Z,view,c,i1,s4,,10,\n"
    "2024-03-03T09:30:00Z,purchase,c,i2,s4,o2,5,1\n";

[[nodiscard]] inline std::string small_shop() {
    return std::string(kHeader) + std::string(kRows);
}

}  // namespace funnel::cli_test
