"""A page that was opened says so, once it stands before somebody: by its script, or by a picture
where there is none.

A count and no more: no cookie is read or set, nothing of the payer is kept, and two visits of one
person are two. What comes without the token of a page counts nothing, nor does a token a second
time: whoever wants to be counted must open pages, as fast as their network may.
"""

from __future__ import annotations

import base64
import re

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.infra.networks import network_of
from handbill.kernel import ids
from handbill.kernel.clock import MINUTE
from handbill.web.pages import asking
from handbill.web.pages.desk import Desk
from handbill.web.pages.headers import PICTURE_POLICY
from handbill.web.pages.tickets import LENGTH_MAX, Tickets
from handbill.web.rates import Rates

PATH = "/pay/opened"
YOUNG = 15 * MINUTE
"""How old a page may be that says so. Scripts run at once, but a phone may be out of reach."""
A_SECOND = 2
AT_ONCE = 120
"""Of one network: a market square behind one address, and no machine that opens pages all day."""
REMEMBERED = 16_384

_NOTHING_TO_SEE = base64.b64decode("R0lGODlhAQABAIAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
# Cubot makes phones, and messengers have browsers of their own: those are people.
_PROGRAM = re.compile(
    r"(?<!cu)bot\b|crawler|spider|preview|facebookexternalhit|^whatsapp/|vkshare|embedly|headless"
    r"|^(?:curl|wget|python|go-http-client|okhttp|axios|node)\b",
    re.IGNORECASE,
)


class Beacons:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._opens = desk.parts.opens
        self._tickets = Tickets(desk.crypto, desk.clock)
        self._rates = Rates(desk.clock, A_SECOND, AT_ONCE)
        self._heard = Heard()

    def routes(self) -> list[Route]:
        guard = self._desk.guard
        return [
            Route(PATH, guard(self.told), methods=["POST"]),
            Route(PATH + "/{token}", guard(self.shown), methods=["GET"]),
        ]

    async def told(self, request: Request) -> Response:
        """By a script. Whatever came, the answer is the same."""
        body = await asking.bounded(request, LENGTH_MAX)
        self._count(request, body.decode("latin-1"))
        return Response(status_code=204, headers=self._desk.plain_headers())

    async def shown(self, request: Request) -> Response:
        """By a picture of one pixel that nobody sees."""
        if request.method == "GET":
            self._count(request, request.path_params["token"])
        headers = {
            **self._desk.plain_headers(),
            "content-security-policy": PICTURE_POLICY,
            "cross-origin-resource-policy": "same-origin",
        }
        return Response(_NOTHING_TO_SEE, headers=headers, media_type="image/gif")

    def _count(self, request: Request, token: str) -> None:
        if is_program(request.headers.get("user-agent", "")) or _is_ahead(request):
            return
        ticket = self._tickets.read(token)
        if ticket is None or not ticket.code or not self._may_count(request):
            return
        oldest = ids.first_id(self._desk.clock.now() - YOUNG)
        if ticket.attempt_id >= oldest and self._heard.is_first(ticket.attempt_id):
            self._opens.count(ticket.link_id, ticket.code)

    def _may_count(self, request: Request) -> bool:
        host = request.client.host if request.client else ""
        return self._rates.take(network_of(host) or host).allowed


class Heard:
    """Which of the latest few thousand have been heard of already. Bounded: beyond that, the oldest
    are forgotten."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._half = most // 2
        self._new: set[int] = set()
        self._old: set[int] = set()

    def is_first(self, name: str) -> bool:
        key = hash(name)  # a quarter of the memory of the name
        if key in self._new or key in self._old:
            return False
        if len(self._new) >= self._half:
            self._old, self._new = self._new, set()
        self._new.add(key)
        return True


def is_program(user_agent: str) -> bool:
    """Whether it says of itself that no person looks: who fetches previews, and who searches."""
    return not user_agent or _PROGRAM.search(user_agent) is not None


def _is_ahead(request: Request) -> bool:
    """Fetched before anybody asked for it (https://wicg.github.io/nav-speculation/prefetch.html)."""
    return "prefetch" in request.headers.get("sec-purpose", "").lower()
