"""What the handlers of the API work with."""

from __future__ import annotations

from typing import Protocol

import msgspec

from handbill.infra.crypto import Crypto
from handbill.infra.database import Database
from handbill.infra.settings import Settings
from handbill.infra.storage import Storage
from handbill.infra.tallies import Tallies
from handbill.infra.workshop import Workshop
from handbill.kernel.addresses import Addresses
from handbill.kernel.clock import Clock
from handbill.merchants.accounts import Acquirers
from handbill.merchants.model import Identity
from handbill.notices.telling import Teller
from handbill.web.crowds import Crowds
from handbill.web.rates import Rates


class Keys(Protocol):
    """Tells who holds a key; `merchants.keys.Keyring` is the one that does."""

    async def identify(self, text: str) -> Identity | None: ...


class Deps(msgspec.Struct, frozen=True, kw_only=True):
    """What `bootstrap` hands to the API. `rates` None: calls are not limited."""

    db: Database
    acquirers: Acquirers
    keyring: Keys
    addresses: Addresses
    clock: Clock
    rates: Rates | None
    settings: Settings
    crypto: Crypto
    storage: Storage
    workshop: Workshop
    teller: Teller
    tallies: Tallies
    crowds: Crowds
