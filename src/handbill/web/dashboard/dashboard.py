"""All addresses of the dashboard."""

from __future__ import annotations

from starlette.routing import Route

from handbill.web.dashboard.creating import Creating
from handbill.web.dashboard.door import Door
from handbill.web.dashboard.lists import Lists
from handbill.web.dashboard.office import Office
from handbill.web.dashboard.placing import Placing
from handbill.web.dashboard.printing import Printing
from handbill.web.pages.desk import Desk


class Dashboard:
    def __init__(self, desk: Desk) -> None:
        self._office = Office(desk)

    def routes(self) -> list[Route]:
        office = self._office
        door, printing = Door(office), Printing(office)
        return [
            *Creating(office, door).routes(),
            *door.routes(),
            *Lists(office).routes(),
            *printing.routes(),
            *Placing(office, printing).routes(),
        ]
