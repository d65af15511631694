"""From a request to the arguments of its handler: the idempotency key, then the body, the query or
the file that its operation declares."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.types import Receive

from handbill.web import bodies, repeats, validation
from handbill.web.calls import Call
from handbill.web.operations import Operation, Upload

Reader = Callable[[Call, Receive], Awaitable[tuple[Any, ...]]]
"""Gives the arguments beside the call."""


def reader(operation: Operation) -> Reader:
    """Its plan is made here, once."""
    read = _reader(operation)
    if not operation.takes_key:
        return read

    async def read_with_key(call: Call, receive: Receive) -> tuple[Any, ...]:
        call.key = repeats.read_key(call.values_of(repeats.HEADER))
        return await read(call, receive)

    return read_with_key


def _reader(operation: Operation) -> Reader:
    if operation.body is not None:
        return _body(operation.body, operation.answer, optional=operation.body_optional)
    if operation.query is not None:
        return _query(operation.query)
    if operation.upload is not None:
        return _upload(operation.upload)
    return _nothing


def _body(kind: type[Any], answer: type[Any] | None, *, optional: bool) -> Reader:
    take = validation.plan(kind, answer)

    async def read(call: Call, receive: Receive) -> tuple[Any, ...]:
        absent = optional and bodies.is_absent(call.headers)
        sent = {} if absent else await bodies.read_json(call.headers, receive)
        value, warnings = take(sent)
        call.warnings.extend(warnings)
        if call.key is not None:
            call.content = repeats.canonical(sent)
        return (value,)

    return read


def _query(kind: type[Any]) -> Reader:
    filters = validation.query_plan(kind)

    async def read(call: Call, receive: Receive) -> tuple[Any, ...]:
        return (filters(call.parameters),)

    return read


def _upload(upload: Upload) -> Reader:
    async def read(call: Call, receive: Receive) -> tuple[Any, ...]:
        file = await bodies.read_upload(call.headers, receive, upload.part, upload.size_max)
        call.content = file.content
        return (file,)

    return read


async def _nothing(call: Call, receive: Receive) -> tuple[Any, ...]:
    return ()
