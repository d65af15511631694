"""A new link: one short form, and Create leads to its print page."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill import idempotency
from handbill.catalog import store as catalog
from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.errors import Invalid, NotFound
from handbill.links import placement_tables, placements, products, service
from handbill.links import store as links
from handbill.links.placement_names import AT_ONCE_MAX, Row
from handbill.merchants import tills
from handbill.merchants.model import Identity, Tenant
from handbill.web.dashboard import drafts, forms, words
from handbill.web.dashboard.door import Door
from handbill.web.dashboard.drafts import Draft
from handbill.web.dashboard.office import HOME, Office
from handbill.web.dashboard.views import Choice, Faults, NewPage
from handbill.web.pages.language import Language

PRODUCTS_MAX = 200
"""In the form: the newest. Codes of others are found in the list of links."""


class Creating:
    def __init__(self, office: Office, door: Door) -> None:
        self._office = office
        self._door = door

    def routes(self) -> list[Route]:
        return [
            Route(HOME, self._door.before(self.show), methods=["GET"]),
            Route(f"{HOME}/links", self._office.guard(self.create), methods=["POST"]),
        ]

    async def show(self, request: Request, identity: Identity) -> Response:
        return await self._page(request, identity)

    async def create(self, request: Request, identity: Identity) -> Response:
        """Link and codes in one transaction; pressed twice, they are made once."""
        office, language = self._office, self._office.language(request)
        form = await forms.read(request)
        currency = await office.db.point(lambda tx: _currency(tx, identity.tenant))
        draft = drafts.read(form.fields, currency)
        rows = drafts.rows(draft.codes)
        if form.file is not None:
            rows = placement_tables.opened(form.file.content, drafts.CODES)
            draft = drafts.with_names(draft, rows)
        if faults := drafts.faults(draft, rows, language):
            return await self._page(request, identity, draft, faults)
        try:
            link_id = await self._made(identity, draft, rows, form.fields.get("ticket", ""))
        except NotFound:
            gone: Faults = {"product": [language.gettext(words.GONE_PRODUCT)]}
            return await self._page(request, identity, draft, gone)
        except Invalid as error:
            told: Faults = {drafts.CODES: drafts.codes_said(error.faults, rows, language)}
            return await self._page(request, identity, draft, told)
        return office.go_to(f"/links/{link_id}")

    async def _made(
        self, identity: Identity, draft: Draft, rows: Sequence[Row], ticket: str
    ) -> str:
        office, tenant = self._office, identity.tenant

        def act(tx: Tx) -> idempotency.Answer:
            link_id = _make(tx, tenant, draft, rows)
            return idempotency.Answer(303, {}, link_id.encode())

        asked = drafts.fingerprint(draft, rows)
        request = idempotency.Request(
            merchant_id=tenant.merchant_id,
            test=tenant.test,
            # What was asked is part of the key: changed and sent again, it is another link.
            key_hash=idempotency.hash_of(f"dashboard {identity.key_id} {ticket} {asked}"),
            fingerprint=office.crypto.fingerprint(asked.encode()),
        )
        answer = await office.db.write(
            lambda tx: idempotency.once(tx, office.crypto, request, act),
            merchant=tenant.merchant_id,
        )
        return answer.body.decode()

    async def _page(
        self,
        request: Request,
        identity: Identity,
        draft: Draft | None = None,
        faults: Faults | None = None,
    ) -> Response:
        """The form, after a refusal with what was filled in and what is wrong with it."""
        office, tenant, language = self._office, identity.tenant, self._office.language(request)

        def read(tx: Tx) -> NewPage:
            currency = _currency(tx, tenant)
            return NewPage(
                frame=office.around(tx, identity, "new"),
                draft=draft or Draft(currency=currency),
                ticket=ids.token(),
                currencies=drafts.offered(currency),
                codes_max=AT_ONCE_MAX,
                products=_choices(tx, tenant, language),
                faults=faults or {},
                is_first=links.find_first(tx, tenant) is None,
            )

        return office.page(request, "new", await office.db.read(read), 422 if faults else 200)


def _make(tx: Tx, tenant: Tenant, draft: Draft, rows: Sequence[Row]) -> str:
    """The id of the link that is printed. Raises Invalid, NotFound."""
    if draft.by == "product":
        link_id = products.get(tx, tenant, draft.product).link_id
    else:
        link_id = service.create(tx, tenant, drafts.terms(draft), (), ()).full.link.id
    if rows:
        placements.create(tx, tenant, link_id, rows)
    return link_id


def _currency(tx: Tx, tenant: Tenant) -> str:
    """Of the latest link, or else of the tills."""
    latest = links.list_page(tx, tenant, links.Filter(), None, 1).items
    return latest[0].currency if latest else tills.get(tx, tenant).currency


def _choices(tx: Tx, tenant: Tenant, language: Language) -> tuple[Choice, ...]:
    sold = list(catalog.list_page(tx, tenant, None, PRODUCTS_MAX).items)
    sold.sort(key=lambda product: product.header.casefold())
    return tuple(Choice(one.id, one.header, str(language.money(one.amount))) for one in sold)
