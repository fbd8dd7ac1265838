#!/usr/bin/env python3
"""Compares `freshet replay` with the hit ratios of independent simulators.

    reference_check.py TRACES [--freshet build/release/bin/freshet] [--only TRACE]

TRACES is the folder of the public traces with its reference.csv. At 1, 5, 10 and 25 % of the keys, under lru, sieve and
s3fifo, written through and with no lifetime but the rows', the hit ratio must be within a percentage point of the reference:
stream full-eager, or access for orm-busy. Prints a row per comparison; exit 1 if any is further off.
"""

import argparse
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

STREAMS = {
    "web-nasa": "full-eager",
    "dns-wrccdc": "full-eager",
    "model-twitter-c4": "full-eager",
    "model-twitter-c14": "full-eager",
    "orm-busy": "access",
}
FRACTIONS = {"0.01", "0.05", "0.1", "0.25"}
POLICIES = {"LRU": "lru", "S3-FIFO": "s3fifo", "SIEVE": "sieve"}
TOLERANCE = 0.01

POLICY_FILE = """\
freshet: 1
namespaces:
  trace:
    strategy: ttl
    ttl: 365d
    eviction: {eviction}
    capacity: {{entries: {capacity}}}
"""


def references(folder, only):
    with open(folder / "reference.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if (
                STREAMS.get(row["trace"]) == row["stream"]
                and row["simulator"] == "own"
                and row["fraction"] in FRACTIONS
                and row["policy"] in POLICIES
                and only in (None, row["trace"])
            ):
                yield row


def measure(freshet, folder, row):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as policy:
        policy.write(POLICY_FILE.format(eviction=POLICIES[row["policy"]], capacity=row["capacity"]))
        policy.flush()
        command = [freshet, "replay", "--config", policy.name, "--writes", "put", "--json"]
        command += ["--trace", folder / f"{row['trace']}.csv.zst"]
        result = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return json.loads(result.stdout)["hit_ratio"]


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description="Compares freshet replay with reference.csv.")
    parser.add_argument("traces", type=pathlib.Path)
    parser.add_argument("--freshet", type=pathlib.Path, default=root / "build/release/bin/freshet")
    parser.add_argument("--only", metavar="TRACE", choices=STREAMS)
    arguments = parser.parse_args()

    compared = failed = 0
    print(f"{'trace':<18} {'capacity':>8} {'policy':<8} {'reference':>9} {'measured':>9} {'difference':>10}")
    for row in references(arguments.traces, arguments.only):
        measured = measure(arguments.freshet, arguments.traces, row)
        difference = measured - float(row["hit_ratio"])
        off = abs(difference) > TOLERANCE
        compared += 1
        failed += off
        print(
            f"{row['trace']:<18} {row['capacity']:>8} {POLICIES[row['policy']]:<8} {float(row['hit_ratio']):9.6f} "
            f"{measured:9.6f} {difference:+10.6f}{'  OFF' if off else ''}",
            flush=True,
        )
    print(f"{compared} compared, {failed} off by more than {TOLERANCE:.0%}")
    return 1 if failed or compared == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
