"""Branches taken, by file, from gcov's JSON (one object per line) on standard input; then those that no test
takes, by what stands in their lines.

Usage: gcov -b -c -j -t FILES | branches.py ROOT PATH_PART...
A branch counts once however many objects have it; those that gcov marks as throwing are left out.
"""
import collections
import json
import re
import sys

# The first that fits. Of the last kinds the compiler makes several branches of one condition or call.
KINDS = [
    ("a call that a signal interrupted", r"EINTR"),
    ("a check of what a right checksum covers", r"\b(expect|need|damaged|throw_damaged_history|fits)\("),
    ("a condition of several parts", r"&&|\|\|"),
    ("a condition", r"\b(if|while|switch|case)\b|\?"),
    ("a loop that always or never runs", r"\bfor\b"),
    ("the way out of objects built in place", r""),
]

root = sys.argv[1]
taken = {}
for text in sys.stdin:
    for file in json.loads(text)["files"]:
        name = next((file["file"][file["file"].index(part):] for part in sys.argv[2:] if part in file["file"]), None)
        if name is None:
            continue
        for line in file["lines"]:
            branches = [b for b in line["branches"] if not b["throw"]]
            for i, branch in enumerate(branches):
                key = (name, line["line_number"], i)
                taken[key] = taken.get(key, 0) + branch["count"]

files = {}
for (name, line, _), count in sorted(taken.items()):
    entry = files.setdefault(name, [0, 0, collections.Counter()])
    entry[0] += count > 0
    entry[1] += 1
    entry[2][line] += count == 0
total = [0, 0]
for name, (hit, all_branches, missed) in files.items():
    total[0] += hit
    total[1] += all_branches
    print(f"{name:40} {hit:5} of {all_branches:5}  lines not all taken: {' '.join(str(l) for l in missed if missed[l])}")
print(f"{'all':40} {total[0]:5} of {total[1]:5}  {100 * total[0] / max(total[1], 1):.1f} %")

by_kind = {kind: [] for kind, _ in KINDS}
for name, (_, _, missed) in files.items():
    source = open(f"{root}/{name}", encoding="utf-8").read().split("\n")
    for line, count in missed.items():
        if count:
            text = source[line - 1].strip()
            kind = next(k for k, pattern in KINDS if re.search(pattern, text))
            by_kind[kind].append((count, f"{name}:{line}: {text}"))
for kind, lines in by_kind.items():
    print(f"\n{sum(count for count, _ in lines)} branches in {len(lines)} lines: {kind}")
    for count, text in lines:
        print(f"{count:4} {text}")
