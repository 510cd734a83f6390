#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A pinentry with a person before it, whose mind is in the file beside it: "no", "yes", or what the
person types. Speaks Assuan as far as keycask does."""
import pathlib
import sys

CANCELED = "ERR 83886179 Operation cancelled <Pinentry>"


def answer(command, mind):
    """What is said to one line."""
    if command not in ("GETPIN", "CONFIRM", "MESSAGE"):
        return "OK"
    if mind == "no":
        return CANCELED
    if command == "GETPIN" and mind != "yes":
        return f"D {mind}\nOK"
    return "OK"


def main():
    mind = pathlib.Path(__file__).with_name("mind").read_text()
    print("OK at your service", flush=True)
    for line in sys.stdin:
        command = line.split()[0].upper() if line.strip() else ""
        print(answer(command, mind), flush=True)
        if command == "BYE":
            return


main()
