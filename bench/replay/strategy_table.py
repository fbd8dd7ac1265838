#!/usr/bin/env python3
"""The built-in strategies on recorded traffic with writes, as the table that the README shows.

    bench/replay/strategy_table.py FOLDER [--freshet PATH]

FOLDER holds traces in the format that `freshet replay --help` names, called NAME.csv.zst, and a reference.csv whose rows
say how many entries a tenth of a trace's keys is. Hit ratio, share of reads answered stale, loads per 1,000 reads.
"""
import argparse
import csv
import json
import pathlib
import subprocess
import tempfile

TRACES = ["web-nasa", "block-cloudphysics", "model-twitter-c4", "model-twitter-c14"]
RULE = 'events: {origin_write: [{invalidate_key: {namespace: "{namespace}", key: "{key}"}}]}\n'
STRATEGIES = [
    ("ttl", "strategy: ttl, ttl: 10m", "silent"),
    ("predictive", "strategy: predictive, ttl: 10m, predictive: {threshold: 3}", "silent"),
    ("manual, written through", "strategy: manual", "put"),
    ("event", "strategy: event", "event"),
    ("hybrid", "strategy: hybrid, ttl: 1h, predictive: {threshold: 3}", "event"),
]


def capacities(folder):
    with open(folder / "reference.csv", newline="") as rows:
        return {row["trace"]: int(row["capacity"]) for row in csv.DictReader(rows) if row["fraction"] == "0.1"}


def compare(freshet, trace, capacity, folder):
    command = [freshet, "compare", "--json", "--trace", str(trace)]
    for number, (name, block, writes) in enumerate(STRATEGIES):
        policy = pathlib.Path(folder) / f"{number}.yaml"
        policy.write_text(
            f"freshet: 1\nnamespaces:\n  n: {{{block}, capacity: {{entries: {capacity}}}}}\n"
            + (RULE if writes == "event" else ""))
        command += ["--policy", f"{name}={policy},writes={writes}"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["policies"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--freshet", default="build/release/bin/freshet")
    arguments = parser.parse_args()
    rooms = capacities(arguments.folder)
    print("| trace (entries) | strategy | hit ratio | stale | loads per 1,000 reads |")
    print("| --- | --- | ---: | ---: | ---: |")
    for trace in TRACES:
        with tempfile.TemporaryDirectory() as folder:
            rows = compare(arguments.freshet, arguments.folder / f"{trace}.csv.zst", rooms[trace], folder)
        for row, (name, _, _) in zip(rows, STRATEGIES):
            reads = row["hits"] + row["misses"]
            print(f"| {trace} ({rooms[trace]:,}) | {name} | {row['hit_ratio']:.4f} | {row['stale_ratio']:.4f} "
                  f"| {1000 * row['loads'] / reads:.0f} |")


if __name__ == "__main__":
    main()
