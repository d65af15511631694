"""A request as a handler sees it, and what handlers work with. No HTTP beyond header names.

Whatever changes something ends in `Call.write` or `Call.carry_out`: they keep the promise of the
idempotency key, so that no handler has to know of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from starlette.types import Scope

from handbill import idempotency
from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.errors import HandbillError, Malformed, NotFound
from handbill.kernel.warnings import Warned
from handbill.merchants.model import Identity, Tenant
from handbill.web import envelopes, problems, repeats
from handbill.web.cursors import Following
from handbill.web.deps import Deps
from handbill.web.replies import Reply

PARAMETERS_MAX = 50

T = TypeVar("T")
Show = Callable[[T], Any]
"""From what was done to the data of the answer, or to a `Shown`. It looks at nothing else."""


class Call:
    """Who calls, and with what. Lives as long as its request."""

    __slots__ = (
        *("_query", "_raw", "_status"),
        *("content", "deps", "headers", "identity", "key", "method", "path", "path_values"),
        *("request_id", "warnings"),
    )

    def __init__(
        self,
        deps: Deps,
        identity: Identity,
        request_id: str,
        scope: Scope,
        headers: Mapping[str, str],
        status: int,
    ) -> None:
        """`status`: of an answer that says no other."""
        self.deps = deps
        self.identity = identity
        self.request_id = request_id
        self.headers = headers
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.path_values: Mapping[str, str] = scope["path_params"]
        self._query: bytes = scope["query_string"]
        self._raw: Iterable[tuple[bytes, bytes]] = scope["headers"]
        self._status = status
        self.key: str | None = None
        """The idempotency key, where the operation takes one and the caller sent one."""
        self.content = b""
        """What the body says, for the fingerprint."""
        self.warnings: list[Warned] = []
        """What stands beside the answer's data, whatever comes of the request."""

    @property
    def tenant(self) -> Tenant:
        return self.identity.tenant

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """What stands behind the question mark, in order. Raises Malformed."""
        text = self._query.decode("latin-1")
        try:
            return parse_qsl(text, keep_blank_values=True, max_num_fields=PARAMETERS_MAX)
        except ValueError as error:
            raise Malformed("The address has too many parameters.") from error

    @property
    def id(self) -> str:
        """The object in the path. Raises NotFound for what cannot be the name of one."""
        known = ids.parse_id(self.path_values["id"])
        if known is None:
            raise NotFound("There is nothing at this address.")
        return known

    def values_of(self, name: str) -> list[str]:
        """Every value that the header was sent with."""
        sought = name.encode()
        return [value.decode("latin-1") for known, value in self._raw if known == sought]

    async def write(self, act: Callable[[Tx], T], show: Show[T]) -> Reply:
        """The answer to what `act` does in one transaction. With an idempotency key it is done at
        most once, and its answer is committed with it."""
        if self.key is None:
            return self.reply(show(await self._write(act)))
        request, crypto = self._request(self.key), self.deps.crypto

        def answer(tx: Tx) -> idempotency.Answer:
            return _kept(self.reply(show(act(tx))))

        return _sent(await self._write(lambda tx: idempotency.once(tx, crypto, request, answer)))

    async def carry_out(
        self, begin: Callable[[Tx], str], finish: Callable[[str], Awaitable[T]], show: Show[T]
    ) -> Reply:
        """The answer to what needs the network: `begin` judges the request, stores the object that
        it is about and gives its id; `finish` brings that object to its end.

        With an idempotency key `begin` is done at most once. `finish` may be run again for the same
        object, by whoever repeats a request that was cut off: it asks the acquirer with the same
        key, and gives an object that has come to its end as it is. Where it raises a refusal,
        nothing is under way any more, and a repeat begins anew.
        """
        if self.key is None:
            return self.reply(show(await finish(await self._write(begin))))
        request, crypto = self._request(self.key), self.deps.crypto
        claimed = await self._write(lambda tx: idempotency.claim(tx, crypto, request, begin))
        if isinstance(claimed, idempotency.Answer):
            return _sent(claimed)
        try:
            answer = _kept(self.reply(show(await finish(claimed.object_id))))
            settled = await self._write(lambda tx: idempotency.settle(tx, crypto, request, answer))
        except Exception as error:
            refused = isinstance(error, HandbillError) and problems.status_for(error) < 500
            let_go = idempotency.forget if refused else idempotency.release
            with suppress(HandbillError):  # then it counts as left in the middle, after 90 seconds
                await self._write(lambda tx: let_go(tx, request, claimed))
            raise
        return _sent(settled)

    async def replay(self) -> Reply | None:
        """The answer that was given already, before any work is done for a handler that works
        before it writes. Raises KeyReused, KeyInProgress."""
        if self.key is None:
            return None
        request, crypto = self._request(self.key), self.deps.crypto
        known = await self.deps.db.point(lambda tx: idempotency.find(tx, crypto, request))
        return None if known is None else _sent(known)

    def reply(self, shown: Any) -> Reply:
        """The answer that shows this: data, a `Shown`, or a `Page`."""
        return envelopes.render(shown, self._status, self.warnings, self._address_after)

    async def _write(self, fn: Callable[[Tx], T]) -> T:
        return await self.deps.db.write(fn, merchant=self.tenant.merchant_id)

    def _request(self, key: str) -> idempotency.Request:
        asked = repeats.fingerprint(self.method, self.path, self._query, self.content)
        # A body may hold a payer's address: nobody is to try addresses until one fits.
        asked = self.deps.crypto.fingerprint(asked.encode())
        tenant = self.tenant
        return idempotency.Request(tenant.merchant_id, tenant.test, idempotency.hash_of(key), asked)

    def _address_after(self, goes_on: Following) -> str:
        kept = [(name, value) for name, value in self.parameters if name != goes_on.parameter]
        query = urlencode([*kept, (goes_on.parameter, goes_on.value)])
        return f"{self.deps.addresses.base}{self.path}?{query}"


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """By name in lower case. Doubled ones are joined, so that a doubled key is no key."""
    headers: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _kept(reply: Reply) -> idempotency.Answer:
    return idempotency.Answer(reply.status, reply.headers, reply.body)


def _sent(answer: idempotency.Answer) -> Reply:
    headers = dict(answer.headers)
    if answer.is_replay:
        headers["idempotent-replayed"] = "true"
    return Reply(answer.status, answer.body, headers)
