"""The links of the merchant, newest first: searched, in pages, each with the way to its print."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.infra.database import Tx
from handbill.infra.paging import Position
from handbill.kernel.clock import Instant
from handbill.links import model, placement_store, service
from handbill.links import store as links
from handbill.links.model import AmountType, LinkWithProducts
from handbill.merchants.model import Identity
from handbill.web.cursors import read_cursor, write_cursor
from handbill.web.dashboard import words
from handbill.web.dashboard.office import HOME, Office
from handbill.web.dashboard.views import ListedLink, ListPage, ShownLink
from handbill.web.pages.language import Language
from handbill.web.pages.showing import first_line

PAGE_MAX = 50
SOUGHT_MAX = 100
PRODUCTS = "products"


class Lists:
    def __init__(self, office: Office) -> None:
        self._office = office

    def routes(self) -> list[Route]:
        return [Route(f"{HOME}/links", self._office.guard(self.show), methods=["GET"])]

    async def show(self, request: Request, identity: Identity) -> Response:
        office, language = self._office, self._office.language(request)
        asked = request.query_params
        sought, of_products = asked.get("q", "")[:SOUGHT_MAX].strip(), asked.get("of") == PRODUCTS
        narrow = links.Filter(q=sought or None, owner="product" if of_products else None)
        after = position(asked.get("cursor"))

        def read(tx: Tx) -> ListPage:
            page = service.list_page(tx, identity.tenant, narrow, after, PAGE_MAX)
            codes = placement_store.counts(tx, [full.link.id for full in page.items])
            return ListPage(
                frame=office.around(tx, identity, "links"),
                links=tuple(_listed(one, codes, language, tx.now) for one in page.items),
                of_products=of_products,
                sought=sought,
                older=_older(page.next, sought, of_products=of_products),
                is_first_page=after is None,
            )

        return office.page(request, "links", await office.db.read(read))


def shown(full: LinkWithProducts, language: Language, now: Instant) -> ShownLink:
    """What is said of a link wherever it is named."""
    link = full.link
    header = full.products[0].header if full.products else ""
    state = model.end_of(link, now) or "open"
    return ShownLink(
        id=link.id,
        title=(link.title or "").strip() or header or first_line(link.description),
        amount=link.amount if link.amount_type is AmountType.FIXED else None,
        state=state,
        state_words=language.gettext(words.STATES[state]),
        made_at=link.created_at,
    )


def _listed(
    full: LinkWithProducts, codes: dict[str, int], language: Language, now: Instant
) -> ListedLink:
    link = full.link
    return ListedLink(shown(full, language, now), codes.get(link.id, 0), link.payments_count)


def position(cursor: str | None) -> Position | None:
    """None, the beginning, where the address was not made by a page of ours."""
    try:
        return read_cursor(cursor) if cursor else None
    except ValueError:
        return None


def _older(following: Position | None, sought: str, *, of_products: bool) -> str:
    """What stands behind the address of the next page; empty on the last one."""
    if following is None:
        return ""
    asked = {"q": sought, "of": PRODUCTS if of_products else ""}
    kept = {name: value for name, value in asked.items() if value}
    return urlencode({**kept, "cursor": write_cursor(following)})
