# SPDX-License-Identifier: MIT
# Shared by the tests of --emit-sql. compare OURS THEIRS: the CSV of `metrics --csv` against lines
# `metric,numerator,denominator` of a database; every line of theirs must be in ours with the same numbers.
compare() {
    awk -F, '
        function same(a, b) { return a - b <= 1e-6 && b - a <= 1e-6 }
        FNR == NR { if ($1 == "" && $3 != "metric") { top[$3] = $5 == "" ? $4 : $5; below[$3] = $6 } next }
        {
            gsub(/"/, "")
            ++lines
            if (!($1 in top)) { print "not in ours: " $1; bad = 1; next }
            if (!same(top[$1], $2)) { print $1 ": ours " top[$1] ", theirs " $2; bad = 1 }
            if (below[$1] != "" && !same(below[$1], $3)) { print $1 ": ours of " below[$1] ", theirs of " $3; bad = 1 }
        }
        END { if (lines < 15) { print "only " lines + 0 " lines"; bad = 1 } exit bad }' "$1" "$2"
}
