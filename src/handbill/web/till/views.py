"""What the templates of the till are given: values only, nothing to look up or to decide."""

from __future__ import annotations

from typing import Literal

import msgspec

from handbill.kernel.clock import Instant
from handbill.kernel.money import Money
from handbill.payments.mark import Mark
from handbill.web.pages.views import Picture, Seller
from handbill.web.till.words import TillState

About = Literal["", "amount", "pin"]
Section = Literal["", "new", "sales", "places"]


class Frame(msgspec.Struct, frozen=True):
    """Around every page. `home` is the address of the till, `section` where the page stands.
    `seller` is None while nobody has signed in. `pulse` tells the script how the last sales stand;
    `version` changes whenever a page that is looked at again would."""

    home: str
    seller: Seller | None = None
    section: Section = ""
    test: bool = False
    pulse: str = ""
    version: str = ""


class SignInPage(msgspec.Struct, frozen=True):
    frame: Frame
    fault: str = ""


class TroublePage(msgspec.Struct, frozen=True):
    """Something was not done."""

    frame: Frame
    title: str
    words: str


class OfflinePage(msgspec.Struct, frozen=True):
    """What a browser shows by itself where the network is gone."""

    frame: Frame


class Tile(msgspec.Struct, frozen=True):
    """A product that can be tapped. `count` is what was asked for before a refusal."""

    id: str
    title: str
    price: Money
    picture: Picture | None = None
    count: int = 0


class NewSalePage(msgspec.Struct, frozen=True):
    """`exponent`: the decimal places of the currency. `ticket` makes a double press harmless.
    `more`: there are products that this page has no room for."""

    frame: Frame
    currency: str
    exponent: int
    ticket: str
    tiles: tuple[Tile, ...] = ()
    more: bool = False
    sought: str = ""
    typed: str = ""
    fault: str = ""


class SaleLine(msgspec.Struct, frozen=True):
    """What was sold: so many of a product for so much together."""

    title: str
    count: int
    amount: Money


class ListedSale(msgspec.Struct, frozen=True):
    """A row of the last sales. `mark` is the one on the payer's page; it is there once they have
    paid. `refunded` is there where a part went back."""

    id: str
    state: TillState
    title: str
    amount: Money
    at: Instant
    mark: Mark | None = None
    what: str = ""
    refunded: Money | None = None


class SalePage(msgspec.Struct, frozen=True):
    """One sale as it stands. `code_url` is there while it can be paid, and `until` with it."""

    frame: Frame
    sale: ListedSale
    words: str
    total: Money
    lines: tuple[SaleLine, ...] = ()
    code_url: str = ""
    until: Instant | None = None
    now: Instant = 0
    minutes_left: int = 0
    may_cancel: bool = False
    may_refund: bool = False
    on_way_back: Money | None = None
    surplus: bool = False
    notice: str = ""


class SalesPage(msgspec.Struct, frozen=True):
    """The last sales, the newest first."""

    frame: Frame
    sales: tuple[ListedSale, ...]


class RefundPage(msgspec.Struct, frozen=True):
    """Asks for the PIN. `ticket` makes a double press harmless; `about` says to which field the
    fault belongs."""

    frame: Frame
    sale: ListedSale
    ticket: str
    left: Money
    has_pin: bool
    typed: str = ""
    fault: str = ""
    about: About = ""


class Place(msgspec.Struct, frozen=True):
    """A place on a limited link that a payment holds."""

    payment_id: str
    title: str
    amount: Money
    began_at: Instant
    until: Instant


class PlacesPage(msgspec.Struct, frozen=True):
    frame: Frame
    places: tuple[Place, ...]
    notice: str = ""
