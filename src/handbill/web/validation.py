"""From plain values to the declared type, with every fault at once and in words for people.

The same types and `Meta` bounds make the OpenAPI document, so what is documented is what is
checked. A plan of small functions is made once for each type, when the operations are built.

`Meta(extra=...)` may add: `check`, a function of the value that gives words of refusal or None;
`read`, a function of the raw value that gives the value or raises ValueError with the words;
`not_yet`, for a field that a later version will enforce. A Struct may have `faults(self)`, for
rules between its fields; it is asked when each field by itself is right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from msgspec import inspect

from handbill.kernel.warnings import Warned
from handbill.web import fields
from handbill.web.bodies import printable
from handbill.web.fields import Report, Step
from handbill.web.spelling import meant

MEMBERS_MAX = 100
T = TypeVar("T")

_INTEGER = re.compile(r"-?[0-9]{1,20}")


def plan(
    struct: type[T], shown: type[Any] | None = None
) -> Callable[[Any], tuple[T, list[Warned]]]:
    """A reader of `struct`. Names that only `shown`, the type of the answer, has are read-only:
    they are passed over, so that an object which was read can be sent back."""
    step = _struct(inspect.type_info(struct), inspect.type_info(shown) if shown else None)

    def read(value: Any) -> tuple[T, list[Warned]]:
        report = Report()
        result = step(value, "", report)
        return result, report.settle()

    return read


def query_plan(struct: type[T]) -> Callable[[Iterable[tuple[str, str]]], T]:
    """A reader of the parameters of an address. Unlike a body's, an unknown one is refused: a
    filter that is passed over would show too much."""
    info = inspect.type_info(struct)
    known = fields_of(info)
    integers = {name for name, kind in known.items() if isinstance(_bare(kind), inspect.IntType)}
    step = _struct(info, None)

    def read(parameters: Iterable[tuple[str, str]]) -> T:
        report, values = Report(), dict[str, Any]()
        for name, text in parameters:
            if name not in known:
                report.refuse(printable(name), "is not known; known are: " + ", ".join(known))
            elif name in values:
                report.refuse(name, "stands twice")
            else:
                whole = name in integers and _INTEGER.fullmatch(text)
                values[name] = int(text) if whole else text
        result: T = step(values, "", report)
        report.settle()
        return result

    return read


def _step(info: inspect.Type, shown: inspect.Type | None = None) -> Step:
    if isinstance(info, inspect.Metadata):
        return _extra(info, shown)
    if isinstance(info, inspect.UnionType):
        return _union(info, shown)
    if isinstance(info, inspect.StructType):
        return _struct(info, shown)
    if isinstance(info, inspect.StrType):
        return fields.text(info)
    if isinstance(info, inspect.IntType):
        return fields.integer(info)
    if isinstance(info, inspect.BoolType):
        return fields.flag
    if isinstance(info, inspect.LiteralType):
        return fields.choice([str(value) for value in info.values], str)
    if isinstance(info, inspect.EnumType):
        return fields.choice([str(member.value) for member in info.cls], info.cls)
    if isinstance(info, (inspect.ListType, inspect.VarTupleType)):
        return _array(info)
    if isinstance(info, inspect.DictType):
        return _mapping(info)
    raise TypeError(f"no rule for fields of type {info}")


def _extra(info: inspect.Metadata, shown: inspect.Type | None) -> Step:
    extra = info.extra or {}
    if extra.get("not_yet"):
        return fields.early
    if "read" in extra:
        return fields.custom(extra["read"])
    inner = _step(info.type, shown)
    return fields.checked(inner, extra["check"]) if "check" in extra else inner


def _union(info: inspect.UnionType, shown: inspect.Type | None) -> Step:
    kinds = [kind for kind in info.types if not isinstance(kind, inspect.NoneType)]
    if len(kinds) != 1:
        raise TypeError(f"a field has one type, or a `read` of its own: {info}")
    inner = _step(kinds[0], shown)
    if len(kinds) == len(info.types):
        return inner

    def step(value: Any, path: str, report: Report) -> Any:
        return None if value is None else inner(value, path, report)

    return step


def _array(info: inspect.ListType | inspect.VarTupleType) -> Step:
    item, most = _step(info.item_type), info.max_length
    make: type[Any] = list if isinstance(info, inspect.ListType) else tuple

    def step(value: Any, path: str, report: Report) -> Any:
        if type(value) is not list:
            return report.refuse(path, fields.wrong(value, "an array"))
        if most is not None and len(value) > most:
            return report.refuse(path, f"must have at most {most} items")
        return make(item(value[i], f"{path}.{i}", report) for i in range(len(value)))

    return step


def _mapping(info: inspect.DictType) -> Step:
    key_step, value_step, most = _step(info.key_type), _step(info.value_type), info.max_length

    def step(value: Any, path: str, report: Report) -> Any:
        if type(value) is not dict:
            return report.refuse(path, fields.wrong(value, "an object"))
        if most is not None and len(value) > most:
            return report.refuse(path, f"must have at most {most} members")
        for key in value:
            before = len(report.faults)
            where = f"{path}.{printable(key)}"
            key_step(key, where, report)
            if len(report.faults) == before:
                value_step(value[key], where, report)
        return value

    return step


def _struct(info: inspect.Type, shown: inspect.Type | None) -> Step:
    assert isinstance(info, inspect.StructType)
    theirs = fields_of(shown)
    steps = {f.encode_name: _step(f.type, theirs.get(f.encode_name)) for f in info.fields}
    attributes = {f.encode_name: f.name for f in info.fields}
    required = [f.encode_name for f in info.fields if f.required]
    read_only = theirs.keys() - steps.keys()
    cls, between = info.cls, getattr(info.cls, "faults", None)

    def step(value: Any, path: str, report: Report) -> Any:
        if type(value) is not dict:
            return report.refuse(path, fields.wrong(value, "an object"))
        if len(value) > MEMBERS_MAX:
            return report.refuse(path, f"must have at most {MEMBERS_MAX} members")
        before = len(report.faults)
        prefix = f"{path}." if path else ""
        kept = {}
        for name, member in value.items():
            if member_step := steps.get(name):
                kept[attributes[name]] = member_step(member, prefix + name, report)
            elif name not in read_only:
                _unknown(name, prefix, steps, report)
        for name in required:
            if name not in value:
                report.refuse(prefix + name, "is required")
        if len(report.faults) > before:
            return None
        result = cls(**kept)
        for name, words in (between(result) if between else {}).items():
            for line in words:
                report.refuse(prefix + name, line)
        return result

    return step


def _bare(info: inspect.Type) -> inspect.Type:
    """The type without null and bounds; one with a `read` of its own stays wrapped."""
    if isinstance(info, inspect.UnionType):
        return _bare(info.types[0])
    if isinstance(info, inspect.Metadata) and "read" not in (info.extra or {}):
        return _bare(info.type)
    return info


def fields_of(shown: inspect.Type | None) -> dict[str, inspect.Type]:
    """The fields of the Struct that `shown` is, or may be."""
    if isinstance(shown, inspect.Metadata):
        return fields_of(shown.type)
    if isinstance(shown, inspect.UnionType):
        return next((found for kind in shown.types if (found := fields_of(kind))), {})
    if isinstance(shown, inspect.StructType):
        return {field.encode_name: field.type for field in shown.fields}
    return {}


def _unknown(name: str, prefix: str, known: dict[str, Step], report: Report) -> None:
    # A typo must not lose money: `expire_at` would make a link that never expires.
    name = printable(name)
    if guess := meant(name, known):
        report.refuse(prefix + name, f"is not known; did you mean {guess}?")
    else:
        report.ignored.append(prefix + name)
