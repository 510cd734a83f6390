# SPDX-License-Identifier: LGPL-2.1-or-later
"""The language of the tables (README.md has it by example): text to cases, values to Python.

A value is JSON, or data: 'text' is the bytes of that text, x'0aff' those bytes, $name something the
run knows or an earlier step has found. Data is written into dictionaries as base64."""
import base64
import dataclasses
import json
import re

CLASSES = ("generic_password", "internet_password", "certificate", "key", "identity")
VERBS = ("add", "copy", "update", "delete")
SHAPES = ("nothing", "data", "dictionary", "array")
NAME = re.compile(r'[A-Za-z_][A-Za-z0-9_]*')
VARIABLE = re.compile(r'\$[a-z][a-z0-9_.]*')
DATA = re.compile(r"(x?)'([^']*)'")


class TableError(Exception):
    """A table says what nobody understands."""


class Data(bytes):
    """Bytes, where JSON has base64."""

    def text(self):
        return base64.b64encode(self).decode()


@dataclasses.dataclass
class Variable:
    """$name: its value is known at run time, or found in a result."""
    name: str


@dataclasses.dataclass
class Member:
    """What a dictionary in a result must hold: operator "=", ">", "has" or "lacks"."""
    name: str
    operator: str
    value: object = None


@dataclasses.dataclass
class Shape:
    """What a verb gives: kind of SHAPES; of an array its parts, or how many there are."""
    kind: str
    value: object = None
    members: list = None
    is_exact: bool = False
    parts: list = None
    count: int = None


@dataclasses.dataclass
class Step:
    """One line of a case."""
    verb: str
    line: str
    words: list = dataclasses.field(default_factory=list)
    query: dict = dataclasses.field(default_factory=dict)
    changes: dict = None
    status: str = "success"
    shape: Shape = None


@dataclasses.dataclass
class Case:
    """One row of the contract, and how to see it. Without steps, reason says why it cannot be."""
    row: str
    where: str
    says: str = ""
    differs: list = dataclasses.field(default_factory=list)
    reason: str = ""
    steps: list = dataclasses.field(default_factory=list)
    needs: list = dataclasses.field(default_factory=list)


class Reader:
    """What is left of a line."""

    def __init__(self, text):
        self.text = text.strip()

    def __bool__(self):
        return bool(self.text)

    def skip(self, n):
        self.text = self.text[n:].lstrip()

    def accept(self, token):
        """A word or a sign, if it is what comes next."""
        end = len(token)
        if not self.text.startswith(token):
            return False
        if token[-1].isalpha() and self.text[end:end + 1].strip() and \
                re.match(r"[\w=>]", self.text[end]):
            return False
        self.skip(end)
        return True

    def expect(self, token):
        if not self.accept(token):
            raise TableError(f"{token!r} expected before {self.text!r}")

    def name(self):
        """An attribute's name; in quotes, any text at all."""
        if self.text.startswith('"'):
            value, end = json.JSONDecoder().raw_decode(self.text)
            self.skip(end)
            return value
        found = NAME.match(self.text)
        if not found:
            raise TableError(f"a name expected before {self.text!r}")
        self.skip(found.end())
        return found.group()

    def value(self):
        """See the top of this file."""
        for pattern, make in ((VARIABLE, lambda found: Variable(found.group()[1:])),
                              (DATA, _data)):
            found = pattern.match(self.text)
            if found:
                self.skip(found.end())
                return make(found)
        if self.accept("["):
            return list(self._until("]", self.value))
        if self.accept("{"):
            return dict(self._until("}", self._pair))
        try:
            value, end = json.JSONDecoder().raw_decode(self.text)
        except ValueError as error:
            raise TableError(f"no value: {self.text!r}") from error
        self.skip(end)
        return value

    def word(self):
        """A bare word, or a value."""
        found = NAME.match(self.text)
        if found and not DATA.match(self.text) and found.group() not in ("true", "false"):
            return self.name()
        return self.value()

    def _pair(self):
        name = self.name()
        self.expect(":")
        return name, self.value()

    def _until(self, bracket, read):
        while not self.accept(bracket):
            yield read()
            self.accept(",")

    def entries(self, stop):
        """name=value, or name alone for true; a class's name alone is the class."""
        found = {}
        while self and not any(self.text == word or self.text.startswith(word + " ")
                               for word in stop):
            name = self.name()
            if self.accept("="):
                found[name] = self.value()
            elif name in CLASSES:
                found["class"] = name
            else:
                found[name] = True
        return found

    def member(self):
        if self.accept("!"):
            return Member(self.name(), "lacks")
        name = self.name()
        for sign in ("=", ">"):
            if self.accept(sign):
                return Member(name, sign, self.value())
        return Member(name, "has")

    def shape(self):
        for kind in SHAPES:
            if self.accept(kind):
                return getattr(self, "_" + kind)()
        raise TableError(f"one of {', '.join(SHAPES)} expected before {self.text!r}")

    def _nothing(self):
        return Shape("nothing")

    def _data(self):
        return Shape("data", value=self.value())

    def _dictionary(self):
        if not self.accept("{"):
            return Shape("dictionary", members=[])
        is_exact = self.accept("only")
        return Shape("dictionary", is_exact=is_exact, members=list(self._until("}", self.member)))

    def _array(self):
        if self.accept("["):
            return Shape("array", parts=list(self._until("]", self.shape)))
        return Shape("array", count=self.value())


def _data(found):
    return Data(bytes.fromhex(found[2]) if found[1] else found[2].encode())


def parse_step(line):
    """"VERB …", "VERB … -> status shape"."""
    reader = Reader(line)
    step = Step(reader.name(), line)
    if step.verb not in VERBS:
        while reader:
            step.words.append(reader.word())
    else:
        step.query = reader.entries(("->", "with"))
        if reader.accept("with"):
            step.changes = reader.entries(("->",))
    if reader.accept("->"):
        if not any(re.match(rf"{kind}\b", reader.text) for kind in SHAPES):
            step.status = reader.name()
        if reader:
            step.shape = reader.shape()
    if reader:
        raise TableError(f"not understood: {reader.text!r}")
    return step


def _logical_lines(text):
    """(number, line): comments out, indented lines joined to the one before."""
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] in " \t" and lines and not line.lstrip().startswith("|"):
            lines[-1] = (lines[-1][0], lines[-1][1] + " " + line.strip())
        else:
            lines.append((number, line.strip()))
    return lines


def _blocks(lines):
    """From one "case" or "row" line to before the next one."""
    block = []
    for number, line in lines:
        if line.startswith("case ") and block:
            yield block
            block = []
        block.append((number, line))
    if block:
        yield block


def _cells(line):
    return [cell.strip() for cell in line.split("|")]


def _expanded(block):
    """The block once for each line of its table after "each", with {column} filled in."""
    head = next((i for i, (_, line) in enumerate(block) if line.startswith("each ")), None)
    if head is None:
        return [block]
    columns = _cells(block[head][1][4:])
    end = head + 1
    while end < len(block) and block[end][1].startswith("|"):
        end += 1
    rest = block[:head] + block[end:]
    found = []
    for number, line in block[head + 1:end]:
        cells = _cells(line[1:])
        if len(cells) > len(columns):
            raise TableError(f"line {number}: {len(cells)} cells, not {len(columns)}")
        cells += [""] * (len(columns) - len(cells))
        row = []
        for _, text in rest:
            for column, cell in zip(columns, cells):
                text = text.replace("{" + column + "}", cell)
            row.append((number, text))
        found.append(row)
    return found


def _parse_case(block, name):
    number, first = block[0]
    if not first.startswith("case "):
        raise TableError(f"{name}:{number}: a case expected")
    case = Case(first[5:].strip(), f"{name}:{number}")
    for number, line in block[1:]:
        word, _, rest = line.partition(":")
        try:
            if word == "says":
                case.says = rest.strip()
            elif word == "differs":
                case.differs.append(rest.strip())
            elif word == "not_observable":
                case.reason = rest.strip()
            elif word == "needs":
                case.needs += rest.split()
            else:
                case.steps.append(parse_step(line))
        except (TableError, ValueError, IndexError) as error:
            raise TableError(f"{name}:{number}: {error}") from error
    if not case.says or bool(case.steps) == bool(case.reason):
        raise TableError(f"{name}:{number}: {case.row} needs says, and steps or not_observable")
    return case


def parse_table(path):
    """The cases of one file."""
    lines = _logical_lines(path.read_text())
    return [_parse_case(block, path.name) for plain in _blocks(lines)
            for block in _expanded(plain)]


def tables(folder, wanted=()):
    """{section: [case]} in the order of the sections; wanted: only these."""
    found = {}
    for path in sorted(folder.glob("*.cases"), key=lambda path: [int(n) for n in
                                                                   path.stem.split(".")]):
        if not wanted or path.stem in wanted or path.stem.split(".")[0] in wanted:
            found[path.stem] = parse_table(path)
    return found
