#!/usr/bin/env bash
# The long version of all tests of reliability: hours, not minutes. The figures of a run go to build/long/report.txt.
#   tests/long/run.sh [SECONDS_PER_FUZZER]    default 600
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=${1:-600}
jobs=$(nproc)
mkdir -p build/long
report=build/long/report.txt
: >"$report"
step() { echo "== $* ($((SECONDS / 60)) min)" | tee -a "$report"; }

step "everything that green means: both compilers, sanitizers, all tests"
scripts/test.sh

step "every header alone"
cmake --preset clang >build/long/headers.log
cmake --build --preset clang --target headers_alone -j "$jobs" | tail -n 1

step "faults, damaged models, bounded memory: every case"
FUNNEL_LONG_TESTS=1 build/ci/tests/faults/damaged_model_test | tee -a "$report" | tail -n 3
FUNNEL_LONG_TESTS=1 build/ci/tests/faults/faults_test | tee -a "$report" | tail -n 3

step "fuzzers, $seconds s each, with address and undefined behaviour sanitizers"
tests/long/fuzz.sh "$seconds" | tee -a "$report"

step "the same bytes from both compilers, optimized and not"
tests/long/same_everywhere.sh | tee -a "$report"

step "clang-tidy"
cmake --preset tidy >build/long/tidy.log
cmake --build --preset tidy -j "$jobs" >>build/long/tidy.log 2>&1 || echo "findings: build/long/tidy.log" | tee -a "$report"

step "branches that the tests take"
tests/long/coverage.sh | tee -a "$report"
step "done"
