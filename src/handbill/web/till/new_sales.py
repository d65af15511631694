"""A new sale: an amount that is typed, products that are tapped, and Charge."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.catalog import images, products, store
from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.clock import HOUR
from handbill.kernel.errors import DuplicateTxid, Invalid, LinkNotPayable
from handbill.kernel.money import exponent
from handbill.merchants import tills
from handbill.merchants.model import Identity
from handbill.payments import selling
from handbill.web.pages import asking, showing
from handbill.web.pages.key_entry import KeyEntry
from handbill.web.till import baskets, words
from handbill.web.till.register import HOME, Register
from handbill.web.till.tickets import Tickets
from handbill.web.till.views import NewSalePage, Tile

PRODUCTS_MAX = 200
"""On the page. A form with a field for each of them is still a small one."""
FIELDS_MAX = PRODUCTS_MAX + 20
SOUGHT_MAX = 100
TICKET_LIFE = 12 * HOUR


class NewSales:
    def __init__(self, register: Register, entry: KeyEntry) -> None:
        self._register = register
        self._entry = entry
        self._tickets = Tickets(register.crypto, register.clock, "till.sale", TICKET_LIFE)

    def routes(self) -> list[Route]:
        register = self._register
        return [
            Route(HOME, register.open_to_all(self.show), methods=["GET"]),
            Route(f"{HOME}/sales", register.guard(self.charge), methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """The front door: who has not signed in does so here."""
        if await self._register.sessions.read(request) is None:
            return self._entry.page(request)
        return await self._register.guard(self._show)(request)

    async def charge(self, request: Request, identity: Identity) -> Response:
        register = self._register
        fields = await asking.form(request, FIELDS_MAX)
        name = self._tickets.read(fields.get("ticket"), identity.key_id)
        language = register.language(request)
        if name is None:
            return await self._again(request, identity, fields, language.gettext(words.USED), 409)
        till = await register.db.point(lambda tx: tills.get(tx, identity.tenant))
        try:
            basket = baskets.read(fields, name, till.currency)
            payment = await register.db.write(
                lambda tx: selling.sell(tx, register.crypto, identity, basket),
                merchant=identity.tenant.merchant_id,
            )
        except DuplicateTxid:
            return await self._again(request, identity, fields, language.gettext(words.USED), 409)
        except LinkNotPayable:
            fault = language.gettext(words.NOT_OPEN)
            return await self._again(request, identity, fields, fault, 409)
        except Invalid as error:
            fault = baskets.fault(error, fields, till.currency, language)
            return await self._again(request, identity, fields, fault, 422)
        return register.go_to(f"/sales/{payment.id}")

    async def _show(self, request: Request, identity: Identity) -> Response:
        return await self._again(request, identity, {}, "", 200)

    async def _again(
        self,
        request: Request,
        identity: Identity,
        fields: Mapping[str, str],
        fault: str,
        status: int,
    ) -> Response:
        """The page, with what was filled in and what is wrong with it."""
        register, language = self._register, self._register.language(request)
        sought = request.query_params.get("q", "")[:SOUGHT_MAX].strip()
        ticket = self._tickets.issue(identity.key_id, ids.reference())

        def read(tx: Tx) -> NewSalePage:
            currency = tills.get(tx, identity.tenant).currency
            page = store.list_page(tx, identity.tenant, None, PRODUCTS_MAX, sought or None)
            sold = [product for product in page.items if product.currency == currency]
            sizes = images.sizes(tx, [product.image for product in sold if product.image])
            sold.sort(key=lambda product: product.header.casefold())
            return NewSalePage(
                frame=register.frames.around(tx, identity, "new", language),
                currency=currency,
                exponent=exponent(currency),
                ticket=ticket,
                tiles=tuple(self._tile(product, sizes, fields) for product in sold),
                more=page.next is not None,
                sought=sought,
                typed=fields.get("amount", "")[:40],
                fault=fault,
            )

        return register.page(request, "new_sale", await register.db.read(read), status)

    def _tile(
        self, product: products.Product, sizes: showing.Sizes, fields: Mapping[str, str]
    ) -> Tile:
        return Tile(
            id=product.id,
            title=product.header,
            price=product.amount,
            picture=showing.picture(product.image, self._register.desk.addresses, sizes),
            count=baskets.asked(fields, product.id),
        )
