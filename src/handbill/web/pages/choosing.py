"""From the fields of a form to what a payer chose. Nothing is judged here but the form itself."""

from __future__ import annotations

import re

from starlette.requests import Request

from handbill.kernel import ids
from handbill.kernel.errors import Invalid
from handbill.kernel.money import Money
from handbill.payments.choice import QUANTITY, Choice
from handbill.payments.order import Order, Shown
from handbill.web.pages.tickets import Ticket

UPDATE = "update"
"""The button that only asks for the total."""
_NO = frozenset({"", "0", "no", "false", "off"})
_TOTAL = re.compile(r"([0-9]{1,16}) ([A-Z]{3})")
_MINOR_DIGITS_MAX = 13


def order_of(
    request: Request,
    fields: dict[str, str],
    link_id: str,
    ticket: Ticket | None,
    network: str | None,
) -> Order:
    """Without the payer, whom their cookie tells. Raises Invalid where minor units are none."""
    return Order(
        link_id=link_id,
        method=fields.get("method") or None,
        amount_typed=fields.get("amount"),
        amount_minor=minor_of(fields, "amount_minor"),
        choice=choice_of(fields),
        shown=shown_on(ticket, fields),
        attempt_id=ticket.attempt_id if ticket else None,
        address=request.client.host if request.client else None,
        network=network,
    )


def choice_of(fields: dict[str, str]) -> Choice:
    return Choice(
        quantities={
            ids.parse_id(product) or product: value
            for name, value in fields.items()
            if (product := name.removeprefix(f"{QUANTITY}.")) != name
        },
        tip=fields.get("tip", "").strip(),
        tip_typed=fields.get("tip_amount", ""),
        tip_minor=minor_of(fields, "tip_minor"),
        field=fields.get("field", ""),
        agreed=fields.get("consent", "").strip().lower() not in _NO,
        email=fields.get("email", ""),
        phone=fields.get("phone", ""),
    )


def minor_of(fields: dict[str, str], name: str) -> int | None:
    text = fields.get(name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MINOR_DIGITS_MAX):
        raise Invalid({name: ["must be a whole number of minor units"]})
    return int(text)


def shown_on(ticket: Ticket | None, fields: dict[str, str]) -> Shown | None:
    """What the page said, and what its script made of that. The latter is the payer's word: it can
    keep them from paying another sum, and do nothing else."""
    said = _TOTAL.fullmatch(fields.get("total", ""))
    script = (Money(int(said[1]), said[2]),) if said else ()
    if ticket is None:
        return None
    page = () if ticket.total is None else (ticket.total,)
    return Shown(page + script, ticket.consent)
