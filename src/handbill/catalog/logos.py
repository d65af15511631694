"""The logo of a merchant as codes and prints take it: a small picture on white, made once."""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from handbill.catalog import images
from handbill.infra.storage import Storage
from handbill.infra.workshop import JobFailed, JobStopped, Workshop
from handbill.kernel.errors import Invalid, Unavailable

KEPT_MAX = 64
"""Of at most 96 KiB each."""
PREPARE = "handbill.qr.logos:prepare"
"""What the workshop must allow."""


class Logos:
    def __init__(self, storage: Storage, workshop: Workshop) -> None:
        self._storage = storage
        self._workshop = workshop
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    async def prepared(self, key: str | None) -> bytes:
        """What `qr.style.CodeStyle.logo` takes. `key` is a merchant's own: of an upload, which
        never changes.

        Raises Invalid on `logo` where there is none, and Unavailable.
        """
        if key is None:
            raise Invalid({"logo": ["there is none: the merchant has to set one first"]})
        if key not in self._kept:
            self._kept[key] = await self._prepare(key)
            if len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    async def _prepare(self, key: str) -> bytes:
        found = await images.read(self._storage, key, "small")
        if found is None:
            raise Invalid({"logo": ["its file is gone: it has to be uploaded again"]})
        try:
            return msgspec.convert(await self._workshop.run(PREPARE, found[0]), bytes)
        except (JobFailed, JobStopped) as error:
            raise Unavailable("The logo cannot be prepared right now.") from error
