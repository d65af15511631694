"""What a pay page is made of: who asks, at which address, and everything that is shown there."""

from __future__ import annotations

import msgspec
from starlette.requests import Request

from handbill.catalog import images
from handbill.infra.crypto import Crypto
from handbill.infra.database import Database, Tx
from handbill.kernel import ids
from handbill.kernel.errors import NotFound
from handbill.links import offer as offers
from handbill.links import personal
from handbill.links.offer import Offer
from handbill.links.personal import Personal
from handbill.links.scanned import Scanned
from handbill.payments import model, payers, service
from handbill.payments.choice import NO_TIP, OWN_TIP, Choice
from handbill.payments.model import Customer
from handbill.payments.order import REFERENCE, Order
from handbill.payments.service import PaymentWithAttempt
from handbill.web.pages import showing
from handbill.web.pages.questions import NOTHING, Pressed, Said


class Read(msgspec.Struct, frozen=True):
    """Everything that a pay page shows, of one snapshot."""

    offer: Offer
    sizes: showing.Sizes
    mine: PaymentWithAttempt | None
    customer: Customer
    """What this payer told of themselves."""

    @property
    def mine_here(self) -> PaymentWithAttempt | None:
        """What this payer began at this address: at another personal one it was for another
        thing."""
        asked, mine = self.offer.personal, self.mine
        if asked is None or mine is None:
            return mine
        return mine if mine.payment.metadata.get(REFERENCE) == asked.prefill.reference else None

    @property
    def said(self) -> Said:
        """What the payer said before a try that took no money: nobody says it twice (WCAG 2.2,
        3.3.7). But for the line that they agree to."""
        if self.mine_here is None or self.mine_here.payment.status not in model.OPEN:
            return NOTHING
        payment = self.mine_here.payment
        choice = Choice(
            quantities={line.product: str(line.quantity) for line in payment.lines},
            tip=OWN_TIP if payment.tip_minor else NO_TIP,
            tip_minor=payment.tip_minor or None,
            field=payment.answer.value if payment.answer else "",
            email=self.customer.email or "",
            phone=self.customer.phone or "",
        )
        return Said(choice, minor=payment.amount_minor - payment.tip_minor, pressed=Pressed.UPDATE)


def id_of(request: Request) -> str:
    """What the address names. Raises NotFound for what is no id."""
    known = ids.parse_id(request.path_params["id"])
    if known is None:
        raise NotFound("There is nothing at this address.")
    return known


def asked(request: Request, crypto: Crypto, link_id: str) -> Personal | None:
    """What the merchant signed for this payer. Raises LinkNotPayable where it was changed."""
    return personal.read(crypto, link_id, request.scope["query_string"])


def read(
    tx: Tx,
    link_id: str,
    payer: str | None,
    asked: Personal | None = None,
    at: Scanned | None = None,
) -> Read:
    """`at`: the code at whose address the page is."""
    mine = service.of_payer(tx, link_id, payer) if payer else None
    going = mine is not None and mine.payment.status in model.OPEN
    offer = offers.read(tx, link_id, mine.payment.id if mine and going else "", asked, at)
    keys = [p.image for p in offer.full.products if p.image] + [offer.link.image or ""]
    known = payers.customer(tx, mine.payment.payer_id if mine else None)
    return Read(offer, images.sizes(tx, keys), mine, known)


async def of_order(db: Database, order: Order, at: Scanned | None) -> Read:
    """Once more, after Pay was refused."""
    link_id = order.link_id or ""
    return await db.point(lambda tx: read(tx, link_id, order.payer, order.personal, at))
