"""A request as a handler sees it, and what handlers work with. No HTTP beyond header names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec
from starlette.types import Scope

from handbill.infra.database import Database
from handbill.kernel import ids
from handbill.kernel.addresses import Addresses
from handbill.kernel.clock import Clock
from handbill.kernel.errors import NotFound
from handbill.kernel.warnings import Warned
from handbill.merchants.model import Identity, Tenant
from handbill.web.rates import Rates


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


class Call:
    """Who calls, and with what. Lives as long as its request."""

    __slots__ = ("deps", "headers", "identity", "path", "path_values", "query_text", "request_id",
                 "warnings")  # fmt: skip

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
        self.query_text: str = scope["query_string"].decode("latin-1")
        self.warnings: list[Warned] = []
        """What stands beside the answer's data."""

    @property
    def tenant(self) -> Tenant:
        return self.identity.tenant

    @property
    def id(self) -> str:
        """The object in the path. Raises NotFound for what cannot be the name of one."""
        known = ids.parse_id(self.path_values["id"])
        if known is None:
            raise NotFound("There is nothing at this address.")
        return known
