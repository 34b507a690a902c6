// SPDX-License-Identifier: MIT
// The header that nearly all others include.
#include "funnel/base/error.hpp"

int main() {}
