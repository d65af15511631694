"""The print page of a link: what it looks like on paper, and Print, which gives the PDF."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.infra import reach
from handbill.kernel.errors import (
    AddressNotPublic,
    CannotBeScanned,
    HandbillError,
    Invalid,
    NotFound,
    Unavailable,
)
from handbill.kernel.languages import LanguageCode
from handbill.merchants.model import Identity
from handbill.qr.papers import TEMPLATES
from handbill.web.cursors import write_cursor
from handbill.web.dashboard import forms, lists, orders, print_views, snapshots, words
from handbill.web.dashboard.office import HOME, Office
from handbill.web.dashboard.orders import Options
from handbill.web.dashboard.print_views import LARGE_PIXELS, NOTHING, THUMB_PIXELS, Around, Shown
from handbill.web.dashboard.proofs import Proofs
from handbill.web.dashboard.snapshots import Snapshot
from handbill.web.pages import asking
from handbill.web.pages.headers import PICTURE_POLICY
from handbill.web.prints import Order

PATH = f"{HOME}/links/{{id}}"
FIELDS_MAX = snapshots.ROWS_MAX + asking.FIELDS_MAX
"""A tick for each code on the page, and what else the form has."""
DISTANCE_SECONDS = 1.0
"""A page waits so long for what it says beside the preview."""
SIZES = {"small": THUMB_PIXELS, "large": LARGE_PIXELS}


class Printing:
    def __init__(self, office: Office) -> None:
        self._office = office
        self._printer = office.desk.printer
        self._pictures: Proofs[bytes] = Proofs(len)
        self._distances: Proofs[int] = Proofs()
        found = reach.obstacle(office.desk.addresses.base)
        self._obstacle = words.OBSTACLES[found] if found is not None else ""

    def routes(self) -> list[Route]:
        guard = self._office.guard
        return [
            Route(PATH, guard(self.show), methods=["GET"]),
            Route(f"{PATH}/print", guard(self.print), methods=["POST"]),
            Route(f"{PATH}/preview/{{template}}/{{size}}.png", guard(self.preview)),
        ]

    async def show(self, request: Request, identity: Identity) -> Response:
        return await self.page(request, identity)

    async def print(self, request: Request, identity: Identity) -> Response:
        """The PDF; where it was refused, the page with what was chosen and why."""
        office, language = self._office, self._office.language(request)
        fields = (await forms.read(request, FIELDS_MAX)).fields
        snapshot = await self._snapshot(request, identity)
        options = orders.read(fields, print_views.plain(snapshot))
        try:
            order = orders.order(options, snapshot.full.link.id, self._spoken(options))
            made = await self._printer.print(identity.tenant, order)
        except AddressNotPublic:
            shown = Shown(notice=language.gettext(words.NOT_PUBLIC))
            return await self.page(request, identity, fields, shown, 409)
        except CannotBeScanned:
            shown = Shown(notice=language.gettext(words.UNREADABLE))
            return await self.page(request, identity, fields, shown, 422)
        except Unavailable:
            shown = Shown(notice=language.gettext(words.BUSY))
            return await self.page(request, identity, fields, shown, 503)
        except Invalid as error:
            shown = print_views.refused(error.faults, options, language)
            return await self.page(request, identity, fields, shown, 422)
        headers = {
            **office.desk.plain_headers(),
            "content-disposition": f'inline; filename="{made.name}"',
        }
        return Response(made.pdf, headers=headers, media_type="application/pdf")

    async def preview(self, request: Request, identity: Identity) -> Response:
        """A picture of the first page with its first card."""
        template = TEMPLATES.get(request.path_params["template"])
        pixels = SIZES.get(request.path_params["size"])
        if template is None or pixels is None:
            raise NotFound("There is no such preview.")
        snapshot = await self._snapshot(request, identity)
        chosen = orders.read(
            {**request.query_params, "template": template.name}, print_views.plain(snapshot)
        )
        options = orders.of_preview(chosen, snapshot.first(orders.ticked(chosen)))
        order = orders.order(options, snapshot.full.link.id, self._spoken(options))
        ppi = print_views.ppi_of(template, pixels)
        picture = await self._pictures.get(
            identity.tenant.merchant_id,
            (identity.tenant, order, ppi, snapshot.version(options.ticked)),
            lambda: self._printer.preview(identity.tenant, order, ppi),
        )
        headers = {**self._office.desk.plain_headers(), "content-security-policy": PICTURE_POLICY}
        return Response(picture, headers=headers, media_type="image/png")

    async def page(
        self,
        request: Request,
        identity: Identity,
        fields: Mapping[str, str] | None = None,
        shown: Shown = NOTHING,
        status: int = 200,
    ) -> Response:
        """`fields`: of a form that was refused; else the address says what was chosen."""
        office, language = self._office, self._office.language(request)
        snapshot = await self._snapshot(request, identity)
        chosen = request.query_params if fields is None else fields
        options = orders.read(chosen, print_views.plain(snapshot))
        frame = await office.db.point(lambda tx: office.around(tx, identity, "links"))
        distance = await self._distance(identity, snapshot, options)
        desk = Around(
            frame=frame,
            addresses=office.desk.addresses,
            language=language,
            languages=office.desk.languages.offered,
            now=office.clock.now(),
            cursor=write_cursor(snapshot.after) if snapshot.after else "",
            distance=print_views.distance_said(distance, language),
            obstacle=language.gettext(self._obstacle) if self._obstacle else "",
        )
        view = print_views.page(snapshot, options, desk, shown)
        return office.page(request, "print", view, status)

    async def _snapshot(self, request: Request, identity: Identity) -> Snapshot:
        after = lists.position(request.query_params.get("cursor"))
        link_id = request.path_params["id"]
        return await self._office.db.read(
            lambda tx: snapshots.read(tx, identity.tenant, link_id, after)
        )

    async def _distance(self, identity: Identity, snapshot: Snapshot, options: Options) -> int:
        """From how far the code reads, in millimetres; 0 where that cannot be told now. It depends
        on how the code looks and on how long its address is, not on the link."""
        one = orders.of_preview(options, snapshot.first())
        alike = (options.template, one.color, one.level, one.logo_in_code, snapshot.merchant.logo)
        try:
            order = orders.order(one, snapshot.full.link.id, self._spoken(one))
            found = await self._distances.soon(
                identity.tenant.merchant_id,
                (identity.tenant, *alike),
                lambda: self._checked(identity, order),
                DISTANCE_SECONDS,
            )
            return found or 0
        except HandbillError:  # it is said when the print itself is refused
            return 0

    async def _checked(self, identity: Identity, order: Order) -> int:
        return (await self._printer.check(identity.tenant, order)).distance_mm

    def _spoken(self, options: Options) -> LanguageCode | None:
        return self._office.desk.languages.spoken(options.lang or None)
