# SPDX-License-Identifier: LGPL-2.1-or-later
"""items.c's commands on a Secret Service, by its D-Bus calls: what secretstorage and jeepney add is
measured beforehand and said with the results."""
import statistics
import sys
import time

import secretstorage

VALUE = bytes(i * 7 % 256 for i in range(800))
SPREAD = 2654435761


def attributes(number):
    return {"service": "org.example.bench", "account": f"account-{number:08d}"}


class Store:
    """The collection that is open from the start."""

    def __init__(self):
        self.connection = secretstorage.dbus_init()
        self.collection = secretstorage.get_default_collection(self.connection)

    def find(self, number):
        found = list(self.collection.search_items(attributes(number)))
        return found[0] if found else None

    def hit(self, i, n):
        item = self.find((i * SPREAD + 12345) % n)
        assert len(item.get_secret()) == len(VALUE)

    def miss(self, i, _):
        assert self.find(1000000000 + i) is None

    def add(self, i, base):
        self.collection.create_item(f"item {base + i}", attributes(base + i), VALUE)

    def update(self, i, n):
        self.find((i * SPREAD + 12345) % n).set_label(f"round {time.monotonic_ns()}")

    def delete(self, i, base):
        self.find(base + i).delete()

    def list(self):
        return len([item.get_attributes() for item in self.collection.get_all_items()])


def timed(call, *arguments):
    start = time.perf_counter()
    result = call(*arguments)
    return (time.perf_counter() - start) * 1e6, result


def run(store, command, first, second):
    if command == "load":
        took, _ = timed(lambda: [store.add(i, 0) for i in range(first, second)])
        return f"{took / 1e6:.3f} 0"
    if command == "list":
        results = [timed(store.list) for _ in range(first)]
        return f"{statistics.median(took for took, _ in results):.2f} {results[0][1]}"
    samples = sorted(timed(getattr(store, command), i, second)[0] for i in range(first))
    return f"{samples[len(samples) // 2]:.2f} {samples[len(samples) * 99 // 100]:.2f}"


def main():
    store = Store()
    for line in sys.stdin:
        command, first, second = (*line.split(), "0")[:3]
        print(run(store, command, int(first), int(second)), flush=True)


main()
