#!/bin/bash
# SPDX-License-Identifier: MIT
# A ClickHouse server (Debian's clickhouse-server 18.16 or newer) against metrics: --emit-sql clickhouse on the sample
# log, and windowFunnel in its default mode against --semantics clickhouse and the default funnel on random histories.
# Usage: clickhouse_test.sh FUNNEL_TRAIN SAMPLE. Skipped (77) without clickhouse-server and clickhouse-client.
# Rows are inserted by (time, step): old servers take equal times in the order of rows.
set -euo pipefail
tool=$1 sample=$2
source "$(dirname "$0")/compare.sh"
PATH=$PATH:/usr/sbin
command -v clickhouse-server > /dev/null && command -v clickhouse-client > /dev/null ||
    { echo "clickhouse-server and clickhouse-client are not installed"; exit 77; }
work=$(mktemp -d)
server=
trap '[ -n "$server" ] && kill "$server"; wait; rm -rf "$work"' EXIT
port=$((20000 + $$ % 10000))
cat > "$work/config.xml" << XML
<yandex><logger><level>error</level><log>$work/log</log><errorlog>$work/errors</errorlog></logger>
<tcp_port>$port</tcp_port><listen_host>127.0.0.1</listen_host><path>$work/data/</path><tmp_path>$work/tmp/</tmp_path>
<users_config>users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
<mark_cache_size>5368709</mark_cache_size></yandex>
XML
cat > "$work/users.xml" << XML
<yandex><profiles><default><max_threads>1</max_threads></default></profiles><users><default><password></password>
<networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
<quotas><default></default></quotas></yandex>
XML
clickhouse-server --config-file="$work/config.xml" > "$work/out" 2>&1 &
server=$!
query() { clickhouse-client --host 127.0.0.1 --port "$port" --query "$1"; }
for _ in $(seq 100); do query 'SELECT 1' > /dev/null 2>&1 && break; sleep 0.1; done

table() {
    query "DROP TABLE IF EXISTS events"
    query "CREATE TABLE events (event_time DateTime, event_type String, user_id String, session_id String, item_id String,
           order_id String, revenue Float64) ENGINE = Memory"
    query "INSERT INTO events FORMAT CSV"
}

echo "emit-sql"
# Whole seconds, since old servers know no others; by time and step.
gzip -dc "$sample" | sed -E '2,$s/^([^,]*)\.[0-9]+Z/\1Z/' > "$work/log.csv"
awk -F, 'BEGIN { n = split("page_view impression view click favorite cart_add cart_remove checkout payment purchase", k, " ")
                 for (i = 1; i <= n; ++i) rank[k[i]] = i }
         NR > 1 { time = $1; gsub(/T/, " ", time); gsub(/Z/, "", time)
                  printf "%s,%02d,%s,%s,%s,%s,%s,%s\n", time, rank[$2], $2, $3, $4, $5, $12, $13 + 0 }' "$work/log.csv" |
    sort -s -t, -k1,1 -k2,2 | cut -d, -f1,3- | table
for funnel in impression,click+view,cart_add,purchase view,purchase; do
    "$tool" metrics -q "$work/log.csv" --funnel "$funnel" --csv > "$work/ours.csv"
    query "$("$tool" metrics --emit-sql clickhouse --funnel "$funnel") FORMAT CSV" > "$work/theirs.csv"
    compare "$work/ours.csv" "$work/theirs.csv" || { echo "funnel $funnel"; exit 1; }
done

echo "windowFunnel"
for seed in $(seq 12); do
    awk -v seed="$seed" 'BEGIN {
        srand(seed); split("view cart_add purchase other", kind, " ")
        for (u = 1; u <= 300; ++u)
            for (i = 0; i < 8; ++i) {
                k = int(rand() * 4) + 1
                printf "%d,%d,%s,u%d,,,,0\n", 1700000000 + int(rand() * 12), k, kind[k], u
            } }' | sort -s -t, -k1,1 -k2,2 | cut -d, -f1,3- > "$work/rows"
    table < "$work/rows"
    { echo "event_time,event_type,user_id"; cut -d, -f1-3 "$work/rows"; } > "$work/random.csv"
    for window in 0 1 3 8; do
        theirs=$(query "SELECT countIf(l >= 1), countIf(l >= 2), countIf(l >= 3) FROM (SELECT user_id,
            windowFunnel($window)(event_time, event_type = 'view', event_type = 'cart_add', event_type = 'purchase') AS l
            FROM events GROUP BY user_id)" | tr '\t' ' ')
        span=$([ "$window" = 0 ] && echo 0 || echo "${window}s")
        for semantics in funnel clickhouse; do
            ours=$("$tool" metrics -q "$work/random.csv" --time-unit s --funnel view,cart_add,purchase --window "$span" \
                --semantics "$semantics" --csv | awk -F, '$3 ~ /^funnel_/ { printf "%s%s", sep, $4; sep = " " }')
            [ "$ours" = "$theirs" ] || { echo "seed $seed, window $window, $semantics: $ours, ClickHouse $theirs"; exit 1; }
        done
    done
done
