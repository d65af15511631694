"""JSON Schema (2020-12, as OpenAPI 3.1 has it) of the declared types.

By hand and not by msgspec: a field with a `read` of its own has another form on the wire than
inside, and its schema stands beside it as `Meta(extra={"schema": ...})`. With `"shared": NAME`
it is written once, as a component.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import inspect

Schema = dict[str, Any]
REF = "#/components/schemas/"


class Schemas:
    """Collects the Structs that are met on the way as shared components."""

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}

    def of(self, kind: Any) -> Schema:
        return self._schema(inspect.type_info(kind))

    def parameters_of(self, struct: Any) -> list[tuple[str, bool, Schema]]:
        """Name, whether it is required, and schema of each field."""
        info = inspect.type_info(struct)
        assert isinstance(info, inspect.StructType)
        return [(f.encode_name, f.required, self._field(f)) for f in info.fields]

    def _schema(self, info: inspect.Type) -> Schema:
        if isinstance(info, inspect.Metadata):
            return self._described(info)
        if isinstance(info, inspect.UnionType):
            return self._union(info)
        if isinstance(info, inspect.StructType):
            return self._reference(info)
        if isinstance(info, (inspect.ListType, inspect.VarTupleType, inspect.FrozenSetType)):
            items = {"type": "array", "items": self._schema(info.item_type)}
            return items | _bounds(minItems=info.min_length, maxItems=info.max_length)
        if isinstance(info, inspect.DictType):
            return self._mapping(info)
        return _plain(info)

    def _described(self, info: inspect.Metadata) -> Schema:
        extra = info.extra or {}
        schema: Schema = extra.get("schema") or self._schema(info.type)
        schema = {**schema, **(info.extra_json_schema or {})}
        if "shared" not in extra:
            return schema
        self.components[extra["shared"]] = schema
        return {"$ref": REF + extra["shared"]}

    def _union(self, info: inspect.UnionType) -> Schema:
        kinds = [self._schema(k) for k in info.types if not isinstance(k, inspect.NoneType)]
        if len(kinds) == len(info.types):
            return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
        if len(kinds) == 1 and isinstance(kinds[0].get("type"), str) and "enum" not in kinds[0]:
            return {**kinds[0], "type": [kinds[0]["type"], "null"]}
        described: Schema = {
            name: kinds[0].pop(name) for name in ("description", "examples") if name in kinds[0]
        }
        return {"anyOf": [*kinds, {"type": "null"}], **described}

    def _mapping(self, info: inspect.DictType) -> Schema:
        schema = {"type": "object", "additionalProperties": self._schema(info.value_type)}
        names = self._schema(info.key_type)
        if len(names) > 1:
            schema["propertyNames"] = names
        return schema | _bounds(minProperties=info.min_length, maxProperties=info.max_length)

    def _reference(self, info: inspect.StructType) -> Schema:
        name = info.cls.__name__
        if name not in self.components:
            self.components[name] = {}  # a Struct may hold itself
            self.components[name] = self._struct(info)
        return {"$ref": REF + name}

    def _struct(self, info: inspect.StructType) -> Schema:
        schema: Schema = {"type": "object"}
        if info.cls.__doc__:
            schema["description"] = " ".join(info.cls.__doc__.split())
        schema["properties"] = {f.encode_name: self._field(f) for f in info.fields}
        if required := [f.encode_name for f in info.fields if f.required]:
            schema["required"] = required
        return schema

    def _field(self, field: inspect.Field) -> Schema:
        schema = self._schema(field.type)
        if field.default not in (msgspec.NODEFAULT, msgspec.UNSET, None):
            schema = {**schema, "default": msgspec.to_builtins(field.default)}
        return schema


def _plain(info: inspect.Type) -> Schema:
    if isinstance(info, inspect.StrType):
        text: Schema = {"type": "string", "pattern": info.pattern}
        return _bounds(**text, minLength=info.min_length, maxLength=info.max_length)
    if isinstance(info, inspect.IntType):
        return _bounds(type="integer", minimum=info.ge, maximum=info.le)
    if isinstance(info, inspect.FloatType):
        return _bounds(type="number", minimum=info.ge, maximum=info.le)
    if isinstance(info, inspect.BoolType):
        return {"type": "boolean"}
    if isinstance(info, inspect.LiteralType):
        return {"type": "string", "enum": list(info.values)}
    if isinstance(info, inspect.EnumType):
        return {"type": "string", "enum": [member.value for member in info.cls]}
    raise TypeError(f"no schema for fields of type {info}")


def _bounds(**members: Any) -> Schema:
    return {name: value for name, value in members.items() if value is not None}
