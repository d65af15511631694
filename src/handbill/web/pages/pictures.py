"""Pictures of links as pages, letters and messengers fetch them; and which robots may look."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.catalog import images
from handbill.kernel.errors import NotFound
from handbill.web.pages.cards import Cards
from handbill.web.pages.desk import Desk
from handbill.web.pages.headers import SHOWN_ANYWHERE

PICTURE_SECONDS = 31_536_000
ROBOTS = """\
User-agent: facebookexternalhit
User-agent: LinkedInBot
User-agent: Twitterbot
Allow: /L/
Allow: /pay/link/
Allow: /pay/product/
Allow: /images/uploads/
Disallow: /

User-agent: *
Disallow: /
"""
"""Pay pages and pictures are for those who were given the address. Messengers that obey this file
may look at what somebody sends with them; most do not ask."""


class Pictures:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._cards = Cards(desk)

    def routes(self) -> list[Route]:
        picture = self._desk.guard(self.picture)
        return [
            *self._cards.routes(),
            Route("/images/uploads/{partner}/{name}", picture, methods=["GET"]),
            Route("/robots.txt", self.robots, methods=["GET"]),
        ]

    async def picture(self, request: Request) -> Response:
        key = request.url.path.removeprefix("/")
        found = await images.read(self._desk.parts.storage, key)
        if found is None:
            raise NotFound("There is no such picture.")
        body, content_type = found
        headers = {
            "cache-control": f"public, max-age={PICTURE_SECONDS}, immutable",
            "content-security-policy": "default-src 'none'; sandbox",
            **SHOWN_ANYWHERE,
            "content-disposition": "inline",
        }
        return Response(body, headers=headers, media_type=content_type)

    async def robots(self, _request: Request) -> Response:
        return Response(ROBOTS, media_type="text/plain")
