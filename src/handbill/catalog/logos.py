"""The logo of a merchant as codes and prints take it: a small picture on white, made once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TypeVar

import msgspec

from handbill.catalog import images
from handbill.infra.storage import Storage
from handbill.infra.workshop import JobFailed, JobStopped, Workshop
from handbill.kernel.clock import Clock, Instant
from handbill.kernel.errors import Invalid, Unavailable

KEPT_MAX = 64
"""Of at most 96 KiB each. As many that could not be prepared are remembered."""
FAILED_FOR = 60_000
"""Milliseconds before the workshop is asked again for a logo that it could not prepare."""
PREPARE = "handbill.qr.logos:prepare"
"""What the workshop must allow."""


class Logos:
    """Belongs to one event loop."""

    def __init__(self, storage: Storage, workshop: Workshop, clock: Clock) -> None:
        self._storage = storage
        self._workshop = workshop
        self._clock = clock
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._being_made: dict[str, asyncio.Task[bytes]] = {}
        self._failed_until: OrderedDict[str, Instant] = OrderedDict()

    async def prepared(self, key: str | None) -> bytes:
        """What `qr.style.CodeStyle.logo` takes. `key` is a merchant's own: of an upload, which
        never changes. Asked for several times at once it is prepared once.

        Raises Invalid on `logo` where there is none, and Unavailable.
        """
        if key is None:
            raise Invalid({"logo": ["there is none: the merchant has to set one first"]})
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if self._clock.now() < self._failed_until.get(key, 0):
            raise Unavailable(_UNREADABLE)
        making = self._being_made.get(key) or self._begin(key)
        # Shielded: one caller that goes away does not take the logo from the others.
        return await asyncio.shield(making)

    def _begin(self, key: str) -> asyncio.Task[bytes]:
        making = self._being_made[key] = asyncio.create_task(self._prepare(key))
        making.add_done_callback(lambda made: self._settle(key, made))
        return making

    def _settle(self, key: str, made: asyncio.Task[bytes]) -> None:
        del self._being_made[key]
        if not made.cancelled() and made.exception() is None:
            _keep(self._kept, key, made.result())

    async def _prepare(self, key: str) -> bytes:
        found = await images.read(self._storage, key, "small")
        if found is None:
            raise Invalid({"logo": ["its file is gone: it has to be uploaded again"]})
        try:
            return msgspec.convert(await self._workshop.run(PREPARE, found[0]), bytes)
        except (JobFailed, JobStopped) as error:
            _keep(self._failed_until, key, self._clock.now() + FAILED_FOR)
            raise Unavailable(_UNREADABLE) from error


_Value = TypeVar("_Value")


def _keep(kept: OrderedDict[str, _Value], key: str, value: _Value) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > KEPT_MAX:
        kept.popitem(last=False)


_UNREADABLE = "The logo cannot be prepared right now."
