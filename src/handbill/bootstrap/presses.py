"""The printer of a command: with a press of its own, beside whatever a server does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from handbill.bootstrap.house import PRESS_MODULES
from handbill.catalog.images import PICTURES
from handbill.infra.database import Database
from handbill.infra.settings import Settings
from handbill.infra.storage import open_storage
from handbill.infra.workshop import Workshop
from handbill.kernel.addresses import Addresses
from handbill.web.pages.prints.printer import PagePrinter
from handbill.web.prints import Printer


@asynccontextmanager
async def open_printer(db: Database, settings: Settings) -> AsyncIterator[Printer]:
    press = Workshop(PICTURES, *PRESS_MODULES)
    try:
        yield PagePrinter(db, open_storage(settings), press, press, Addresses(settings.public_url))
    finally:
        await press.close()
