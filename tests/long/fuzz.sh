#!/usr/bin/env bash
# Builds the fuzz targets and runs each for some seconds; what is new goes to build/fuzz/corpus, crashes to build/fuzz/crashes.
# Prints executions per target.
#   tests/long/fuzz.sh [SECONDS] [TARGET...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=${1:-60}
shift || true
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=(numbers schema csv log model options)
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz -j "$(nproc)" --target "${targets[@]/%/_fuzz}" >/dev/null
status=0
for target in "${targets[@]}"; do
    corpus=build/fuzz/corpus/$target
    mkdir -p "$corpus" build/fuzz/crashes
    if build/fuzz/tests/fuzz/"${target}_fuzz" "$corpus" "tests/fuzz/corpus/$target" -max_total_time="$seconds" \
        -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix=build/fuzz/crashes/"$target-" \
        >build/fuzz/"$target.log" 2>&1; then
        outcome="nothing found"
    else
        outcome="FOUND: build/fuzz/$target.log"
        status=1
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' build/fuzz/"$target.log" | tail -n 1)
    printf '%-8s %12s executions  %s\n' "$target" "${runs:-?}" "$outcome"
done
exit $status
