"""Operations of the API: each is declared once, and its route, its place in the OpenAPI document
and its part of the reference page all come from the declaration.

A request is taken in this order, and the first refusal answers it: key (before anything of the
request is looked at), merchant, rate, address and method, scope, headers, size, JSON, fields.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
import structlog
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from handbill.infra.paging import Page, Stretch
from handbill.kernel.errors import (
    Forbidden,
    HandbillError,
    NotFound,
    NotYet,
    TooMany,
    Unauthorized,
)
from handbill.merchants.model import Identity
from handbill.merchants.model import Scope as KeyScope
from handbill.web import bodies, problems, validation
from handbill.web.calls import Call, Deps, read_headers, request_names
from handbill.web.cursors import Following, following
from handbill.web.replies import Reply, json_reply

API = "/api"

_ALWAYS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}

log = structlog.get_logger()


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One verb on one path. At most one of `body`, `query` and `upload` is set; what was read is
    the second argument of the handler, which has no second one where none is set.

    `handler` gives the value of `data`, or a `Page` or `Stretch` where `answer` is the type
    of its items.
    """

    name: str
    """In lower camel case, unique: the `operationId`."""
    method: str
    path: str
    tag: str
    summary: str
    handler: Callable[..., Awaitable[Any]]
    scope: KeyScope | None = None
    """None: any key will do."""
    description: str = ""
    body: type[Any] | None = None
    query: type[Any] | None = None
    upload: Upload | None = None
    answer: type[Any] | None = None
    """None: the operation always ends in one of `errors`."""
    paged: bool = False
    ordered_by: str = "created"
    """Of a list: the field whose value leads from one page to the next."""
    status: int = 200
    status_known: int | None = None
    """Where a repeat finds what it asked for: the handler sets `call.status` to it."""
    errors: Sequence[type[HandbillError]] = ()
    example: Any = None
    """A body that works, for the document and the curl line."""


class Upload(msgspec.Struct, frozen=True):
    """A form with one file."""

    part: str
    size_max: int


def not_yet(name: str, method: str, path: str, tag: str, summary: str) -> Operation:
    """An operation that is promised but not there: refused, never silently accepted."""

    async def refuse(call: Call) -> None:
        raise NotYet({}, "This operation comes with a later version.")

    return Operation(
        name=name,
        method=method,
        path=path,
        tag=tag,
        summary=summary,
        description="Not in this version yet: answers 422 `not_yet`.",
        handler=refuse,
        errors=(NotYet,),
    )


def build(operations: Sequence[Operation], deps: Deps) -> list[Route]:
    """One route for each path, and a last one for every other address below `/api`."""
    paths: dict[str, dict[str, Operation]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method] = operation
    names = request_names()
    routes = [Route(path, _Path(methods, deps, names)) for path, methods in paths.items()]
    return [*routes, Route(API + "/{rest:path}", _Path({}, deps, names))]


Reader = Callable[[Call, Receive], Awaitable[tuple[Any, ...]]]


class _Path:
    """The ASGI application of one path."""

    def __init__(
        self, operations: Mapping[str, Operation], deps: Deps, names: Iterator[str]
    ) -> None:
        self._deps = deps
        self._names = names
        self._verbs = {m: (o, _reader(o)) for m, o in operations.items()}
        if "GET" in self._verbs:
            self._verbs["HEAD"] = self._verbs["GET"]
        self._allow = ", ".join(sorted([*self._verbs, "OPTIONS"]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = next(self._names)
        headers = {"x-request-id": request_id, **_ALWAYS}
        try:
            reply = await self._answer(scope, receive, request_id, headers)
        except bodies.CallerGone:
            return
        except HandbillError as error:
            reply = problems.render(error, request_id, self._deps.addresses, self._deps.clock.now())
            if reply.status == 413:  # the rest of the body is not read
                headers["connection"] = "close"
        except Exception:
            log.exception("api.broken", request_id=request_id, path=scope["path"])
            code = problems.INTERNAL
            reply = problems.render_code(code, "", request_id, self._deps.addresses)
        reply.headers.update(headers)
        await reply.send(send, head=scope["method"] == "HEAD")

    async def _answer(
        self, scope: Scope, receive: Receive, request_id: str, headers: dict[str, str]
    ) -> Reply:
        given = read_headers(scope["headers"])
        identity = await self._identify(given.get("x-api-key"))
        self._count(identity, headers)
        if not self._verbs:
            raise NotFound("There is nothing at this address.")
        if scope["method"] not in self._verbs:
            return self._other_method(scope["method"], request_id)
        operation, read = self._verbs[scope["method"]]
        if operation.scope is not None and operation.scope not in identity.scopes:
            raise Forbidden(f"The key lacks the scope {operation.scope}.")
        call = Call(self._deps, identity, request_id, scope, given)
        arguments = await read(call, receive)
        return _reply(operation, call, await operation.handler(call, *arguments))

    async def _identify(self, key: str | None) -> Identity:
        if key is None:
            raise Unauthorized("The header x-api-key is missing.")
        identity = await self._deps.keyring.identify(key)
        if identity is None:
            raise Unauthorized("The key is not known here. Was it revoked, or cut when copied?")
        if identity.paused:
            raise Forbidden("The merchant of this key is paused.", code="merchant_paused")
        return identity

    def _count(self, identity: Identity, headers: dict[str, str]) -> None:
        rates = self._deps.rates
        if rates is None:
            return
        standing = rates.take(identity.key_id)
        headers["ratelimit-policy"] = rates.policy
        headers["ratelimit"] = f'"default";r={standing.remaining};t={standing.full_seconds}'
        if not standing.allowed:
            raise TooMany("The key is over its rate.", retry_after_seconds=standing.retry_seconds)

    def _other_method(self, method: str, request_id: str) -> Reply:
        if method == "OPTIONS":
            return Reply(204, headers={"allow": self._allow})
        reply = problems.render_code(
            problems.METHOD_NOT_ALLOWED,
            f"{method} is not possible here; {self._allow} are.",
            request_id,
            self._deps.addresses,
        )
        reply.headers["allow"] = self._allow
        return reply


def _reader(operation: Operation) -> Reader:
    """What reads the arguments of the handler beside the call; its plan is made here, once."""
    if operation.body is not None:
        take = validation.plan(operation.body, operation.answer)

        async def read_body(call: Call, receive: Receive) -> tuple[Any, ...]:
            call.refuse_idempotency_key()
            value, warnings = take(await bodies.read_json(call.headers, receive))
            call.warnings.extend(warnings)
            return (value,)

        return read_body
    if operation.query is not None:
        filters = validation.query_plan(operation.query)

        async def read_query(call: Call, receive: Receive) -> tuple[Any, ...]:
            return (filters(call.parameters),)

        return read_query
    if operation.upload is not None:
        upload = operation.upload

        async def read_upload(call: Call, receive: Receive) -> tuple[Any, ...]:
            call.refuse_idempotency_key()
            return (await bodies.read_upload(call.headers, receive, upload.part, upload.size_max),)

        return read_upload

    async def read_nothing(call: Call, receive: Receive) -> tuple[Any, ...]:
        if operation.method == "POST":
            call.refuse_idempotency_key()
        return ()

    return read_nothing


def _reply(operation: Operation, call: Call, answer: Any) -> Reply:
    envelope: dict[str, Any] = {"data": answer}
    headers = {}
    if isinstance(answer, Page | Stretch):
        goes_on = following(answer)
        envelope = {
            "data": answer.items,
            "cursor": {"cursor_field": goes_on.field, "cursor_value": goes_on.value},
            "has_more": goes_on.value is not None,
        }
        if goes_on.value is not None:
            headers["link"] = f'<{_next_page(call, goes_on)}>; rel="next"'
    if call.warnings:
        envelope["warnings"] = call.warnings
    reply = json_reply(envelope, call.status or operation.status)
    reply.headers.update(headers)
    return reply


def _next_page(call: Call, goes_on: Following) -> str:
    kept = [(n, v) for n, v in call.parameters if n != goes_on.parameter]
    query = urlencode([*kept, (goes_on.parameter, goes_on.value)])
    return f"{call.deps.addresses.base}{call.path}?{query}"
