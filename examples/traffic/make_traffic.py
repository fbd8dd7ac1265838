#!/usr/bin/env python3
"""Makes shop.csv.gz: six hours of made-up traffic on the catalogue of a web shop.

The result is committed, so nobody needs Python to use it. Equal seeds make equal text; the gzip bytes around it may
differ between zlib versions, so --check compares the text.

    make_traffic.py                 writes shop.csv.gz beside this script
    make_traffic.py --check FILE    exit 1 unless FILE holds what would be written

The distribution
    objects     2,000 products in 20 categories; product i is in category i mod 20. Each has a page ("product/17", 2 to
                40 KiB, log-uniform) and a stock level ("stock/17", 48 bytes).
    arrivals    Poisson, 34,000 rows from 06:00 to 12:00; the rate climbs in a straight line to four times its start.
    reads       89 % of the rows. The product is drawn from a Zipf law, exponent 0.9, over a fixed random order; 70 % of
                the reads want the page, 30 % the stock level.
    drift       a product of category c is taken with probability (1 + 0.8 cos(2 pi (t - c/20 day) / day)) / 1.8, and drawn
                again otherwise: each category has its peak at another hour.
    writes      9.6 % of the rows: a set of the page (40 %) or the stock level (60 %). Busy products change more often, but
                less than in proportion: Zipf exponent 0.5 over the same order.
    deletes     0.4 % of the rows: a page goes, drawn like a write; until its next set a get of it finds no object (size 0).
                A page that is gone is set again by the first write drawn for it.
    carts       1 % of the rows: a get of "cart/N", N uniform below 500, ttl 0: must not be cached.
    ttl_ms      stock levels 120,000 on gets and sets, carts 0, pages -1 (the loader gives no lifetime).
    tags        "category/C" on pages and stock levels.
"""

import argparse
import bisect
import gzip
import itertools
import math
import pathlib
import random
import sys

SEED = 20_240_229
ROWS = 34_000
PRODUCTS = 2_000
CATEGORIES = 20
HOUR_MS = 3_600_000
START_MS = 6 * HOUR_MS
SPAN_MS = 6 * HOUR_MS
STOCK_TTL_MS = 120_000


class Zipf:
    """Draws ranks from 0, with weight 1 / (rank + 1) ** exponent."""

    def __init__(self, count, exponent):
        self.sums = list(itertools.accumulate((rank + 1) ** -exponent for rank in range(count)))

    def draw(self, rng):
        return bisect.bisect(self.sums, rng.random() * self.sums[-1])


class Shop:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        order = [(self.rng.random(), product) for product in range(PRODUCTS)]
        self.by_rank = [product for _, product in sorted(order)]
        self.page_bytes = [round(2048 * 20 ** self.rng.random()) for _ in range(PRODUCTS)]
        self.gone = set()
        self.read_rank = Zipf(PRODUCTS, 0.9)
        self.write_rank = Zipf(PRODUCTS, 0.5)

    def times(self):
        """Sorted arrival times. The rate at share x of the span is proportional to 1 + 3x."""
        inverse = (lambda area: (math.sqrt(1 + 15 * area) - 1) / 3)
        return sorted(int(SPAN_MS * inverse(self.rng.random())) for _ in range(ROWS))

    def wanted_product(self, now_ms):
        while True:
            product = self.by_rank[self.read_rank.draw(self.rng)]
            peak = (product % CATEGORIES) / CATEGORIES
            phase = (START_MS + now_ms) / (24 * HOUR_MS) - peak
            if self.rng.random() * 1.8 < 1 + 0.8 * math.cos(2 * math.pi * phase):
                return product

    def changed_product(self):
        return self.by_rank[self.write_rank.draw(self.rng)]

    def page(self, product, op, size):
        return f"product/{product},{size},{op},-1,category/{product % CATEGORIES}"

    def stock(self, product, op):
        return f"stock/{product},48,{op},{STOCK_TTL_MS},category/{product % CATEGORIES}"

    def request(self, now_ms):
        kind = self.rng.random()
        if kind < 0.89:
            return self.read(now_ms)
        if kind < 0.986:
            return self.write()
        if kind < 0.99:
            product = self.changed_product()
            self.gone.add(product)
            return self.page(product, "delete", -1)
        return f"cart/{int(self.rng.random() * 500)},-1,get,0,"

    def read(self, now_ms):
        product = self.wanted_product(now_ms)
        if self.rng.random() < 0.3:
            return self.stock(product, "get")
        return self.page(product, "get", 0 if product in self.gone else self.page_bytes[product])

    def write(self):
        product = self.changed_product()
        if self.rng.random() < 0.6:
            return self.stock(product, "set")
        self.gone.discard(product)
        return self.page(product, "set", self.page_bytes[product])


def make_text():
    shop = Shop(SEED)
    lines = [
        f"# shop: six hours of a web shop's catalogue, made by make_traffic.py, seed {SEED}",
        "# timestamp_ms,key,size,op,ttl_ms,tags",
    ]
    lines.extend(f"{now_ms},{shop.request(now_ms)}" for now_ms in shop.times())
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description="Makes the sample traffic.")
    parser.add_argument("--check", metavar="FILE", help="compare FILE with what would be written")
    default = pathlib.Path(__file__).resolve().parent / "shop.csv.gz"
    parser.add_argument("--output", metavar="FILE", default=default)
    arguments = parser.parse_args()
    text = make_text().encode()
    if arguments.check:
        same = gzip.decompress(pathlib.Path(arguments.check).read_bytes()) == text
        print(f"{arguments.check} is {'what' if same else 'NOT what'} this script makes")
        return 0 if same else 1
    pathlib.Path(arguments.output).write_bytes(gzip.compress(text, 9, mtime=0))
    return 0


if __name__ == "__main__":
    sys.exit(main())
