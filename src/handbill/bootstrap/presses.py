"""Presses: worker processes that set type, draw codes and read them. Prints have one of their own,
so that hundreds of cards hold up no receipt; a command has its own beside what a server does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from handbill.catalog.images import PICTURES
from handbill.catalog.logos import Logos
from handbill.infra.database import Database
from handbill.infra.settings import Settings
from handbill.infra.storage import open_storage
from handbill.infra.workshop import Workshop
from handbill.kernel.addresses import Addresses
from handbill.kernel.clock import SystemClock
from handbill.web.pages.prints.printer import PagePrinter
from handbill.web.prints import Printer

MODULES = (
    "handbill.infra.binding",
    "handbill.infra.typesetting",
    "handbill.qr.drafts",
    "handbill.qr.logos",
    "handbill.qr.proofs",
    "handbill.qr.scan_check",
)
"""What sets type, and what draws and reads codes for paper."""


@asynccontextmanager
async def open_printer(db: Database, settings: Settings) -> AsyncIterator[Printer]:
    press = Workshop(PICTURES, *MODULES)
    try:
        storage = open_storage(settings)
        logos = Logos(storage, press, SystemClock())
        yield PagePrinter(db, storage, press, logos, press, Addresses(settings.public_url))
    finally:
        await press.close()
