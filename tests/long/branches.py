"""Branches taken, by file, from gcov's JSON (one object per line) on standard input.

Usage: gcov -b -c -j -t FILES | branches.py PATH_PART...
A branch counts once however many objects have it; those that gcov marks as throwing are left out.
"""
import json
import sys

taken = {}
for text in sys.stdin:
    for file in json.loads(text)["files"]:
        name = next((file["file"][file["file"].index(part):] for part in sys.argv[1:] if part in file["file"]), None)
        if name is None:
            continue
        for line in file["lines"]:
            branches = [b for b in line["branches"] if not b["throw"]]
            for i, branch in enumerate(branches):
                key = (name, line["line_number"], i)
                taken[key] = taken.get(key, 0) + branch["count"]

files = {}
for (name, line, _), count in sorted(taken.items()):
    entry = files.setdefault(name, [0, 0, []])
    entry[0] += count > 0
    entry[1] += 1
    if count == 0 and (not entry[2] or entry[2][-1] != line):
        entry[2].append(line)
total = [0, 0]
for name, (hit, all_branches, missed) in files.items():
    total[0] += hit
    total[1] += all_branches
    print(f"{name:40} {hit:5} of {all_branches:5}  lines not all taken: {' '.join(map(str, missed))}")
print(f"{'all':40} {total[0]:5} of {total[1]:5}  {100 * total[0] / max(total[1], 1):.1f} %")
