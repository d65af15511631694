"""A payer at the end of a link asks for a new one: a button and nothing to type."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from handbill.kernel import ids
from handbill.kernel.errors import Conflict, NotFound, TooMany
from handbill.links import asks
from handbill.links import offer as offers
from handbill.links.offer import Offer
from handbill.web.pages import asking
from handbill.web.pages.desk import Desk


class NewLinks:
    """Needs no token: all that somebody else's page could do by it is to use up the few asks that
    a link takes in an hour."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        return [Route("/pay/link/{id}/ask", self._desk.guard(self.ask), methods=["POST"])]

    async def ask(self, request: Request) -> Response:
        desk, link_id = self._desk, ids.parse_id(request.path_params["id"])
        if link_id is None:
            raise NotFound("There is nothing at this address.")
        offer = await desk.db.point(lambda tx: offers.read(tx, link_id))
        lang = desk.language.code
        try:
            await desk.db.write(lambda tx: asks.ask(tx, link_id, lang), merchant=offer.merchant.id)
        except (Conflict, TooMany) as error:
            if asking.wants_json(request):
                raise
            return self._not_told(offer, error)
        if asking.wants_json(request):
            return desk.json({"data": {"link": link_id, "told": True}}, 201)
        return desk.words_about(offer, "asked")

    def _not_told(self, offer: Offer, error: Conflict | TooMany) -> Response:
        desk = self._desk
        if isinstance(error, Conflict):  # opened again meanwhile: its page says how it stands
            page = desk.addresses.link_page(offer.link.id)
            return RedirectResponse(page, 303, desk.plain_headers())
        response = desk.words_about(offer, "asked_often")
        response.headers["retry-after"] = str(error.retry_after_seconds)
        return response
