"""The OpenAPI 3.1 document, made from the declared operations and the types of their bodies."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from handbill import __version__
from handbill.kernel import errors
from handbill.kernel.addresses import Addresses
from handbill.kernel.warnings import Warned
from handbill.web import problems, repeats
from handbill.web.operations import FileAnswer, Operation
from handbill.web.replies import JSON
from handbill.web.schemas import Schema, Schemas
from handbill.web.sheets import CSV

_ALWAYS = (errors.Unauthorized, errors.Forbidden, errors.TooMany, errors.Unavailable)
_OF_KEY = (errors.KeyMalformed, errors.KeyInProgress, errors.KeyReused)
_OF_BODY = (errors.Malformed, errors.TooLarge, errors.UnsupportedMedia, errors.Invalid)
_SCALAR_HEADERS = {
    "x-request-id": "Name of this request in the operator's log.",
    "ratelimit": "What is left of the key's limit: `r` requests, whole again in `t` seconds.",
    "ratelimit-policy": "The key's limit: `q` requests in `w` seconds.",
}
_OF_REPLAYS = {
    "idempotent-replayed": "`true`: this is the stored answer to an earlier request with the same"
    " `Idempotency-Key`.",
}
_KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A name of this request that you choose, such as a UUID: for 72 hours a repeat"
    " with it does nothing and gets the same answer. May stand in double quotes.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": repeats.KEY_MAX,
        "pattern": "^[!#-~]([ -~]*[!-~])?$",
    },
}
_ABOUT = (
    "Payment links, products and their QR codes. Amounts are integers of minor units (kopecks,"
    " cents) with an ISO 4217 currency. Times are ISO 8601 with an offset. Every answer is"
    " wrapped in `data`; `warnings` stands beside it when there is something to say."
)


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Something that Handbill sends by itself."""

    name: str
    summary: str
    description: str
    body: type[Any]
    headers: dict[str, str]
    """Name -> what it holds."""
    example: Any


class Tag(msgspec.Struct, frozen=True):
    name: str
    description: str


def write(described: Schema) -> bytes:
    """The document as JSON, laid out for people, the same every time."""
    return msgspec.json.format(msgspec.json.encode(described), indent=2)


def describe(
    operations: Sequence[Operation],
    messages: Sequence[Message],
    tags: Sequence[Tag],
    addresses: Addresses,
) -> Schema:
    """The document as plain values."""
    schemas = Schemas()
    paths: dict[str, Any] = {}
    for operation in operations:
        item = paths.setdefault(operation.path, {})
        item[operation.method.lower()] = _operation(operation, schemas)
    webhooks = {message.name: {"post": _message(message, schemas)} for message in messages}
    problem = schemas.of(problems.Problem)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Handbill",
            "version": __version__,
            "summary": "Payment links and QR codes that you host yourself",
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": addresses.base}],
        "security": [{"ApiKey": []}],
        "tags": [{"name": tag.name, "description": tag.description} for tag in tags],
        "paths": paths,
        "webhooks": webhooks,
        "components": {
            "securitySchemes": {
                "ApiKey": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "x-api-key",
                    "description": "`hb_test_...` for test objects, `hb_live_...` for live ones.",
                }
            },
            "headers": {
                name: {"description": words, "schema": {"type": "string"}}
                for name, words in {**_SCALAR_HEADERS, **_OF_REPLAYS}.items()
            },
            "responses": _problem_responses(problem),
            "schemas": dict(sorted(schemas.components.items())),
        },
    }


def statuses_of(operation: Operation) -> list[int]:
    """The statuses other than success that an operation may answer, in order."""
    classes = [*_ALWAYS, *operation.errors]
    if operation.takes_key:
        classes += _OF_KEY
    if operation.body is not None or operation.upload is not None:
        classes += _OF_BODY
    if operation.query is not None:
        classes += [errors.Malformed, errors.Invalid]
    if "{id}" in operation.path:
        classes.append(errors.NotFound)
    return sorted({problems.status_of(error) for error in classes})


def _operation(operation: Operation, schemas: Schemas) -> Schema:
    value: Schema = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
    }
    if operation.description:
        value["description"] = operation.description
    if parameters := _parameters(operation, schemas):
        value["parameters"] = parameters
    if operation.body is not None:
        body = _json_body(schemas.of(operation.body), operation.example)
        value["requestBody"] = {**body, "required": not operation.body_optional}
    if operation.upload is not None:
        value["requestBody"] = _form(operation.upload.part)
    value["responses"] = _responses(operation, schemas)
    return value


def _parameters(operation: Operation, schemas: Schemas) -> list[Schema]:
    found: list[Schema] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    if operation.takes_key:
        found.append(_KEY)
    if operation.query is not None:
        for name, required, schema in schemas.parameters_of(operation.query):
            described = schema.pop("description", "")
            found.append(
                {
                    "name": name,
                    "in": "query",
                    "required": required,
                    "description": described,
                    "schema": _without_null(schema),
                }
            )
    return found


def _without_null(schema: Schema) -> Schema:
    """A parameter that is not there is absent: an address has no null."""
    if isinstance(schema.get("type"), list):
        return {**schema, "type": schema["type"][0]}
    if "anyOf" in schema:
        kinds = [kind for kind in schema["anyOf"] if kind != {"type": "null"}]
        rest = {name: value for name, value in schema.items() if name != "anyOf"}
        return {**rest, **(kinds[0] if len(kinds) == 1 else {"anyOf": kinds})}
    return schema


def _responses(operation: Operation, schemas: Schemas) -> Schema:
    responses: Schema = {}
    if operation.file is not None:
        responses[str(operation.status)] = _file(operation.file)
    if operation.answer is not None:
        named = [*_SCALAR_HEADERS, *(_OF_REPLAYS if operation.takes_key else ())]
        table = {CSV: {"schema": {"type": "string"}}} if operation.as_table else {}
        answer = {
            "description": "Made" if operation.status == 201 else "Done",
            "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in named},
            "content": {JSON: {"schema": _envelope(operation, schemas)}, **table},
        }
        if operation.status_known is not None:
            responses[str(operation.status_known)] = {**answer, "description": "Was there already"}
        responses[str(operation.status)] = answer
    for status in statuses_of(operation):
        responses[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    return responses


def _file(file: FileAnswer) -> Schema:
    shared = {name: {"$ref": f"#/components/headers/{name}"} for name in _SCALAR_HEADERS}
    own = {
        name: {"description": words, "schema": {"type": "string"}}
        for name, words in file.headers.items()
    }
    return {
        "description": "A file",
        "headers": {**shared, **own},
        "content": {file.content_type: {"schema": {"type": "string"}}},
    }


def _envelope(operation: Operation, schemas: Schemas) -> Schema:
    data = schemas.of(operation.answer)
    warnings = {"type": "array", "items": schemas.of(Warned)}
    if not operation.paged:
        many = {"type": "array", "items": data}
        return {
            "type": "object",
            "properties": {"data": many if operation.several else data, "warnings": warnings},
            "required": ["data"],
        }
    cursor = {
        "type": "object",
        "properties": {
            "cursor_field": {"type": "string", "const": operation.ordered_by},
            "cursor_value": {"type": ["string", "null"]},
        },
        "required": ["cursor_field", "cursor_value"],
    }
    beside = schemas.parameters_of(operation.beside) if operation.beside is not None else []
    return {
        "type": "object",
        "properties": {
            **{name: schema for name, _, schema in beside},
            "data": {"type": "array", "items": data},
            "cursor": cursor,
            "has_more": {"type": "boolean"},
            "warnings": warnings,
        },
        "required": [*(name for name, _, _ in beside), "data", "cursor", "has_more"],
    }


def _json_body(schema: Schema, example: Any) -> Schema:
    media: Schema = {"schema": schema}
    if example is not None:
        media["example"] = example
    return {"required": True, "content": {JSON: media}}


def _form(part: str) -> Schema:
    file = {"type": "string", "contentMediaType": "application/octet-stream"}
    schema = {"type": "object", "properties": {part: file}, "required": [part]}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


def _problem_responses(problem: Schema) -> Schema:
    titles: dict[int, list[str]] = {}
    for kind in (*problems.KINDS.values(), *problems.KINDS_BY_CODE.values()):
        known = titles.setdefault(kind.status, [])
        if kind.title not in known:
            known.append(kind.title)
    retry = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
    return {
        f"Problem{status}": {
            "description": ". ".join(titles[status]),
            "headers": {
                "x-request-id": {"$ref": "#/components/headers/x-request-id"},
                **({"retry-after": retry} if status in (409, 429, 503) else {}),
            },
            "content": {problems.PROBLEM_JSON: {"schema": problem}},
        }
        for status in sorted(titles)
    }


def _message(message: Message, schemas: Schemas) -> Schema:
    return {
        "operationId": message.name,
        "summary": message.summary,
        "description": message.description,
        "security": [],
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": True,
                "description": words,
                "schema": {"type": "string"},
            }
            for name, words in message.headers.items()
        ],
        "requestBody": _json_body(schemas.of(message.body), message.example),
        "responses": {"2XX": {"description": "Taken. Any other answer is tried again."}},
    }
