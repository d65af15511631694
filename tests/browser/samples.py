"""Every state of every page with sample data, for the gallery and the tests of its pictures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from handbill.kernel.money import Money
from handbill.links.model import GONE, Label
from handbill.payments.mark import Mark
from handbill.web.pages import showing
from handbill.web.pages.end_words import ENDS
from handbill.web.pages.language import Language
from handbill.web.pages.render import Renderer, end_page, taken_page
from handbill.web.pages.views import (
    AskedAmount,
    ByMail,
    ChallengePage,
    HomePage,
    InboxPage,
    Line,
    Method,
    PayPage,
    Picture,
    Received,
    Requisite,
    Scan,
    Seller,
    StatusPage,
    Transfer,
    Unfinished,
)
from tests.browser.asked_samples import asking

ORIGIN = "http://pages.localhost"  # loopback by name, so that browsers trust it like https
AT = 1_772_359_200_000  # 2026-03-01T10:00:00Z
TOKEN = "t" * 64
SAID = ("method", "reason")
"""What a view of a payment carries in the language of its page."""
REFERENCE = "0195509a-7c00-7a4e-8f1c-3b5d2e9a6c10"

CARD = Method("card", "Bank card")
SBP = Method("sbp", "SBP", "From your bank's app")
LIGHTNING = Method("lightning", "Lightning", "From a Bitcoin wallet")
TRANSFER = Method("transfer", "Bank transfer", "May take a day")

CAFE = Seller("Café Morgenrot", "Morgenrot GmbH", "DE 812 345 678", "hallo@morgenrot.example")
TUTOR = Seller("Анна Петрова")
LONG = Seller(
    "Gesellschaft für außerordentlich lange Namen und Nebensächlichkeiten",
    "Gesellschaft für außerordentlich lange Namen und Nebensächlichkeiten mbH & Co. KG",
    "7701234567",
    "+49 30 1234567, https://example.com/a-very-long-address-that-nobody-would-ever-type-by-hand",
)

BAKERY = Seller(
    "Brot & Zeit",
    logo_url=f"{ORIGIN}/images/logo.png",
    accent_url=f"{ORIGIN}/pay/accent/e2711d.css",
)


def rub(minor: int) -> Money:
    return Money(minor, "RUB")


def picture(name: str) -> Picture:
    return Picture(f"{ORIGIN}/images/{name}.png", 800, 500)


BREAKFAST = (
    Line("Espresso", "200 ml, from Huehuetenango", "2", rub(70_000), picture("espresso")),
    Line("Cinnamon roll", "Warm, with cardamom", "1", rub(38_050), picture("roll")),
    Line("Orange juice", "", "1", rub(29_000), picture("juice")),
    Line("Sourdough", "A quarter of a loaf", "0.250", rub(21_000), picture("bread")),
    Line("Table by the window", "Until noon", "1", rub(40_000), picture("table")),
)

FIXED = PayPage(
    title="Two hours of mathematics",
    seller=TUTOR,
    action="/pay/link/x",
    methods=(CARD,),
    amount=rub(198_050),
)

PAY: dict[str, PayPage] = {
    "fixed": FIXED,
    "products": PayPage(
        title="Breakfast for two",
        seller=CAFE,
        action="/pay/link/x",
        methods=(CARD, SBP),
        amount=rub(198_050),
        lines=BREAKFAST,
        label=Label.ORDER,
    ),
    "product": PayPage(
        title="Cinnamon roll",
        seller=CAFE,
        action="/pay/product/x",
        methods=(CARD,),
        amount=rub(38_050),
        description="Warm, with cardamom.\nBaked every morning at six.",
        picture=picture("roll"),
    ),
    "branded": PayPage(
        title="A loaf every Friday",
        seller=BAKERY,
        action="/pay/link/x",
        methods=(CARD, SBP),
        amount=rub(45_000),
        description="Sourdough, baked at four in the morning.",
    ),
    "fee": msgspec.structs.replace(
        FIXED,
        seller=CAFE,
        title="Invoice 2026-031",
        amount=rub(100_000),
        fee=rub(5_000),
        amount_with_fee=rub(105_000),
        methods=(CARD, SBP, LIGHTNING, TRANSFER),
    ),
    "dynamic": PayPage(
        title="Keep the reading room open",
        seller=CAFE,
        action="/pay/link/x",
        methods=(CARD, SBP),
        description="Every donation buys coal, light and new books.",
        asked=AskedAmount("RUB", rub(50_000), rub(10_000), rub(5_000_000)),
        label=Label.DONATE,
    ),
    "dynamic-refused": PayPage(
        title="Keep the reading room open",
        seller=CAFE,
        action="/pay/link/x",
        methods=(CARD,),
        asked=AskedAmount(
            "RUB",
            rub(50_000),
            rub(10_000),
            None,
            typed="12,5o",
            fault="This cannot be read as an amount. Write it like 1 234,50 or 1,234.50.",
            fee_percent="5%",
        ),
        label=Label.DONATE,
    ),
    "unfinished": msgspec.structs.replace(
        FIXED,
        seller=CAFE,
        methods=(CARD, SBP),
        test=True,
        unfinished=Unfinished(f"{ORIGIN}/pay/status/t", AT),
    ),
    "paper": msgspec.structs.replace(
        FIXED,
        seller=CAFE,
        title="Breakfast for two",
        methods=(CARD, SBP),
        paper="The price on paper, ₽1,800.00, is no longer right. It is ₽1,980.50 now.",
    ),
    "test": msgspec.structs.replace(FIXED, seller=CAFE, test=True),
    "warned": msgspec.structs.replace(
        FIXED,
        seller=CAFE,
        lines=tuple(msgspec.structs.replace(line, amount=None, picture=None) for line in BREAKFAST),
        warnings=("The price has changed since this code was printed.",),
    ),
    "long": PayPage(
        title="Subscription-with-an-unbreakable-nameeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee " * 2,
        seller=LONG,
        action="/pay/link/x",
        methods=(CARD,),
        amount=rub(10**12),
        description="<b>not bold</b> https://not-a-link.example/ & \"quoted\" 'twice'",
        lines=(Line("Everything", "x" * 200, "1000", rub(10**12)),),
    ),
    "kuwait": msgspec.structs.replace(FIXED, amount=Money(12_345, "KWD"), methods=(CARD, SBP)),
}

PAY |= asking(PAY["fixed"], PAY["products"])

PAID = StatusPage(
    state="charged",
    title="Breakfast for two",
    total=rub(198_050),
    seller=CAFE,
    reference=REFERENCE,
    at=AT,
    method="Bank card",
    receipt_number="2026-000031",
    mark=Mark("leaf", "marigold"),
    receipt_url=f"{ORIGIN}/pay/status/x/receipt",
    back_url="https://morgenrot.example/",
)

TRANSFER_PAGE = StatusPage(
    state="transfer",
    title="Breakfast for two",
    total=rub(198_050),
    seller=CAFE,
    reference=REFERENCE,
    method="Bank transfer",
    refresh_seconds=300,
    transfer=Transfer(
        picture_url=f"{ORIGIN}/images/code.svg",
        file_url=f"{ORIGIN}/images/code.png",
        reference="7KX2M4QF9T",
        requisites=(
            Requisite("Recipient", "ООО «Три кита»"),  # noqa: RUF001 -- Russian
            Requisite("Account number", "40702810138250123017"),
            Requisite("Bank", 'ОАО "БАНК"'),  # noqa: RUF001 -- Russian
            Requisite("BIC", "044525225"),
            Requisite("Correspondent account", "30101810400000000225"),
            Requisite("Tax number (INN)", "7707083893"),
            Requisite("Amount in RUB", "1980.50"),
            Requisite("Purpose of the payment", "7KX2M4QF9T Breakfast for two"),
        ),
        until=AT,
    ),
    try_again_url=f"{ORIGIN}/pay/link/x",
)
EUROS_PAGE = msgspec.structs.replace(
    TRANSFER_PAGE,
    total=Money(198_050, "EUR"),
    transfer=Transfer(
        picture_url=f"{ORIGIN}/images/code.svg",
        file_url=f"{ORIGIN}/images/code.png",
        reference="7KX2M4QF9T",
        requisites=(
            Requisite("Recipient", "François D'Alsace S.A."),
            Requisite("IBAN", "FR1420041010050500013M02606"),
            Requisite("Amount in EUR", "1980.50"),
            Requisite("Purpose of the payment", "7KX2M4QF9T " + "Subscription " * 9),
        ),
        until=AT,
        is_taken=True,
    ),
)

STATUS: dict[str, StatusPage] = {
    "charged": PAID,
    "charged-test": msgspec.structs.replace(
        PAID, test=True, fee=rub(5_000), refunded=rub(40_000), back_url=None
    ),
    "charged-lines": msgspec.structs.replace(PAID, lines=BREAKFAST, tip=rub(20_000)),
    "charged-mail": msgspec.structs.replace(PAID, by_mail=ByMail(became="sent")),
    "charged-mail-refused": msgspec.structs.replace(
        PAID, by_mail=ByMail("anna@", "Type an e-mail address such as anna@example.com.")
    ),
    "waiting": StatusPage(
        state="waiting",
        title="Breakfast for two",
        total=rub(198_050),
        seller=CAFE,
        reference=REFERENCE,
        refresh_seconds=5,
        continue_url="https://acquirer.example/pay/1",
        try_again_url=f"{ORIGIN}/pay/link/x",
    ),
    "scan": StatusPage(
        state="scan",
        title="Breakfast for two",
        total=rub(198_050),
        seller=CAFE,
        reference=REFERENCE,
        refresh_seconds=5,
        scan=Scan(f"{ORIGIN}/images/code.svg", "https://sbp.example/AS1", 900),
        try_again_url=f"{ORIGIN}/pay/link/x",
    ),
    "scan-test": StatusPage(
        state="scan",
        title="Breakfast for two",
        total=rub(198_050),
        seller=CAFE,
        reference=REFERENCE,
        method="SBP",
        refresh_seconds=5,
        scan=Scan(f"{ORIGIN}/images/code.svg", "https://sbp.example/AS1", 900),
        test=True,
    ),
    "transfer": TRANSFER_PAGE,
    "transfer-test": msgspec.structs.replace(TRANSFER_PAGE, test=True),
    "transfer-euros": EUROS_PAGE,
    "code-over": StatusPage(
        state="code_over",
        title="Breakfast for two",
        total=rub(198_050),
        seller=CAFE,
        reference=REFERENCE,
        method="SBP",
        refresh_seconds=5,
        by_code=True,
        try_again_url=f"{ORIGIN}/pay/link/x",
    ),
    "declined": StatusPage(
        state="declined",
        title="Breakfast for two",
        total=rub(198_050),
        seller=CAFE,
        reference=REFERENCE,
        method="Bank card",
        at=AT,
        reason="There is not enough money on the card or account.",
        try_again_url=f"{ORIGIN}/pay/link/x",
        back_url="https://morgenrot.example/",
    ),
    "not-started": StatusPage(
        state="not_started",
        title="Breakfast for two",
        total=rub(198_050),
        seller=CAFE,
        reference=REFERENCE,
        at=AT,
        method="Bank card",
        reason="The payment provider could not be reached. Try again in a minute.",
        try_again_url=f"{ORIGIN}/pay/link/x",
    ),
    "surplus": msgspec.structs.replace(PAID, surplus="returned"),
    "review": StatusPage(
        state="review",
        title="",
        total=rub(198_050),
        seller=CAFE,
        reference=REFERENCE,
        method="Bank card",
    ),
    "cancelled": msgspec.structs.replace(
        PAID, state="cancelled", receipt_number="", method="", receipt_url=None, mark=None
    ),
    "expired": msgspec.structs.replace(
        PAID, state="expired", receipt_number="", method="", receipt_url=None, mark=None
    ),
    "refunded": msgspec.structs.replace(PAID, state="refunded", refunded=rub(198_050)),
    "unknown": msgspec.structs.replace(
        PAID,
        state="unknown",
        receipt_number="",
        refresh_seconds=10,
        back_url=None,
        receipt_url=None,
        mark=None,
    ),
}

WEBHOOK = """{
  "type": "link",
  "link": "0195509a-7c00-7a4e-8f1c-3b5d2e9a6c10",
  "txid": "6f1c9be2a3d04b7c",
  "id": "0195509a-8d11-7b02-9c3e-51f7a8d2b4e6",
  "status": "charged",
  "amount": 198050,
  "amount_dest": 198050,
  "amount_with_fee": 198050,
  "error_description": "",
  "currency": "RUB",
  "sequence": 3,
  "test": true
}"""

INBOX = InboxPage(
    f"{ORIGIN}/sandbox/inbox",
    (
        Received(
            "2",
            AT + 7_000,
            "link · charged",
            (
                ("content-type", "application/json"),
                ("webhook-id", "evt_0195509a"),
                ("webhook-timestamp", "1772359207"),
                ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
            ),
            WEBHOOK,
        ),
        Received("1", AT, "link · failed", (), '{"type": "link"}', fault="no signature header"),
    ),
)

Rendered = Callable[[Renderer, Language], bytes]


def gallery() -> dict[str, Rendered]:
    """Name -> how to render it."""
    pages: dict[str, Rendered] = {f"pay-{name}": partial(_pay, view) for name, view in PAY.items()}
    pages |= {f"status-{name}": partial(_status, view) for name, view in STATUS.items()}
    pages |= {f"end-{state}": partial(_end, state) for state in ENDS}
    pages["challenge"] = _challenge
    pages["inbox"] = partial(_inbox, INBOX)
    pages["inbox-empty"] = partial(
        _inbox, InboxPage(INBOX.address, sample_url=f"{ORIGIN}/pay/link/x")
    )
    pages["home"] = _home
    return pages


def _pay(view: PayPage, renderer: Renderer, language: Language) -> bytes:
    methods = showing.methods(tuple(method.name for method in view.methods), language)
    spoken = msgspec.structs.replace(view, methods=methods)
    return renderer.pay(spoken, language).with_token(TOKEN)


def _status(view: StatusPage, renderer: Renderer, language: Language) -> bytes:
    said = {name: language.gettext(text) for name in SAID if (text := getattr(view, name))}
    return renderer.status(msgspec.structs.replace(view, **said), language)


def _end(state: str, renderer: Renderer, language: Language) -> bytes:
    if ENDS[state].http_status in (404, 405, 429, 500, 503):
        return renderer.end(end_page(state, language), language)
    known: dict[str, Any] = {"seller": CAFE, "what": "Breakfast for two"}
    if ENDS[state].button:
        known["button_url"] = f"{ORIGIN}/pay/link/x"
    if state in GONE:
        known["ask_url"] = f"{ORIGIN}/pay/link/x/ask"
    view = (
        taken_page(47, language, **known)
        if state == "taken"
        else end_page(state, language, **known)
    )
    return renderer.end(view, language)


def _challenge(renderer: Renderer, language: Language) -> bytes:
    view = ChallengePage(
        seller=CAFE,
        what="Breakfast for two",
        action=f"{ORIGIN}/pay/link/x",
        fields=(("method", "card"), ("challenge", "pbZlC0vTg1E0h5Xy2Jw9qQ")),
        prefix="pbZlC0vTg1E0h5Xy2Jw9qQ:",
        bits=1,
        next_step="Try again in 10 minutes, or from another network.",
    )
    return renderer.challenge(view, language)


def _inbox(view: InboxPage, renderer: Renderer, language: Language) -> bytes:
    return renderer.inbox(view, language)


def _home(renderer: Renderer, language: Language) -> bytes:
    addresses = ("/docs", "/openapi.json", "/healthz", "/pay/link/x", "/sandbox/inbox")
    return renderer.home(HomePage("0.1.0", *addresses), language)
