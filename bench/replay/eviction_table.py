#!/usr/bin/env python3
"""The eviction policies on recorded traffic beside those of independent simulators, as the table of bench/README.md.

    bench/replay/eviction_table.py TRACES [--freshet PATH] [--policies s3fifo,lru] [--only TRACE] [--json]

TRACES is the folder of the public traces with its reference.csv. Hit ratios at 1, 5, 10 and 25 % of the keys, written
through, with no lifetime but the rows'. Each is compared with the reference's stream full-eager, or, for a trace that has
no lifetimes and hence no such stream, with access. `best` of a row is the best of the reference's policies but Belady's.
Exit 1 unless s3fifo is on average at least the best policy of the reference and nowhere more than a point below its S3-FIFO.
"""

import argparse
import collections
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

from reference_check import FRACTIONS, POLICY_FILE, TOLERANCE

TWINS = {"s3fifo": "S3-FIFO", "sieve": "SIEVE", "lru": "LRU", "tinylfu": "W-TinyLFU-adaptive"}
NOT_COMPARED = {"OPT", "NONE"}
ROUNDING = 0.00005


def cells(folder, only):
    """A dictionary from (trace, fraction, capacity) to the hit ratios of the reference by policy."""
    with open(folder / "reference.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["simulator"] == "own" and row["fraction"] in FRACTIONS]
    eager = {row["trace"] for row in rows if row["stream"] == "full-eager"}
    found = collections.defaultdict(dict)
    for row in rows:
        stream = "full-eager" if row["trace"] in eager else "access"
        if row["stream"] == stream and row["policy"] not in NOT_COMPARED and only in (None, row["trace"]):
            found[row["trace"], row["fraction"], row["capacity"]][row["policy"]] = float(row["hit_ratio"])
    return dict(sorted(found.items(), key=lambda cell: (cell[0][0], float(cell[0][1]))))


def measure(freshet, folder, trace, capacity, names):
    command = [freshet, "compare", "--json", "--trace", folder / f"{trace}.csv.zst"]
    with tempfile.TemporaryDirectory() as policies:
        for name in names:
            policy = pathlib.Path(policies) / f"{name}.yaml"
            policy.write_text(POLICY_FILE.format(eviction=name, capacity=capacity))
            command += ["--policy", f"{name}={policy},writes=put"]
        result = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return {name: row["hit_ratio"] for name, row in zip(names, json.loads(result.stdout)["policies"])}


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def averages(rows):
    """Of each policy over all rows, and of the best of ours in each row: what a perfect choice between them would give."""
    ours = {name: mean(row["measured"][name] for row in rows) for name in rows[0]["measured"]}
    reference = {name: mean(row["reference"][name] for row in rows) for name in rows[0]["reference"]}
    return {"measured": ours, "reference": reference, "best_of_measured": mean(max(row["measured"].values()) for row in rows)}


def print_row(cells_of_row):
    print("| " + " | ".join(cells_of_row) + " |", flush=True)


def row_text(row):
    texts = [row["trace"], f"{float(row['fraction']):.0%} ({int(row['capacity']):,})"]
    for name, ratio in row["measured"].items():
        texts.append(f"{ratio:.4f} ({100 * (ratio - row['reference'][TWINS[name]]):+.2f})")
    best = max(row["reference"], key=row["reference"].get)
    return texts + [f"{row['reference'][best]:.4f} {best}"]


def print_averages(average):
    texts = ["**mean**", ""]
    for name, ratio in average["measured"].items():
        texts.append(f"**{ratio:.4f}** ({100 * (ratio - average['reference'][TWINS[name]]):+.2f})")
    best = max(average["reference"], key=average["reference"].get)
    print_row(texts + [f"{average['reference'][best]:.4f} {best}"])
    print(f"\nthe best of these in each row: {average['best_of_measured']:.4f}")
    print("reference: " + ", ".join(f"{name} {ratio:.4f}" for name, ratio in sorted(average["reference"].items())))


def shortfalls(rows, average):
    if "s3fifo" not in average["measured"]:
        return []
    texts = []
    best = max(average["reference"].values())
    if average["measured"]["s3fifo"] < best - ROUNDING:
        texts.append(f"s3fifo: {average['measured']['s3fifo']:.4f} on average, the reference's best has {best:.4f}")
    for row in rows:
        below = row["reference"]["S3-FIFO"] - row["measured"]["s3fifo"]
        if below > TOLERANCE:
            texts.append(f"s3fifo: {row['trace']} at {row['capacity']}: {100 * below:.2f} points below the reference")
    return texts


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("traces", type=pathlib.Path)
    parser.add_argument("--freshet", type=pathlib.Path, default=root / "build/release/bin/freshet")
    parser.add_argument("--policies", default=",".join(TWINS), metavar="NAME,...")
    parser.add_argument("--only", metavar="TRACE")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    names = arguments.policies.split(",")

    if not arguments.json:
        print_row(["trace", "entries", *names, "best of the reference"])
        print_row(["---"] * (len(names) + 3))
    rows = []
    for (trace, fraction, capacity), reference in cells(arguments.traces, arguments.only).items():
        measured = measure(arguments.freshet, arguments.traces, trace, capacity, names)
        rows.append({"trace": trace, "fraction": fraction, "capacity": int(capacity), "measured": measured,
                     "reference": reference})
        if not arguments.json:
            print_row(row_text(rows[-1]))
    average = averages(rows)
    if arguments.json:
        print(json.dumps({"rows": rows, "average": average}, indent=1))
    else:
        print_averages(average)
    texts = shortfalls(rows, average)
    print("\n".join(texts), file=sys.stderr, end="\n" if texts else "")
    return 1 if texts else 0


if __name__ == "__main__":
    sys.exit(main())
