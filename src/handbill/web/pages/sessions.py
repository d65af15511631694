"""Who has signed in with a key: a signed cookie that names an API key, and nothing else of it.

The key itself comes once, in the body of a form. It is looked up again by its id at every request,
so a key that is revoked ends its sessions at once; there is nothing else to end them by.
"""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from handbill.infra.crypto import Crypto
from handbill.infra.database import Database
from handbill.kernel import ids
from handbill.kernel.addresses import Addresses
from handbill.kernel.clock import DAY, SECOND, Clock, Instant
from handbill.kernel.errors import Forbidden
from handbill.merchants import keys
from handbill.merchants.keys import Keyring
from handbill.merchants.model import Identity, Scope

SAME_ORIGIN = "same-origin"


class Access(msgspec.Struct, frozen=True):
    """To what a key opens. `name` is that of the address, of the cookie, and of what is signed, so
    that no session of one place is one of another. `scope`: the only one that its keys may have."""

    name: str
    scope: Scope
    life: Instant = 30 * DAY


class Sessions:
    def __init__(
        self, access: Access, db: Database, crypto: Crypto, clock: Clock, addresses: Addresses
    ) -> None:
        self._access = access
        self._db, self._crypto, self._clock = db, crypto, clock
        self._keyring = Keyring(db, crypto, clock)
        self._origin = addresses.origin
        self._secure = addresses.scheme == "https"
        self._cookie = f"__Host-{access.name}" if self._secure else access.name

    async def identify(self, key: str) -> Identity | None:
        """Who brings this key, if it can do what is done here and no more: these screens stand
        where others may come by."""
        identity = await self._keyring.identify(key.strip())
        if identity is None or identity.scopes != {self._access.scope}:
            return None
        return identity

    def open(self, response: Response, identity: Identity, language: str | None) -> None:
        """`language`: the one that was chosen, if any was."""
        life = self._access.life
        value = [identity.key_id, language]
        token = self._crypto.sign(self._access.name, value, self._clock.now() + life)
        self._set(response, token, life // SECOND)

    def close(self, response: Response) -> None:
        self._set(response, "", 0)

    async def read(self, request: Request) -> Identity | None:
        """None: no session, one that has run out, or a key that was revoked."""
        key_id = ids.parse_id(self._said(request)[0])
        if key_id is None:
            return None
        identity = await self._db.point(lambda tx: keys.holder(tx, key_id))
        may = identity is not None and self._access.scope in identity.scopes
        return identity if may else None

    def language(self, request: Request) -> str | None:
        return self._said(request)[1]

    def check_origin(self, request: Request) -> None:
        """Raises Forbidden for a form that no page of ours sent. The cookie is SameSite=Strict
        already; a sibling host of the same site is kept out by this alone."""
        sent_from = request.headers.get("sec-fetch-site", SAME_ORIGIN)
        if request.headers.get("origin") != self._origin or sent_from != SAME_ORIGIN:
            words = f"This is used at {self._origin}, and the form came from elsewhere."
            raise Forbidden(words, code="foreign_origin")

    def _said(self, request: Request) -> tuple[str, str | None]:
        token = request.cookies.get(self._cookie)
        now = self._clock.now()
        value = self._crypto.verify(self._access.name, token, now) if token else None
        try:
            return msgspec.convert(value, tuple[str, str | None])
        except msgspec.ValidationError:
            return "", None

    def _set(self, response: Response, value: str, seconds: int) -> None:
        response.set_cookie(
            self._cookie,
            value,
            max_age=seconds,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )
