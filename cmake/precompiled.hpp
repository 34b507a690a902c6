// SPDX-License-Identifier: MIT
// What most sources of the compiled rooms read before they come to themselves: Eigen, JSON and the standard
// library. Compiled once where FUNNEL_PRECOMPILE_HEADERS is on. Sources still include what they use; none of
// our own headers stand here, so that a change of one does not compile everything.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>
