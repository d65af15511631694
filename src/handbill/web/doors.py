"""The places to which people sign in."""

from __future__ import annotations

from starlette.routing import Route

from handbill.web.dashboard.dashboard import Dashboard
from handbill.web.pages.desk import Desk
from handbill.web.till.till import Till


def routes(desk: Desk) -> list[Route]:
    return [*Till(desk).routes(), *Dashboard(desk).routes()]
