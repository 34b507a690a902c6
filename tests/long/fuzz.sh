#!/usr/bin/env bash
# Builds the fuzz targets and runs each for some seconds, one per core at a time; what is new goes to build/fuzz/corpus,
# crashes to build/fuzz/crashes. Prints executions per target and in all.
#   tests/long/fuzz.sh [SECONDS] [TARGET...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=${1:-60}
shift || true
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=(numbers schema csv log model options)
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz -j "$(nproc)" --target "${targets[@]/%/_fuzz}" >/dev/null
mkdir -p build/fuzz/crashes

fuzz() { # TARGET: a line with its executions; fails if something was found
    local target=$1 corpus=build/fuzz/corpus/$1 log=build/fuzz/$1.log outcome="nothing found" status=0
    mkdir -p "$corpus"
    build/fuzz/tests/fuzz/"${target}_fuzz" "$corpus" "tests/fuzz/corpus/$target" -max_total_time="$seconds" \
        -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix=build/fuzz/crashes/"$target-" \
        >"$log" 2>&1 || { outcome="FOUND: $log"; status=1; }
    printf '%-8s %12s executions  %s\n' "$target" \
        "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1)" "$outcome"
    return $status
}
export -f fuzz
export seconds
status=0
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c 'fuzz {}' | tee build/fuzz/executions || status=1
awk '{ all += $2 } END { printf "%-8s %12d executions\n", "all", all }' build/fuzz/executions
exit $status
