"""What `bootstrap` has built and the pages work with."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from starlette.types import ASGIApp

from handbill.inbox import Inbox
from handbill.infra.crypto import Crypto
from handbill.infra.database import Database
from handbill.infra.mail import Mail
from handbill.infra.settings import Settings
from handbill.infra.storage import Storage
from handbill.infra.workshop import Workshop
from handbill.kernel.addresses import Addresses
from handbill.kernel.clock import Clock
from handbill.links.opens import Opens
from handbill.merchants.accounts import Acquirers
from handbill.notices.telling import Teller
from handbill.payments.start import Payments
from handbill.web.entrance import Visit


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """`workshop` rebuilds pictures, `press` sets receipts in type, `print_press` codes for paper;
    `mail` is None where no letters are sent. `sandbox` is the acquirer's application, where it runs
    here; `has_inbox` says whether the built-in receiver of webhooks is open; `tell` logs a request,
    where that is wanted."""

    settings: Settings
    clock: Clock
    db: Database
    crypto: Crypto
    addresses: Addresses
    acquirers: Acquirers
    payments: Payments
    inbox: Inbox
    opens: Opens
    workshop: Workshop
    teller: Teller
    press: Workshop
    print_press: Workshop
    mail: Mail | None
    storage: Storage
    sandbox: ASGIApp | None
    has_inbox: bool
    tell: Callable[[Visit], None] | None
