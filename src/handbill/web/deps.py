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
from handbill.merchants.keys import Keyring
from handbill.merchants.model import Identity
from handbill.notices.telling import Teller
from handbill.web.crowds import Crowds
from handbill.web.parts import Parts
from handbill.web.prints import Printer
from handbill.web.rates import Rates
from handbill.web.snippets import MakeSnippets


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
    snippets: MakeSnippets
    printer: Printer

    @classmethod
    def of(cls, parts: Parts, crowds: Crowds, snippets: MakeSnippets, printer: Printer) -> Deps:
        settings = parts.settings
        rates = Rates(parts.clock, settings.rate_limit, settings.rate_burst)
        return cls(
            db=parts.db,
            acquirers=parts.acquirers,
            keyring=Keyring(parts.db, parts.crypto, parts.clock),
            addresses=parts.addresses,
            clock=parts.clock,
            rates=rates if settings.rate_limit else None,
            settings=settings,
            crypto=parts.crypto,
            storage=parts.storage,
            workshop=parts.workshop,
            teller=parts.teller,
            tallies=parts.db.tallies,
            crowds=crowds,
            snippets=snippets,
            printer=printer,
        )
