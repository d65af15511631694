"""Personal addresses of a link. Nothing is stored: whoever asks again gets the same again."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from handbill.infra.database import Tx
from handbill.kernel.addresses import Addresses
from handbill.kernel.clock import Instant, iso
from handbill.kernel.money import Money
from handbill.links import personal, service
from handbill.links.model import Link
from handbill.links.personal import EMAIL_MAX, REFERENCE_MAX, Personal, Prefill
from handbill.merchants.model import Scope
from handbill.web.api import links
from handbill.web.api.values import Address, Currency, Id, Minor, Moment, PositiveMinor
from handbill.web.calls import Call
from handbill.web.operations import Operation
from handbill.web.replies import Reply

_EXPIRES = {
    "anyOf": [
        {"type": "string", "format": "date-time", "examples": ["2026-03-08T10:00:00+00:00"]},
        {"type": "integer", "minimum": 0, "examples": [1772964000]},
    ]
}


class NewPersonalAddress(msgspec.Struct, frozen=True, kw_only=True):
    """What is filled in for one payer; at least one field."""

    amount: (
        Annotated[
            PositiveMinor,
            Meta(
                description="In the link's currency, and within its bounds. Where the amount of the"
                " link is `fixed`, the same: the address then ends when the price changes."
            ),
        ]
        | None
    ) = None
    reference: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=REFERENCE_MAX,
                description="Your own name for it, in printable characters: `metadata.reference`"
                " of the payment and its webhooks. It can be read in the address.",
            ),
        ]
        | None
    ) = None
    email: (
        Annotated[
            str,
            Meta(
                max_length=EMAIL_MAX,
                description="The payer's, for the acquirer and the receipt. Encrypted in the"
                " address.",
            ),
        ]
        | None
    ) = None
    expires: (
        Annotated[
            Instant,
            Meta(
                description="When the address ends: Unix seconds, or a time with its offset; at"
                " most five years ahead.",
                extra={"read": personal.read_expires, "schema": _EXPIRES},
            ),
        ]
        | None
    ) = None


class PersonalAddress(msgspec.Struct, frozen=True):
    """An address of a link that only this installation can make."""

    url: Annotated[Address, Meta(description="The page, for this payer.")]
    qr_url: Annotated[Address, Meta(description="Its QR code as PNG. Larger than a link's own.")]
    link: Id
    amount: Minor | None
    currency: Currency
    reference: str | None
    expires_at: Moment | None
    test: bool


class _Made(msgspec.Struct, frozen=True):
    link: Link
    asked: Personal


async def make_personal_address(call: Call, body: NewPersonalAddress) -> Reply:
    def act(tx: Tx) -> _Made:
        link = service.get(tx, call.tenant, call.id).link
        amount = None if body.amount is None else Money(body.amount, link.currency)
        prefill = Prefill(amount, body.reference, body.email, body.expires)
        return _Made(link, personal.make(call.deps.crypto, link, prefill, tx.now))

    return await call.write(act, lambda made: show(made.link, made.asked, call.deps.addresses))


def show(link: Link, asked: Personal, addresses: Addresses) -> PersonalAddress:
    """Without the e-mail address: whoever asked knows it, and answers are kept for repeats."""
    prefill = asked.prefill
    return PersonalAddress(
        url=addresses.link_page(link.id, asked.query),
        qr_url=addresses.link_qr(link.id, asked.query),
        link=link.id,
        amount=None if prefill.amount is None else prefill.amount.minor,
        currency=link.currency,
        reference=prefill.reference,
        expires_at=None if prefill.expires_at is None else iso(prefill.expires_at),
        test=link.test,
    )


OPERATIONS = (
    Operation(
        name="makePersonalAddress",
        method="POST",
        path="/api/v1/links/{id}/personal",
        tag=links.TAG,
        scope=Scope.LINKS,
        summary="Make a personal address of a link",
        description="The link's address with an amount, your reference, the payer's e-mail address"
        " and an end, under a signature. Nothing is stored, and the same fields make the same"
        " address. Whatever is changed in it, the page says so and takes no payment. An amount"
        " without a signature is ignored.",
        handler=make_personal_address,
        body=NewPersonalAddress,
        answer=PersonalAddress,
        status=201,
        example={"reference": "INV-2041", "expires": "2026-03-08T10:00:00+00:00"},
    ),
)
