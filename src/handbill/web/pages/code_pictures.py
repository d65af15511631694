"""Pictures of codes for whoever has their address: of links, products and placements alike."""

from __future__ import annotations

from typing import cast

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from handbill.kernel.errors import Invalid
from handbill.merchants import service as merchants
from handbill.qr.checking import Reading
from handbill.qr.kept import CONTENT_TYPES, Format, Wanted
from handbill.web.pages import code_options
from handbill.web.pages.desk import Desk
from handbill.web.pages.headers import DRAWN_POLICY, SHOWN_ANYWHERE

SUFFIXES = ("", ".png", ".svg", ".pdf")
"""What a path ends with after `/qr`."""
CACHE_SECONDS = 86_400
READING = "handbill-reading"
"""Header of a picture for paper, a dictionary of RFC 9651."""


class ShortAddress(msgspec.Struct, frozen=True):
    """`text` is what the code holds, `code` its short code, `merchant_id` whose logo may stand in
    it. `private`: it is one payer's own."""

    text: str
    code: str
    merchant_id: int
    private: bool = False


async def show(desk: Desk, request: Request, address: ShortAddress) -> Response:
    """The format is in the path, everything else in the query. A refusal is a problem in JSON,
    whatever is accepted: who asks for options is a program."""
    format = cast(Format, request.url.path.rpartition("/qr")[2].removeprefix(".") or "png")
    try:
        wanted = await _wanted(desk, request, address.merchant_id)
        picture = await desk.codes.picture(address.text, format, wanted)
    except Invalid as error:
        return desk.json_problem(error)
    headers = {
        "cache-control": f"{'private' if address.private else 'public'}, max-age={CACHE_SECONDS}",
        "content-security-policy": DRAWN_POLICY,
        **SHOWN_ANYWHERE,
        "content-disposition": f'inline; filename="qr-{address.code}.{format}"',
    }
    if picture.reading is not None:
        headers[READING] = _told(picture.reading)
    return Response(picture.data, headers=headers, media_type=CONTENT_TYPES[format])


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
