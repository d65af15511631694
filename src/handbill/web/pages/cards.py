"""The picture that a messenger shows of a link without one: a bill with its code on the stub.

Drawn in the worker process that sets type, once for each state of the link, and kept in bounded
memory: a message in a large group is looked at by many at once.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.infra.workshop import JobFailed, JobStopped
from handbill.kernel.errors import LinkNotPayable, Unavailable
from handbill.links.offer import Offer
from handbill.qr.code import Code, make
from handbill.web.pages import reading, sharing
from handbill.web.pages.accents import accent
from handbill.web.pages.desk import Desk
from handbill.web.pages.headers import PICTURE_POLICY, SHOWN_ANYWHERE
from handbill.web.pages.language import Language, english
from handbill.web.pages.paper import TYPESETTING
from handbill.web.pages.render import TEMPLATES

CACHE_SECONDS = 3_600
KEPT_MAX = 64
"""Of some 60 KB each."""
MODULES_MAX = 89
"""At three pixels each. No phone reads less from a screen: then the card is without a code."""
OWN_COLOR, SHEET = "#0b5b48", "#fffdf8"
_SOURCE = TEMPLATES / "card.typ"

_Key = tuple[str, int, int, str, str]


class Cards:
    """Of links that can be paid: an end has no amount to show."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._kept: OrderedDict[_Key, asyncio.Task[bytes]] = OrderedDict()

    def routes(self) -> list[Route]:
        return [Route("/pay/link/{id}/card.png", self._desk.guard(self.show), methods=["GET"])]

    async def show(self, request: Request) -> Response:
        desk, link_id = self._desk, reading.id_of(request)
        asked = reading.asked(request, desk.crypto, link_id)
        offer = (await desk.db.point(lambda tx: reading.read(tx, link_id, None, asked))).offer
        if offer.end is not None:
            raise LinkNotPayable(offer.end)
        picture = await self._picture(offer, desk.language_of(request, offer.link.lang))
        headers = {
            "cache-control": f"{'private' if asked else 'public'}, max-age={CACHE_SECONDS}",
            "content-security-policy": PICTURE_POLICY,
            **SHOWN_ANYWHERE,
        }
        return Response(picture, headers=headers, media_type="image/png")

    async def _picture(self, offer: Offer, language: Language) -> bytes:
        query = offer.personal.query if offer.personal is not None else ""
        version = (offer.link.id, offer.link.version, offer.merchant.updated_at)
        key = (*version, language.code, query)
        making = self._kept.get(key)
        if making is None:
            making = self._kept[key] = asyncio.create_task(self._draw(offer, language, query))
            making.add_done_callback(lambda made: self._forget_failure(key, made))
            if len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)
        # Shielded: one caller that goes away does not take the picture from the others.
        return await asyncio.shield(making)

    def _forget_failure(self, key: _Key, made: asyncio.Task[bytes]) -> None:
        if made.cancelled() or made.exception() is not None:
            self._kept.pop(key, None)

    async def _draw(self, offer: Offer, language: Language, query: str) -> bytes:
        desk = self._desk
        code = make(desk.addresses.short(offer.link.code, query))
        texts = [offer.merchant.name, sharing.heading_of(offer, language)]
        editions = [_sheet(offer, one, code) for one in (language, english())]
        try:
            made = await desk.parts.press.run(
                f"{TYPESETTING}:png", _SOURCE.read_text(), _json(editions), _json(texts)
            )
        except (JobFailed, JobStopped) as error:
            raise Unavailable("The card cannot be drawn right now.") from error
        return msgspec.convert(made, bytes)


def _sheet(offer: Offer, language: Language, code: Code) -> dict[str, Any]:
    total, tokens = sharing.total_of(offer), accent(offer.merchant.color or OWN_COLOR, SHEET)
    test = language.gettext("Test: no money moves")
    return {
        "lang": language.code.partition("-")[0],
        "rtl": language.direction == "rtl",
        "color": tokens.accent,
        "ink": tokens.on_accent,
        "amount": None if total is None else str(language.money(total)),
        "action": sharing.what_to_do(offer, language),
        "test": test if offer.link.test else None,
        "code": [_runs(row) for row in code.framed()] if code.side <= MODULES_MAX else [],
    }


def _runs(row: bytes) -> list[tuple[int, int]]:
    """Where its dark modules begin, and how many there are in a row."""
    return [(found.start(), len(found[0])) for found in re.finditer(b"\x01+", row)]


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
