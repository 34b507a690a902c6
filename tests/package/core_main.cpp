// SPDX-License-Identifier: MIT
// A program that needs the header rooms only.
#include "funnel/funnel.hpp"

int main() {
    funnel::EventLog log;
    log.add({.kind = funnel::EventKind::view, .user = "ann", .item = "shoe"});
    return log.users.size() == 1 ? 0 : 1;
}
