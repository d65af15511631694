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
from handbill.web.pages.ends import Ends
from handbill.web.pages.language import Language


class NewLinks:
    """Needs no token: all that somebody else's page could do by it is to use up the few asks that
    a link takes in an hour."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ends = Ends(desk)

    def routes(self) -> list[Route]:
        path, guard = "/pay/link/{id}/ask", self._desk.guard
        return [
            Route(path, guard(self.ask), methods=["POST"]),
            Route(path, guard(self.back), methods=["GET"]),
        ]

    async def back(self, request: Request) -> Response:
        """The address of the answer, opened again: the page of the link says how it stands."""
        return self._to_the_link(_id(request), self._desk.language_of(request))

    async def ask(self, request: Request) -> Response:
        desk, link_id = self._desk, _id(request)
        offer = await desk.db.point(lambda tx: offers.read(tx, link_id))
        language = desk.language_of(request, offer.link.lang)
        try:
            await desk.db.write(
                lambda tx: asks.ask(tx, link_id, language.code), merchant=offer.merchant.id
            )
        except (Conflict, TooMany) as error:
            if asking.wants_json(request):
                raise
            return self._not_told(offer, error, language)
        if asking.wants_json(request):
            return desk.json({"data": {"link": link_id, "told": True}}, 201)
        return self._ends.about(offer, "asked", language)

    def _not_told(self, offer: Offer, error: Conflict | TooMany, language: Language) -> Response:
        if isinstance(error, Conflict):  # opened again meanwhile: its page says how it stands
            return self._to_the_link(offer.link.id, language)
        response = self._ends.about(offer, "asked_often", language)
        response.headers["retry-after"] = str(error.retry_after_seconds)
        return response

    def _to_the_link(self, link_id: str, language: Language) -> Response:
        page = language.onward(self._desk.addresses.link_page(link_id))
        return RedirectResponse(page, 303, self._desk.plain_headers())


def _id(request: Request) -> str:
    link_id = ids.parse_id(request.path_params["id"])
    if link_id is None:
        raise NotFound("There is nothing at this address.")
    return link_id
