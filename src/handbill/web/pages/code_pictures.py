"""Pictures of codes for whoever has their address: of links, products and placements alike."""

from __future__ import annotations

from typing import cast

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from handbill.infra.networks import network_of
from handbill.kernel.errors import Invalid, TooMany, Unavailable
from handbill.merchants import service as merchants
from handbill.qr.checking import Reading
from handbill.qr.kept import CONTENT_TYPES, Format, Wanted
from handbill.web.pages import code_options
from handbill.web.pages.desk import Desk
from handbill.web.pages.headers import DRAWN_POLICY, SHOWN_ANYWHERE
from handbill.web.rates import Rates

SUFFIXES = ("", ".png", ".svg", ".pdf")
"""What a path ends with after `/qr`."""
CACHE_SECONDS = 86_400
PRESSED_A_SECOND = 1
PRESSED_AT_ONCE = 16
"""Pictures for one network that need the press: half of those that may wait for it, so that there
is room for somebody else's. A picture that is kept counts for nothing."""
READING = "handbill-reading"
"""Header of a picture for paper, a dictionary of RFC 9651."""


class ShortAddress(msgspec.Struct, frozen=True):
    """`text` is what the code holds, `code` its short code, `merchant_id` whose logo may stand in
    it. `private`: it is one payer's own."""

    text: str
    code: str
    merchant_id: int
    private: bool = False


class CodePictures:
    """One for the process, as it counts what each network has the press do."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._pressed = Rates(desk.clock, PRESSED_A_SECOND, PRESSED_AT_ONCE)

    async def show(self, request: Request, address: ShortAddress) -> Response:
        """The format is in the path, everything else in the query. A refusal is a problem in JSON,
        whatever is accepted: who asks for options is a program."""
        format = cast(Format, request.url.path.rpartition("/qr")[2].removeprefix(".") or "png")
        try:
            wanted = await _wanted(self._desk, request, address.merchant_id)
            picture = await self._desk.codes.picture(
                address.text, format, wanted, lambda: self._admit(request)
            )
        except (Invalid, TooMany, Unavailable) as error:
            return self._desk.json_problem(error)
        kept = "private" if address.private else "public"
        headers = {
            "cache-control": f"{kept}, max-age={CACHE_SECONDS}",
            "content-security-policy": DRAWN_POLICY,
            **SHOWN_ANYWHERE,
            "content-disposition": f'inline; filename="qr-{address.code}.{format}"',
        }
        if picture.reading is not None:
            headers[READING] = _told(picture.reading)
        return Response(picture.data, headers=headers, media_type=CONTENT_TYPES[format])

    def _admit(self, request: Request) -> None:
        host = request.client.host if request.client else ""
        standing = self._pressed.take(network_of(host) or host)
        if not standing.allowed:
            self._desk.db.tallies.count("rate_limited", "pictures")
            raise TooMany(
                "Too many codes with a logo or for paper.",
                retry_after_seconds=standing.retry_seconds,
            )


async def _wanted(desk: Desk, request: Request, merchant_id: int) -> Wanted:
    options = code_options.read(request.query_params)
    style = options.style
    if options.logo:
        merchant = await desk.db.point(lambda tx: merchants.get(tx, merchant_id))
        logo = await desk.logos.prepared(merchant.logo)
        style = msgspec.structs.replace(style, logo=logo)
    return Wanted(style, options.extent)


def _told(reading: Reading) -> str:
    return (
        f"distance={reading.distance_mm}, module={reading.module_mm:.2f}, dpi={reading.dpi},"
        " simulated"
    )
