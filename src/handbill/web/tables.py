"""Schemas of the OpenAPI document as rows that people read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from handbill.web.schemas import REF, Schema

_CHOICES_MAX = 8
_BOUNDS = {
    "minimum": "at least {:,}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {:,}",
    "minLength": "at least {:,} characters",
    "maxLength": "at most {:,} characters",
    "maxItems": "at most {} items",
    "maxProperties": "at most {} members",
}


class Row(msgspec.Struct, frozen=True):
    """One field. `words` may hold `code` in backticks."""

    name: str
    kind: str
    required: bool
    words: str


def rows(schema: Schema, shared: Mapping[str, Schema], prefix: str = "") -> Iterator[Row]:
    """The fields of an object, those of objects in it below them with dotted names."""
    plain = resolve(schema, shared)
    required = plain.get("required", [])
    for name, member in plain.get("properties", {}).items():
        inner = resolve(_present(member), shared)
        words = [member.get("description") or inner.get("description", ""), *_bounds(inner)]
        sentence = ". ".join(word.rstrip(".") for word in words if word)
        kind = kind_of(member, shared)
        if "properties" in inner:  # its fields follow: its own name would be one word too many
            kind = "object" if inner is resolve(member, shared) else "object or null"
        yield Row(prefix + name, kind, name in required, sentence)
        if "properties" in inner:
            yield from rows(inner, shared, f"{prefix}{name}.")


def kind_of(schema: Schema, shared: Mapping[str, Schema]) -> str:
    """`integer`, `string or null`, `array of Product`, `"fixed" or "dynamic"`."""
    if "anyOf" in schema:
        return " or ".join(kind_of(kind, shared) for kind in schema["anyOf"])
    name = _name_of(schema)
    plain = resolve(schema, shared)
    if name is not None and "properties" in plain:
        return name
    if len(plain.get("enum", ())) in range(1, _CHOICES_MAX + 1):
        return " or ".join(f'"{choice}"' for choice in plain["enum"])
    if "const" in plain:
        return f'"{plain["const"]}"'
    kinds = plain.get("type", "anything")
    named = [kinds] if isinstance(kinds, str) else list(kinds)
    if "array" in named:
        named[named.index("array")] = f"array of {kind_of(plain['items'], shared)}"
    return " or ".join(named)


def resolve(schema: Schema, shared: Mapping[str, Schema]) -> Schema:
    name = _name_of(schema)
    return schema if name is None else shared[name]


def _name_of(schema: Schema) -> str | None:
    reference: Any = schema.get("$ref", "")
    return reference.removeprefix(REF) if reference.startswith(REF) else None


def _present(schema: Schema) -> Schema:
    """What stands there when it is not null."""
    return next((k for k in schema.get("anyOf", ()) if k != {"type": "null"}), schema)


def _bounds(schema: Schema) -> list[str]:
    found = [words.format(schema[name]) for name, words in _BOUNDS.items() if name in schema]
    if schema.get("minLength") == 1:
        found.remove("at least 1 characters")
    sentence = ", ".join(found)
    return [sentence[0].upper() + sentence[1:]] if found else []
