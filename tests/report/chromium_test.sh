#!/usr/bin/env bash
# Opens a report in headless Chromium: no message on the console; at the width of a phone and of a desk, in
# light and in dark, every chart has marks that are seen, texts neither overlap nor leave the page, and they
# stand out from their ground.
#   chromium_test.sh FUNNEL_TRAIN LOG [PICTURES]   PICTURES: a folder for screenshots to look at
set -euo pipefail
program=$1 log=$2 pictures=${3-}
chromium=$(command -v chromium || command -v chromium-browser) || { echo "no chromium here: skipped"; exit 77; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

if [[ $log == *.html ]]; then
    cp "$log" "$folder/report.html"
else
    "$program" train "$log" -q --as-of 2024-01-25 --epochs 2 --hidden 8 -o "$folder/model.funnel" >"$folder/train.txt"
    "$program" report "$log" -q -m "$folder/model.funnel" -o "$folder/report.html" >"$folder/report.txt"
fi

browse() { # WIDTH HEIGHT OPTION... PAGE
    local width=$1 height=$2
    shift 2
    timeout 60 "$chromium" --headless --no-sandbox --disable-gpu --hide-scrollbars --enable-logging=stderr \
        --user-data-dir="$folder/profile" --virtual-time-budget=3000 --window-size="$width,$height" "$@" \
        2>"$folder/messages.txt"
}

browse 1280 1000 --dump-dom "file://$folder/report.html" >"$folder/dom.html"
if grep CONSOLE "$folder/messages.txt"; then echo "expected an empty console"; exit 1; fi
grep -q '</html>' "$folder/dom.html" || { echo "expected the page back"; cat "$folder/messages.txt"; exit 1; }

# The page allows no script, so a copy without that line is asked, in frames as wide as the screens.
sed "s/<meta http-equiv=\"Content-Security-Policy\"[^>]*>//" "$folder/report.html" >"$folder/probe.html"
{ echo "<script>"; cat "$here/probe.js"; echo "</script>"; } >>"$folder/probe.html"
cat >"$folder/frames.html" <<'END'
<!doctype html><body style="margin:0"><pre id="found"></pre>
<script>onmessage = event => { found.textContent += event.data + "\n"; };</script>
<iframe src="probe.html" width="390" height="844"></iframe><iframe src="probe.html" width="1280" height="900"></iframe>
END
code=0
for scheme in 1 0; do # light, dark
    browse 1400 1000 --blink-settings=preferredColorScheme=$scheme --dump-dom "file://$folder/frames.html" >"$folder/dom.html"
    found=$(sed -n 's/.*<pre id="found">//; s/<.*//; /^wrong: /p; /^width=[0-9]/p' "$folder/dom.html" | sort -u)
    echo "$found"
    (($(grep -c "charts=[1-9][0-9]* bare=0 beyond=0 cut=0 overlapping=0 pale=0$" <<<"$found") == 2)) || code=1
done
((code == 0)) || echo "expected 2 x 2 lines with charts and nothing wrong in them"

if [[ -n $pictures ]]; then
    mkdir -p "$pictures"
    for scheme in 1 0; do
        name=$([[ $scheme == 1 ]] && echo light || echo dark)
        for width in 390 1280; do
            height=$(sed -n "s/.*width=$width height=\([0-9]*\).*/\1/p" "$folder/dom.html" | head -1)
            echo "<!doctype html><body style=\"margin:0\"><iframe src=\"report.html\" width=\"$width\" height=\"$height\" style=\"border:0\">" >"$folder/one.html"
            browse "$((width < 500 ? 500 : width))" "$height" --blink-settings=preferredColorScheme=$scheme \
                --screenshot="$pictures/$name-$width.png" "file://$folder/one.html" >"$folder/dom2.html"
        done
    done
fi
exit $code
