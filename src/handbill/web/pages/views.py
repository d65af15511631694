"""What the templates are given: values only, nothing to look up, nothing to decide.

Text of merchants and payers is carried as it was typed; the templates escape it. Addresses are
built by the caller, which also vouches for their scheme. Money is never text here.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from handbill.kernel.clock import Instant
from handbill.kernel.money import Money
from handbill.links.model import Label
from handbill.payments.mark import Mark
from handbill.web.pages.forms import Chip, Form

StatusState = Literal[
    "waiting",
    "scan",
    "transfer",
    "code_over",
    "charged",
    "declined",
    "not_started",
    "cancelled",
    "expired",
    "refunded",
    "unknown",
    "review",
]


class Seller(msgspec.Struct, frozen=True):
    """Who gets the money. All of it is shown as plain text, never as a link. `accent_url` is the
    style sheet of the seller's colour."""

    name: str
    legal_name: str = ""
    tax_id: str = ""
    support_contact: str = ""
    logo_url: str = ""
    accent_url: str = ""


class Picture(msgspec.Struct, frozen=True):
    """An image of the merchant. Sizes in pixels keep the page from jumping while it loads."""

    url: str
    width: int | None = None
    height: int | None = None


class Line(msgspec.Struct, frozen=True):
    """One product. `amount` is price times quantity; None where prices do not add up. Where the
    payer chooses how many, `name` is the form's field for it, `typed` what stands in it."""

    title: str
    text: str = ""
    quantity: str = "1"
    amount: Money | None = None
    picture: Picture | None = None
    name: str = ""
    typed: str = ""
    fault: str = ""


class Method(msgspec.Struct, frozen=True):
    """A way to pay. `name` is what the form sends; label and hint are for people."""

    name: str
    label: str
    hint: str = ""


class AskedAmount(msgspec.Struct, frozen=True):
    """The amount of a `dynamic` link: a field, and where there are `suggestions` also buttons, of
    which the last (`own`) is for another amount. `typed` and `fault` come back after a refusal."""

    currency: str
    suggestion: Money | None = None
    minimum: Money | None = None
    maximum: Money | None = None
    typed: str | None = None
    fault: str = ""
    fee_percent: str = ""
    """The payer's fee in words such as `5% + ₽10.00`, where one is added to what is typed."""
    suggestions: tuple[Chip, ...] = ()
    own: bool = False


class Unfinished(msgspec.Struct, frozen=True):
    """This payer has started before: where to go on."""

    continue_url: str
    started_at: Instant


class Preview(msgspec.Struct, frozen=True):
    """What a messenger shows of the page: plain values for its head."""

    url: str
    title: str
    words: str
    site: str
    locale: str
    picture: Picture


class PayPage(msgspec.Struct, frozen=True):
    """A link that can be paid. `asked`: the payer types the amount; `amount` is then set only where
    something is added to it, and as far as it is known.

    `paper` says that the price on the paper which was scanned is over. `opened_url` is where the
    page says that it was opened; empty where it is shown again.

    `amount_with_fee` is what the payer pays; `tip` and `fee` are None where nothing is added. With
    one method there is no choice to make, only a button.
    """

    title: str
    seller: Seller
    action: str
    methods: tuple[Method, ...]
    amount: Money | None = None
    tip: Money | None = None
    fee: Money | None = None
    amount_with_fee: Money | None = None
    asked: AskedAmount | None = None
    form: Form = Form()
    description: str = ""
    lines: tuple[Line, ...] = ()
    picture: Picture | None = None
    label: Label = Label.PAY
    test: bool = False
    unfinished: Unfinished | None = None
    warnings: tuple[str, ...] = ()
    preview: Preview | None = None
    paper: str = ""
    opened_url: str = ""

    def __post_init__(self) -> None:
        if self.amount is None and self.asked is None and self.form.live is None:
            raise ValueError("a page shows an amount or asks for one")
        if not self.methods:
            raise ValueError("a page without a method is the end state not_open_yet")

    @property
    def total(self) -> Money | None:
        """What the payer pays, where it is known before they type."""
        return self.amount_with_fee or self.amount

    @property
    def asks(self) -> bool:
        """Whether the payer is asked more than an amount and a method."""
        return self.form != Form() or (self.asked is not None and bool(self.asked.suggestions))

    @property
    def is_scripted(self) -> bool:
        """Whether it loads a script."""
        return self.form.live is not None or bool(self.opened_url)

    @property
    def is_refused(self) -> bool:
        """Whether the payer has something to put right."""
        amount = self.asked is not None and bool(self.asked.fault)
        return amount or self.form.is_refused or any(line.fault for line in self.lines)

    @property
    def priced(self) -> bool:
        """Whether the lines carry prices that add up."""
        return bool(self.lines) and all(line.amount is not None for line in self.lines)


class Scan(msgspec.Struct, frozen=True):
    """A code that the payer's bank reads; `picture_url` is None for a text that no code holds.
    `open_url` opens the bank on the same phone."""

    picture_url: str | None
    open_url: str | None
    seconds_left: int


class Requisite(msgspec.Struct, frozen=True):
    """A value that a payer types into a form of their bank."""

    label: str
    value: str


class Transfer(msgspec.Struct, frozen=True):
    """A bank transfer that is awaited until then. `picture_url` shows its code, `file_url` saves
    it; `is_taken`: somebody else has paid for the same meanwhile."""

    picture_url: str
    file_url: str
    reference: str
    requisites: tuple[Requisite, ...]
    until: Instant
    is_taken: bool = False


class ByMail(msgspec.Struct, frozen=True):
    """The form that has the receipt sent. `typed` and `fault` come back after a refusal; `became`
    is what became of the last letter."""

    typed: str = ""
    fault: str = ""
    became: Literal["waiting", "sent", "failed"] | None = None


class StatusPage(msgspec.Struct, frozen=True):
    """One payment, as it stands. `title` is empty where nothing says what it is for. `by_code`:
    what can be tried again is a code to scan. `mark`: to
    compare with a till's. `surplus`: it came on top of another that had paid already, and
    what becomes of it. `refresh_seconds`: the browser looks again; `events_url`: and hears sooner.
    `receipt_url`: where receipts are had; `by_mail` None: no letters are sent."""

    state: StatusState
    title: str
    total: Money
    seller: Seller
    reference: str
    lines: tuple[Line, ...] = ()
    tip: Money | None = None
    fee: Money | None = None
    refunded: Money | None = None
    at: Instant | None = None
    method: str = ""
    receipt_number: str = ""
    reason: str = ""
    scan: Scan | None = None
    transfer: Transfer | None = None
    continue_url: str | None = None
    try_again_url: str | None = None
    by_code: bool = False
    back_url: str | None = None
    mark: Mark | None = None
    surplus: Literal["returned", "judged"] | None = None
    refresh_seconds: int | None = None
    events_url: str | None = None
    receipt_url: str | None = None
    by_mail: ByMail | None = None
    test: bool = False

    def __post_init__(self) -> None:
        if (self.state == "scan") != (self.scan is not None):
            raise ValueError("a code is shown in the state scan and in no other")
        if (self.state == "transfer") != (self.transfer is not None):
            raise ValueError("requisites are shown in the state transfer and in no other")


class EndPage(msgspec.Struct, frozen=True):
    """Where a payer cannot go on: which end it is, whether money moved, and what to do next.
    `ask_url` takes the wish for a new link."""

    state: str
    http_status: int
    title: str
    words: str
    money: str = ""
    next_step: str = ""
    what: str = ""
    seller: Seller | None = None
    button_url: str | None = None
    button: str = ""
    ask_url: str | None = None
    refresh_seconds: int | None = None
    test: bool = False


class ChallengePage(msgspec.Struct, frozen=True):
    """A puzzle before Pay. `fields` are sent again, with the solution; `next_step` is for a browser
    that cannot solve it."""

    seller: Seller
    action: str
    fields: tuple[tuple[str, str], ...]
    prefix: str
    bits: int
    next_step: str
    what: str = ""
    test: bool = False


class Received(msgspec.Struct, frozen=True):
    """A webhook as it arrived at the sandbox inbox. `fault` is empty where the signature fits."""

    id: str
    at: Instant
    heading: str
    headers: tuple[tuple[str, str], ...]
    body: str
    fault: str = ""


class InboxPage(msgspec.Struct, frozen=True):
    """The sandbox inbox, newest first."""

    address: str
    received: tuple[Received, ...] = ()
    sample_url: str | None = None


class HomePage(msgspec.Struct, frozen=True):
    """The front door. `sample_url` is the sample link of a fresh installation."""

    version: str
    docs_url: str
    openapi_url: str
    health_url: str
    sample_url: str | None = None
    inbox_url: str | None = None
