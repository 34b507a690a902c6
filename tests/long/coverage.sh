#!/usr/bin/env bash
# Branch coverage of what must not fail: reader, numbers, times, model file, saver. Throwing branches of calls, which the
# compiler adds to nearly every line, are not counted (gcov -b lists them as "throw").
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
folder=build/long/coverage
cmake -S . -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS="--coverage -O0 -fprofile-update=atomic" \
    -DFUNNEL_BUILD_EXAMPLES=OFF >/dev/null
tests=(ingest_test files_test persist_test cli_test csv_replay log_replay numbers_replay schema_replay model_replay
       damaged_model_test faults_test)
cmake --build "$folder" -j "$(nproc)" --target "${tests[@]}" funnel-train >/dev/null
find "$folder" -name '*.gcda' -delete
for test in "${tests[@]}"; do
    binary=$(find "$folder/tests" -type f -name "$test" | head -n 1)
    arguments=()
    [[ $test != *_replay ]] || arguments=("tests/fuzz/corpus/${test%_replay}")
    # Gigabytes through counting code take hours and take no branch of their own.
    [[ $test != faults_test ]] || arguments=("--gtest_filter=-Bounded.*:Growth.*")
    "$binary" "${arguments[@]}" >"$folder/$test.log" 2>&1 || echo "$test fails: $folder/$test.log"
done
root=$PWD
cd "$folder"
find CMakeFiles/funnel.dir -name '*.gcda' | xargs gcov -b -c -j -t 2>/dev/null |
    python3 "$root/tests/long/branches.py" "$root" src/ingest src/files src/persist include/funnel/base/bytes.hpp include/funnel/base/utf8.hpp
