"""A request as a handler sees it, and what handlers work with. No HTTP beyond header names."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol
from urllib.parse import parse_qsl

import msgspec
from starlette.types import Scope

from handbill.infra.crypto import Crypto
from handbill.infra.database import Database
from handbill.infra.settings import Settings
from handbill.infra.storage import Storage
from handbill.infra.workshop import Workshop
from handbill.kernel import ids
from handbill.kernel.addresses import Addresses
from handbill.kernel.clock import Clock
from handbill.kernel.errors import Malformed, NotFound, NotYet
from handbill.kernel.warnings import Warned
from handbill.merchants.model import Identity, Tenant
from handbill.web.fields import NOT_YET
from handbill.web.rates import Rates

PARAMETERS_MAX = 50


class Keys(Protocol):
    """Tells who holds a key; `merchants.keys.Keyring` is the one that does."""

    async def identify(self, text: str) -> Identity | None: ...


class Deps(msgspec.Struct, frozen=True, kw_only=True):
    """What `bootstrap` hands to the API. `rates` None: calls are not limited."""

    db: Database
    keyring: Keys
    addresses: Addresses
    clock: Clock
    rates: Rates | None
    settings: Settings
    crypto: Crypto
    storage: Storage
    workshop: Workshop


class Call:
    """Who calls, and with what. Lives as long as its request."""

    __slots__ = (
        "_query",
        "deps",
        "headers",
        "identity",
        "path",
        "path_values",
        "request_id",
        "status",
        "warnings",
    )

    def __init__(
        self,
        deps: Deps,
        identity: Identity,
        request_id: str,
        scope: Scope,
        headers: Mapping[str, str],
    ) -> None:
        self.deps = deps
        self.identity = identity
        self.request_id = request_id
        self.headers = headers
        self.path: str = scope["path"]
        self.path_values: Mapping[str, str] = scope["path_params"]
        self._query: bytes = scope["query_string"]
        self.status: int | None = None
        """Set by a handler that answers with the second status of its operation."""
        self.warnings: list[Warned] = []
        """What stands beside the answer's data."""

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

    def refuse_idempotency_key(self) -> None:
        # Refused rather than passed over: who sends it believes that a repeat is harmless.
        if "idempotency-key" in self.headers:
            raise NotYet({"Idempotency-Key": [NOT_YET]})


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """By name in lower case. Doubled ones are joined, so that a doubled key is no key."""
    headers: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def request_names() -> Iterator[str]:
    """Unique, not secret. Counted: random bytes for each request cost a tenth of a millisecond
    under load, because asking the system for them lets go of the interpreter's lock."""
    process = ids.token()[:12]
    return (f"{process}-{number:x}" for number in itertools.count(1))
