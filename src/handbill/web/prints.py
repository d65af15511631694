"""What is asked of a print and what comes of it: the values that the API, the pages and the
dashboard share. `web/pages/prints` makes them."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from handbill.kernel.languages import LanguageCode
from handbill.kernel.warnings import Warned
from handbill.merchants.model import Tenant
from handbill.qr.code import Level
from handbill.qr.sheets import CARDS_MAX

CODES_MAX = CARDS_MAX
"""Codes of one print: each is on a card of its own."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """`places`: the placements by id, or all of the link; None: the link's own code. `copies` of
    each card. `color`: of the code and of the paper; else the merchant's, beside a black code.
    `logo`: of the merchant, on the paper; `logo_in_code`: in the middle of the code, whose level is
    H then. `start_at`: the first free label of a sheet, from 1. `force`: also for an address
    that phones cannot open."""

    link_id: str
    template: str
    places: Literal["all"] | tuple[str, ...] | None = None
    copies: int = 1
    lang: LanguageCode | None = None
    price: bool = True
    color: str | None = None
    logo: bool = True
    logo_in_code: bool = False
    level: Level = "M"
    start_at: int = 1
    force: bool = False


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a print is, whether it was made or only tried. `code_mm`: the side of its smallest code
    in millimetres, without the quiet zone. `distance_mm`: from how far the code that is hardest to
    read is made to be read, by a simulation."""

    template: str
    lang: str
    pages: int
    codes: int
    code_mm: int
    distance_mm: int
    left_out: tuple[str, ...]
    """Texts that are not on it, or not whole: this server has no letters for them."""
    warnings: tuple[Warned, ...]


class PrintedFile(msgspec.Struct, frozen=True):
    """`name` is fit for a header."""

    pdf: bytes
    name: str
    facts: Facts


class Printer(Protocol):
    """Raises NotFound for a link of somebody else, Invalid with the fields of an order (a code that
    could not be read names what would help), Unavailable where too much waits."""

    async def judge(self, tenant: Tenant, order: Order) -> None:
        """Whatever `print` refuses before it sets type, and nothing else: for those who make
        something before they print it."""

    async def check(self, tenant: Tenant, order: Order) -> Facts:
        """What `print` would make. Records nothing and refuses no address."""

    async def print(self, tenant: Tenant, order: Order) -> PrintedFile:
        """Remembers what was printed. Raises AddressNotPublic unless the order says `force`."""

    async def preview(self, tenant: Tenant, order: Order, ppi: int) -> bytes:
        """A PNG of the first page with its first card. Records nothing."""
