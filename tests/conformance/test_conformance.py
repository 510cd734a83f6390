# SPDX-License-Identifier: LGPL-2.1-or-later
"""The conformance suite: tables/*.cases, on the wire or through the C library, or the check that
every row of the contract (index.txt) has its case.

    test_conformance.py wire|library [SECTION | ROW]…
    test_conformance.py index
"""
import ctypes
import pathlib
import re
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))
sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
import keycask_test  # noqa: E402
from keycask_test import SOURCE, Failure, diagnose, scratch  # noqa: E402
from judge import Mismatch  # noqa: E402
from language import tables  # noqa: E402
from world import World, fixtures  # noqa: E402

SECTION = re.compile(r"[1-4](\.\d+)?")


def run_case(world, case):
    """None, or what was not as the table says."""
    try:
        world.reset()
        for step in case.steps:
            try:
                world.run(step)
            except (Mismatch, KeyError, ValueError, keycask_test.VarlinkError) as mismatch:
                return f"{case.where}: {step.line}\n  {mismatch}"
    except (Mismatch, Failure, OSError) as failure:
        return f"{case.where}: {failure}"
    return None


class Tap:
    """Test anything protocol, one line per case."""

    def __init__(self, n):
        self.n_done = 0
        self.n_failed = 0
        print(f"1..{n}", flush=True)

    def tell(self, name, failure):
        self.n_done += 1
        self.n_failed += failure is not None
        if failure:
            diagnose(failure)
        print(f"{'not ' if failure else ''}ok {self.n_done} - {name}", flush=True)


def run_section(tap, transport, variables, cases):
    """A daemon of its own. One that has died is replaced, so that the others can be heard."""
    world = World(transport, variables)
    world.begin()
    for case in cases:
        failure = run_case(world, case)
        tap.tell(f"{case.row}: {case.says}", failure)
        if world.daemon.process is None or world.daemon.process.poll() is not None:
            diagnose("the daemon has ended")
            world.daemon.show_log()
            world.drop_clients()
            world.begin()
    world.finish()


def run(transport, words):
    sections = [word for word in words if SECTION.fullmatch(word)]
    rows = {word for word in words if word not in sections}
    found = {section: [case for case in cases if case.steps and (not rows or case.row in rows) and
                       case.needs in ([], [transport])]
             for section, cases in tables(HERE / "tables", sections).items()}
    tap = Tap(sum(len(cases) for cases in found.values()))
    variables = fixtures.make()
    for section, cases in found.items():
        if not cases:
            continue
        try:
            run_section(tap, transport, variables, cases)
        except Failure as failure:
            diagnose(f"section {section}: {failure}")
            tap.n_failed += 1
    return tap.n_failed


# --- the index ---------------------------------------------------------------------------------


def flat(text):
    return " ".join(text.split())


def index_rows():
    """{row: what it says} of index.txt, with the headings it stands under."""
    rows = {}
    for line in (HERE / "index.txt").read_text().splitlines():
        row, _, text = line.partition(" ")
        if re.match(r"\d\.\d+", row):
            rows[row] = text.strip()
    return rows


def check_index(_):
    """Each row has a case or a reason; each case a row; each difference a bullet."""
    rows = index_rows()
    cases = [case for section in tables(HERE / "tables").values() for case in section]
    differences = flat((SOURCE / "docs" / "differences.md").read_text())
    tap = Tap(len(rows) + sum(len(case.differs) for case in cases) + 1)
    for row, text in rows.items():
        there = any(case.row == row for case in cases)
        tap.tell(f"{row}: {text}", None if there else "no table has it")
    strangers = sorted({case.row for case in cases} - set(rows))
    tap.tell("index.txt has every row", f"it lacks {', '.join(strangers)}" if strangers else None)
    for case in cases:
        for differs in case.differs:
            tap.tell(f"{case.row}: docs/differences.md says: {differs}",
                     None if flat(differs) in differences else f"{case.where}: it does not")
    n_seen = len({case.row for case in cases if case.steps})
    diagnose(f"{len(rows)} rows: {n_seen} with cases, {len(rows) - n_seen} not observable; "
             f"{sum(1 for case in cases if case.steps)} cases")
    return tap.n_failed


def main():
    ctypes.CDLL(None).prctl(keycask_test.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    mode, *words = sys.argv[1:]
    try:
        n_failed = check_index(words) if mode == "index" else run(mode, words)
    finally:
        if scratch.path is not None:
            shutil.rmtree(scratch.path, ignore_errors=True)
    for pid, name in keycask_test.descendants():
        diagnose(f"still running: {name} ({pid})")
        n_failed += 1
    sys.exit(1 if n_failed else 0)


main()
