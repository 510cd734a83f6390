# SPDX-License-Identifier: LGPL-2.1-or-later
"""Is what came back what the table says? A result is a pair (type, value): ("nothing", None),
("data", base64), ("dictionary", {name: pair}), ("array", [pair]), and for members of dictionaries
"text", "number", "flag", "date" … or None, where the wire has no types."""
import copy
import datetime

from language import Data, Variable

NUMBERS = {
    "success": 0, "unimplemented": -4, "param": -50, "user_canceled": -128,
    "not_available": -25291, "read_only": -25292, "auth_failed": -25293,
    "duplicate_item": -25299, "item_not_found": -25300, "no_such_attr": -25303,
    "no_such_class": -25306, "interaction_not_allowed": -25308, "decode": -26275,
    "internal": -26276, "missing_entitlement": -34018,
}
NAMES = {number: name for name, number in NUMBERS.items()}


class Mismatch(Exception):
    """What was expected did not come."""


def expect(condition, message):
    if not condition:
        raise Mismatch(message)


def plain(value, variables):
    """A value of the tables as JSON."""
    if isinstance(value, Variable):
        expect(value.name in variables, f"${value.name} is not known")
        value = variables[value.name]
    if isinstance(value, bytes):
        return Data(value).text()
    if isinstance(value, list):
        return [plain(part, variables) for part in value]
    if isinstance(value, dict):
        return {name: plain(part, variables) for name, part in value.items()}
    return value


def untyped(pair):
    """The JSON of a typed value."""
    kind, value = pair
    if kind == "dictionary":
        return {name: untyped(part) for name, part in value.items()}
    if kind == "array":
        return [untyped(part) for part in value]
    return value


def _equal(left, right):
    """JSON's equality: true is not 1."""
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def judge_value(expected, actual, variables, what):
    """An unknown variable learns its value here."""
    if isinstance(expected, Variable) and expected.name not in variables:
        value = untyped(actual)
        variables[expected.name] = value
        return
    is_data = isinstance(variables.get(expected.name) if isinstance(expected, Variable)
                         else expected, bytes)
    wanted, value = plain(expected, variables), untyped(actual)
    expect(not is_data or actual[0] in (None, "data"), f"{what} is {actual[0]}, not data")
    expect(_equal(value, wanted), f"{what} is {value!r}, not {wanted!r}")


def _date(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def _judge_member(member, found, variables):
    if member.operator == "lacks":
        expect(member.name not in found, f"there is {member.name}")
        return
    expect(member.name in found, f"there is no {member.name}, but {', '.join(sorted(found))}")
    if member.operator == "=":
        judge_value(member.value, found[member.name], variables, member.name)
    elif member.operator == ">":
        value, limit = untyped(found[member.name]), plain(member.value, variables)
        expect(_date(value) > _date(limit), f"{member.name} is {value}, not after {limit}")


def _judge_array(shape, parts, variables):
    """No order is promised, so each expectation looks for a part of its own."""
    if shape.parts is None:
        expect(len(parts) == plain(shape.count, variables),
               f"{len(parts)} results, not {shape.count}")
        return
    expect(len(parts) == len(shape.parts), f"{len(parts)} results, not {len(shape.parts)}: {parts}")
    left = list(parts)
    for wanted in shape.parts:
        for part in left:
            attempt = copy.copy(variables)
            try:
                judge(wanted, part, attempt)
            except Mismatch as mismatch:
                last = mismatch
                continue
            variables.update(attempt)
            left.remove(part)
            break
        else:
            raise Mismatch(f"no result is as wanted: {last}")


def judge(shape, result, variables):
    """Raises Mismatch."""
    kind, value = result
    if kind is None and shape.kind == "data":
        kind = "data"
    expect(kind == shape.kind, f"the result is {kind} {untyped(result)!r}, not {shape.kind}")
    if kind == "data":
        judge_value(shape.value, result, variables, "data")
    elif kind == "array":
        _judge_array(shape, value, variables)
    elif kind == "dictionary":
        for member in shape.members:
            _judge_member(member, value, variables)
        if shape.is_exact:
            expect(set(value) == {member.name for member in shape.members},
                   f"the dictionary has {', '.join(sorted(value))}")


# --- from the wire to Apple's shapes -----------------------------------------------------------

KINDS = {"return_data": "value_data", "return_ref": "value_ref",
         "return_persistent_ref": "value_persistent_ref"}


def _is_wanted(query, name):
    return query.get(name) is True


def _shape_item(item, query):
    """One item of the wire as reference 2.2's second table has it."""
    kinds = [value for name, value in KINDS.items() if _is_wanted(query, name)]
    has_attributes = _is_wanted(query, "return_attributes")
    others = set(item) - set(KINDS.values())
    if "value_ref" in kinds and len(kinds) > 1:
        others -= {"class"}
    expect(has_attributes or not others, f"attributes that nobody asked for: {others}")
    expect(not set(KINDS.values()) & set(item) - set(kinds), f"values that nobody asked for: {item}")
    if not kinds and not has_attributes:
        return ("nothing", None)
    if len(kinds) == 1 and not has_attributes:
        return ("data", item.get(kinds[0], ""))
    if has_attributes:
        expect("class" in item, "attributes come without a class")
    return ("dictionary", {name: (None, value) for name, value in item.items()})


def shape_of_wire(verb, query, answer):
    """What the C library would make of the answer."""
    if verb == "add":
        return _shape_item(answer or {}, query)
    if verb != "copy":
        expect(answer is None, f"{verb} answers {answer!r}")
        return ("nothing", None)
    expect(isinstance(answer, list) and answer, f"items are {answer!r}")
    shapes = [_shape_item(item, query) for item in answer]
    if shapes[0][0] == "nothing":
        return shapes[0]
    if query.get("match_limit", "one") in ("one", 1):
        expect(len(shapes) == 1, f"{len(shapes)} items instead of one")
        return shapes[0]
    return ("array", shapes)


def shape_of_library(answer):
    """runner.c's output: types are the library's own."""
    if answer is None:
        return ("nothing", None)
    kind, value = answer
    if kind == "array":
        return (kind, [shape_of_library(part) for part in value])
    if kind == "dictionary":
        return (kind, {name: shape_of_library(part) for name, part in value.items()})
    return (kind, value)
