# SPDX-License-Identifier: LGPL-2.1-or-later
"""The public headers as a list of declarations, each with the comment above it: what check-abi and
man3 read. It knows our way of writing them and no other."""
import dataclasses
import pathlib
import re

ROOT = pathlib.Path(__file__).parents[1]
# What drivers are linked with is another library, and not frozen.
DRIVER = ("driver.h", "pin_format.h")


@dataclasses.dataclass
class Declaration:
    kind: str  # "function", "typedef", "struct", "enum", "constant"
    name: str
    text: str  # on one line, without KC_PUBLIC and ";"
    comment: str  # without its stars; that of the group, when others stand right above
    raw: str = ""  # a struct or enum as it stands there; what stands behind a constant


@dataclasses.dataclass
class Header:
    name: str  # "key.h"
    comment: str  # what the file is about
    declarations: list

    def of(self, kind):
        return [declaration for declaration in self.declarations if declaration.kind == kind]


def plain(comment):
    """The text in a comment."""
    lines = [re.sub(r"^\s*\*? ?", "", line) for line in comment.strip()[2:-2].splitlines()]
    return "\n".join(line.rstrip() for line in lines).strip()


def one_line(code):
    code = re.sub(r"/\*.*?\*/", " ", code, flags=re.DOTALL)
    return re.sub(r"\(\s+", "(", re.sub(r"\s+", " ", code)).strip()


TOKEN = re.compile(r"""
    (?P<comment>/\*.*?\*/)
  | (?P<define>^\#define\s+(?P<constant>KC_\w+)[ \t]+(?P<value>(?:\\\n|[^\n])+))
  | (?P<directive>^\#(?:\\\n|[^\n])*)
  | (?P<function>^KC_PUBLIC\s+(?P<prototype>[^;]*);)
  | (?P<typedef>^typedef\s+[^;]*\(\*(?P<alias>\w+)\)[^;]*;)
  | (?P<enum>^enum(?:\s+(?P<enumeration>\w+))?\s*\{(?P<values>.*?)^\};)
  | (?P<struct>^struct\s+(?P<structure>\w+)\s*\{(?P<fields>.*?)^\};)
  | (?P<blank>\n[ \t]*\n)
""", re.VERBOSE | re.DOTALL | re.MULTILINE)


def functions(match, comment):
    text = one_line(match["prototype"]).replace("KC_MUST_CHECK ", "")
    yield Declaration("function", re.search(r"\b(kc_\w+)\(", text)[1], text, comment)


def constants(match, comment):
    """Numbers and texts; macros that make something of their arguments are no part of the ABI."""
    value = re.sub(r"/\*.*?\*/|\\\n", "", match["value"], flags=re.DOTALL).strip()
    if re.fullmatch(r'"[^"]*"|\(?-?\d+\)?|0x[0-9a-fA-F]+', value):
        behind = "".join(map(plain, re.findall(r"/\*.*?\*/", match["value"], re.DOTALL)))
        yield Declaration("constant", match["constant"], value, comment, behind)


def enumerations(match, comment):
    values = re.sub(r"/\*.*?\*/", "", match["values"], flags=re.DOTALL)
    for name in re.findall(r"\b(KC_\w+)\b\s*(?:=|,|$)", values):
        yield Declaration("enum", name, match["enumeration"] or "", comment, match["enum"])


def structs(match, comment):
    yield Declaration("struct", match["structure"], one_line(match["fields"]), comment,
                      match["struct"])


def declarations_of(match, comment):
    if match["function"]:
        return functions(match, comment)
    if match["define"]:
        return constants(match, comment)
    if match["enum"]:
        return enumerations(match, comment)
    if match["struct"]:
        return structs(match, comment)
    return [Declaration("typedef", match["alias"], one_line(match["typedef"])[:-1], comment)]


def read(path):
    header = Header(path.name, "", [])
    comment = ""
    is_used = False  # by a declaration: what follows without a blank line is of the same group
    for match in TOKEN.finditer(path.read_text(encoding="utf-8")):
        if match["comment"]:
            text = plain(match["comment"])
            if text.startswith(("SPDX", "---")):
                continue
            if not header.comment:
                header.comment = text
            elif not is_used or match.start() == 0 or text:
                comment, is_used = text, False
        elif match["blank"]:
            comment = "" if is_used else comment
        elif not match["directive"]:
            header.declarations += declarations_of(match, comment)
            is_used = True
    return header


def read_all(folder=ROOT / "include/keycask"):
    return [read(path) for path in sorted(folder.glob("*.h")) if path.name not in DRIVER]
