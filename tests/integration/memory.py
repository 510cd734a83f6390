# SPDX-License-Identifier: LGPL-2.1-or-later
"""Looking for secrets where none should be: in the memory of processes, and in files."""
import base64

from keycask_test import SkipTest

MAPPING_MAX = 1 << 30  # a sanitizer's reserve is larger, and holds nobody's data


def forms(secret):
    """How that text may lie about: as it is, in base64 at any place of a longer text, in UTF-16,
    in hexadecimal."""
    raw = secret.encode()
    found = [raw, secret.encode("utf-16-le"), raw.hex().encode(), raw.hex().upper().encode()]
    for before in range(3):  # what is the same whatever stands beside it
        encoded = base64.b64encode(b"\0" * before + raw)
        found.append(encoded[4 if before else 0:-4])
    return found


def written_memory(pid):
    """(address, length) of what the process has written."""
    begin = end = 0
    with open(f"/proc/{pid}/smaps", encoding="ascii", errors="replace") as maps:
        for line in maps:
            fields = line.split()
            if "-" in fields[0] and fields[1].startswith("rw"):
                begin, end = (int(number, 16) for number in fields[0].split("-"))
            elif "-" in fields[0]:
                begin = end = 0
            elif fields[0] == "Rss:" and int(fields[1]) > 0 and end - begin <= MAPPING_MAX:
                yield begin, end - begin


def pieces(pid):
    """All its written memory. The test is skipped where we may not look."""
    try:
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            for address, length in written_memory(pid):
                try:
                    memory.seek(address)
                    yield address, memory.read(length)
                except OSError:
                    continue  # such as [vvar]
    except PermissionError:
        raise SkipTest("the memory of another process cannot be read here") from None


def remembered(pid, secrets):
    """Of these texts, each with where it is and what stands around it."""
    wanted = [(secret, form) for secret in secrets for form in forms(secret)]
    found = []
    for address, content in pieces(pid):
        for secret, form in wanted:
            place = content.find(form)
            if place >= 0:
                around = content[max(0, place - 64):place + len(form) + 32]
                found.append((secret, hex(address + place), around))
    return found
