#!/usr/bin/env bash
# How fast funnel-train serve is, with wrk on the same machine (Debian: wrk, curl):
#   tests/bench/serve/run.sh PROGRAM [SECONDS]
set -euo pipefail
program=$(realpath "$1")
seconds=${2:-20}
here=$(realpath "$(dirname "$0")")
folder=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
cd "$folder"
"$program" simulate -o shop.csv --users 5000 --days 20 --seed 1 -q 2>/dev/null
"$program" train shop.csv -o shop.funnel --horizon 2d --epochs 3 -q >/dev/null
"$program" serve -m shop.funnel --data data --listen 127.0.0.1:0 --threads 2 2>log &
pids+=($!)
until grep -q "listening on" log; do sleep 0.1; done
url=http://$(sed -n 's/.*listening on //p' log)

figures() { awk '/^ +50%|^ +99%|requests in|Requests\/sec|Non-2xx|Socket errors/ { print "   ", $0 }'; }
accepted() { curl -s "$url/metrics" | awk '$1 == "funnel_events_accepted_total" { print $2 }'; }

echo "rank of 100 items"
wrk -t1 -c8 -d"$seconds" --latency -s "$here/rank.lua" "$url" | figures

echo "the same beside 3,000 events/s"
(
    n=0
    begin=$(date +%s%N)
    while :; do
        due=$((($(date +%s%N) - begin) * 3 / 1000000 - n))  # 3 a millisecond
        awk -v n=$n -v due=$due 'BEGIN {
            for (i = n; i < n + due; ++i)
                printf "{\"event_type\":\"click\",\"user_id\":\"u%d\",\"item_id\":\"i%d\",\"event_id\":\"p%d\"}\n", i % 5000, i % 300, i
        }' | curl -s -o /dev/null --data-binary @- "$url/v1/events"
        n=$((n + due))
        sleep 0.1
    done
) &
pids+=($!)
sleep 1
before=$(accepted)
wrk -t1 -c8 -d"$seconds" --latency -s "$here/rank.lua" "$url" | figures
echo "    events/s accepted: $((($(accepted) - before) / seconds))"
kill "${pids[1]}"
sleep 1

echo "events in batches of 1,000"
before=$(accepted)
wrk -t1 -c4 -d"$seconds" --latency -s "$here/events.lua" "$url" | figures
echo "    events/s accepted: $((($(accepted) - before) / seconds))"
kill "${pids[0]}"
wait "${pids[0]}"
