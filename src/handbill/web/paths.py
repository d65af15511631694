"""The routes of declared operations: one for each path, and how a request on it is taken.

In this order, and the first refusal answers it: key (before anything of the request is looked at),
merchant, rate, address and method, scope, headers, size, JSON, fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from handbill.infra import tracing
from handbill.kernel.errors import Forbidden, HandbillError, NotFound, TooMany, Unauthorized
from handbill.merchants.model import Identity
from handbill.web import bodies, problems
from handbill.web.arguments import reader
from handbill.web.calls import Call, read_headers
from handbill.web.deps import Deps
from handbill.web.operations import Operation
from handbill.web.replies import Reply

API = "/api"

_ALWAYS = {"cache-control": "no-store"}

log = structlog.get_logger()


def build(operations: Sequence[Operation], deps: Deps) -> list[Route]:
    """One route for each path, and a last one for every other address below `/api`."""
    paths: dict[str, dict[str, Operation]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method] = operation
    routes = [Route(path, _Path(methods, deps)) for path, methods in paths.items()]
    return [*routes, Route(API + "/{rest:path}", _Path({}, deps))]


class _Path:
    """The ASGI application of one path."""

    def __init__(self, operations: Mapping[str, Operation], deps: Deps) -> None:
        self._deps = deps
        self._verbs = {m: (o, reader(o)) for m, o in operations.items()}
        if "GET" in self._verbs:
            self._verbs["HEAD"] = self._verbs["GET"]
        self._allow = ", ".join(sorted([*self._verbs, "OPTIONS"]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = tracing.request_id()
        headers = dict(_ALWAYS)
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
        try:
            identity = scope["identity"] = await self._identify(given.get("x-api-key"))
        except Unauthorized:
            self._count_stranger(scope, headers)
            raise
        self._count(identity, headers)
        if not self._verbs:
            raise NotFound("There is nothing at this address.")
        if scope["method"] not in self._verbs:
            return self._other_method(scope["method"], request_id)
        operation, read = self._verbs[scope["method"]]
        if operation.scope is not None and operation.scope not in identity.scopes:
            raise Forbidden(f"The key lacks the scope {operation.scope}.")
        call = Call(self._deps, identity, request_id, scope, given, operation.status)
        arguments = await read(call, receive)
        answer = await operation.handler(call, *arguments)
        if isinstance(answer, Reply):
            return answer
        if call.key is not None:
            raise RuntimeError(f"{operation.name} passed its idempotency key over")
        return call.reply(answer)

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
        headers.update(rates.headers(standing))
        if not standing.allowed:
            self._deps.tallies.count("rate_limited", "key")
            raise TooMany("The key is over its rate.", retry_after_seconds=standing.retry_seconds)

    def _count_stranger(self, scope: Scope, headers: dict[str, str]) -> None:
        standing = self._deps.crowds.take(scope)
        if standing is None:
            return
        headers.update(self._deps.crowds.headers(standing))
        if not standing.allowed:
            words = "Too many requests without a valid key."
            raise TooMany(words, retry_after_seconds=standing.retry_seconds)

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
