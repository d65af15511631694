"""More codes for a link, their names, and the end of one."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.kernel.errors import Invalid
from handbill.links import placement_names, placement_tables, placements
from handbill.links.placement_names import Row
from handbill.merchants.model import Identity
from handbill.web.cursors import write_cursor
from handbill.web.dashboard import drafts, forms, lists, words
from handbill.web.dashboard.office import Office
from handbill.web.dashboard.print_views import Shown
from handbill.web.dashboard.printing import PATH, Printing
from handbill.web.pages.language import Language


class Placing:
    """What is refused is shown on the print page, with what was typed."""

    def __init__(self, office: Office, printing: Printing) -> None:
        self._office = office
        self._printing = printing

    def routes(self) -> list[Route]:
        guard, one = self._office.guard, f"{PATH}/placements/{{placement}}"
        return [
            Route(f"{PATH}/placements", guard(self.add), methods=["POST"]),
            Route(one, guard(self.rename), methods=["POST"]),
            Route(f"{one}/removal", guard(self.remove), methods=["POST"]),
        ]

    async def add(self, request: Request, identity: Identity) -> Response:
        """Pressed twice, the second finds its names taken and makes nothing."""
        language, link_id = self._office.language(request), request.path_params["id"]
        form = await forms.read(request)
        draft = drafts.read(form.fields, "")
        rows = drafts.rows(draft.codes)
        if form.file is not None:
            rows = placement_tables.opened(form.file.content, drafts.CODES)
            draft = drafts.with_names(draft, rows)
        faults = placement_names.faults(rows)
        if not rows:
            said = [language.gettext(words.NO_NAMES)]
        elif faults:
            said = drafts.codes_said(faults, rows, language)
        else:
            said = await self._added(identity, link_id, rows, language)
        if said:
            shown = Shown(faults={drafts.CODES: said}, names=draft.codes)
            return await self._printing.page(request, identity, {}, shown, 422)
        return self._back(request)

    async def rename(self, request: Request, identity: Identity) -> Response:
        office, language = self._office, self._office.language(request)
        link_id, placement_id = request.path_params["id"], request.path_params["placement"]
        name = (await forms.read(request)).fields.get("name", "")
        try:
            await office.db.write(
                lambda tx: placements.change(tx, identity.tenant, link_id, placement_id, name=name),
                merchant=identity.tenant.merchant_id,
            )
        except Invalid as error:
            row = Row("name", placement_names.cleaned(name))
            [said, *_] = drafts.codes_said(error.faults, [row], language)
            shown = Shown(renamed=(placement_id, name, said))
            return await self._printing.page(request, identity, {}, shown, 422)
        return self._back(request)

    async def remove(self, request: Request, identity: Identity) -> Response:
        """Its code goes on leading to the link."""
        link_id, placement_id = request.path_params["id"], request.path_params["placement"]
        await self._office.db.write(
            lambda tx: placements.remove(tx, identity.tenant, link_id, placement_id),
            merchant=identity.tenant.merchant_id,
        )
        return self._back(request)

    async def _added(
        self, identity: Identity, link_id: str, rows: list[Row], language: Language
    ) -> list[str]:
        """What is wrong with the names; empty where they were made."""
        try:
            await self._office.db.write(
                lambda tx: placements.create(tx, identity.tenant, link_id, rows),
                merchant=identity.tenant.merchant_id,
            )
        except Invalid as error:
            return drafts.codes_said(error.faults, rows, language)
        return []

    def _back(self, request: Request) -> Response:
        """To the codes among which the form stood."""
        after = lists.position(request.query_params.get("cursor"))
        asked = f"?{urlencode({'cursor': write_cursor(after)})}" if after else ""
        return self._office.go_to(f"/links/{request.path_params['id']}{asked}#codes")
