// SPDX-License-Identifier: MIT
// Carries the headers that all tests precompile; see CMakeLists.txt.
