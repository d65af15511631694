"""Pay pages that ask: quantities, a tip, suggested amounts, a field, an address, a consent."""

from __future__ import annotations

import msgspec

from handbill.kernel.money import Money
from handbill.web.pages.forms import AskedConsent, AskedTip, Chip, Form, Live, Question
from handbill.web.pages.views import AskedAmount, PayPage

LIVE = Live(Money(0, "RUB"), 2, ",", ".")
WITH_FEE = Live(Money(0, "RUB"), 2, ",", ".", 500, 0)
TABLE = Question("field", "Table number", longest=200)
SIZE = Question("field", "Size of the shirt", required=False, choices=("S", "M", "L"), typed="M")
EMAIL = Question(
    "email",
    "E-mail",
    "email",
    longest=254,
    typed="anna@nowhere",
    fault="Type an e-mail address such as name@example.com.",
)
PHONE = Question("phone", "Phone", "tel", longest=40)
ADULT = AskedConsent("I am over 18 and agree to the rules of the house.", required=True)
RULES = AskedConsent("Orders are final once the kitchen has begun.")


def rub(minor: int) -> Money:
    return Money(minor, "RUB")


def tip(chosen: str = "0", *, own: bool = False, typed: str = "", fault: str = "") -> AskedTip:
    texts = {"0": "No tip", "500": "5%", "1000": "10%", "1500": "15%"}
    chips = tuple(Chip(value, text, chosen=value == chosen) for value, text in texts.items())
    return AskedTip("RUB", chips, own, typed, fault)


def suggested(chosen: int | None) -> tuple[Chip, ...]:
    amounts = (20_000, 50_000, 100_000, 300_000)
    return tuple(Chip(str(a), f"₽{a // 100:,}.00", chosen=a == chosen) for a in amounts)


def asking(plain: PayPage, menu: PayPage) -> dict[str, PayPage]:
    """`plain`: a fixed link; `menu`: one with several lines."""
    lines = tuple(
        msgspec.structs.replace(line, name=f"quantity.{n}", typed=str(n % 3))
        for n, line in enumerate(menu.lines)
    )
    changed = msgspec.structs.replace
    many = changed(lines[0], typed="11", fault="Choose a number from 0 to 10.")
    donation = AskedAmount(
        "RUB", None, rub(10_000), rub(5_000_000), fee_percent="5%", suggestions=suggested(50_000)
    )
    return {
        "quantities": changed(
            menu,
            lines=lines,
            amount=rub(136_050),
            tip=rub(13_605),
            fee=rub(7_483),
            amount_with_fee=rub(157_138),
            form=Form(
                quantity_max=10,
                live=WITH_FEE,
                tip=tip("1000"),
                questions=(TABLE,),
                note="The total is ₽1,571.38. Nothing has been charged yet: "
                "press Pay when it is right.",
            ),
        ),
        "quantities-refused": changed(
            menu,
            lines=(many, *lines[1:]),
            amount=None,
            form=Form(
                quantity_max=10,
                quantity_fault="Choose at least one.",
                live=LIVE,
                tip=tip("", own=True, typed="lots", fault="Type an amount such as 1234.50."),
            ),
        ),
        "suggested": changed(
            plain,
            amount=rub(50_000),
            fee=rub(2_500),
            amount_with_fee=rub(52_500),
            asked=donation,
            form=Form(tip=tip(), live=WITH_FEE),
        ),
        "suggested-own": changed(
            plain,
            amount=None,
            asked=changed(
                donation,
                suggestions=suggested(None),
                own=True,
                typed="1",
                fault="Type an amount from ₽100.00 to ₽50,000.00.",
            ),
        ),
        "asked": changed(plain, form=Form(questions=(SIZE, PHONE), consent=RULES)),
        "asked-refused": changed(
            plain,
            form=Form(
                questions=(changed(TABLE, fault="Fill this in, please."), EMAIL),
                consent=changed(ADULT, fault="Tick the box if you agree."),
            ),
        ),
    }
