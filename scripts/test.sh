#!/usr/bin/env bash
# Installs what is missing (Debian), builds, and passes the tests. CI runs this and nothing else.
#   scripts/test.sh          everything that "green" means (CONTRIBUTING.md)
#   scripts/test.sh --quick  only the release build and its tests
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages.sh

jobs=$(nproc)
step() { echo; echo "== $* ($((SECONDS / 60)) min)"; }
build() {
    cmake --preset "$1" >build/configure.log || { cat build/configure.log; return 1; }
    cmake --build --preset "$1" -j "$jobs"
}
# The thread sanitizer cannot place its shadow memory under the widest address randomization.
fixed_addresses() {
    if setarch -R true 2>/dev/null; then setarch -R "$@"; else "$@"; fi
}

install_packages "${build_packages[@]}" "${test_packages[@]}"
mkdir -p build

step "g++ release"
build ci
if [[ ${1-} != --quick ]]; then
    step "clang-format"
    scripts/format.sh
    step "clang compiles everything; address and undefined behaviour sanitizers"
    build asan
    env -u FUNNEL_REAL_DATA ctest --preset asan -j "$jobs"  # real logs: below, they take minutes here
    step "clang, thread sanitizer"
    build tsan
    fixed_addresses ctest --preset tsan -j "$jobs"
fi
step "all tests"
ctest --preset ci -j "$jobs"
