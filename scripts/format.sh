#!/usr/bin/env bash
# Checks the format of all C++ files against .clang-format; with --fix, formats them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Versions differ in small ways; 14 is the one that decides.
formatter=$(command -v clang-format-14 || command -v clang-format)
mode=(--dry-run --Werror)
[[ ${1-} == --fix ]] && mode=(-i)
find include src tools tests examples \( -name '*.hpp' -o -name '*.cpp' \) -print0 |
    xargs -0 "$formatter" --style=file "${mode[@]}"
