"""Every request gets a name, is counted under the template of its address, and told once."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route, Router
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Scope

from handbill.infra import tracing
from handbill.web.entrance import Entrance, Ready, Visit
from handbill.web.visits import BUCKETS_SECONDS, Visits

KEPT = PlainTextResponse("from memory")


async def show(request: Request) -> Response:
    return PlainTextResponse(tracing.request_id())


async def show_inside(_: Request) -> Response:
    return PlainTextResponse("inside")


async def from_memory(_: Request) -> Response:
    return KEPT


async def break_down(_: Request) -> Response:
    raise ValueError("broken")


ALWAYS = [(b"x-always", b"yes")]


def kept_page(scope: Scope) -> Ready | None:
    if scope["path"] != "/things/kept":
        return None
    return Ready("/things/{id}", [(b"content-length", b"4")], b"kept")


class Door:
    """An entrance with everything that it tells."""

    def __init__(self) -> None:
        inner: ASGIApp = Router([Route("/pages/{id}", show_inside)])
        routes: list[Route | Mount] = [
            Route("/things/{id}", show),
            Route("/static/{name}", from_memory),
            Route("/broken", break_down),
            Mount("/inner", inner),
        ]
        self.visits = Visits()
        self.told: list[Visit] = []
        app = Entrance(
            Router(routes), routes, self.visits, self.told.append, ALWAYS, at_hand=kept_page
        )
        self.client = TestClient(app, raise_server_exceptions=False)

    def get(self, path: str, **more: Any) -> Any:
        return self.client.get(path, **more)


@pytest.fixture
def door() -> Door:
    return Door()


def test_each_answer_carries_a_name_of_its_own_and_never_the_callers(door: Door) -> None:
    answers = [door.get("/things/1", headers={"x-request-id": "mine"}) for _ in range(3)]
    names = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(names)) == 3
    assert "mine" not in "".join(names)
    assert [answer.text for answer in answers] == names
    assert [visit.request_id for visit in door.told] == names


def test_an_answer_from_memory_carries_one_name_however_often_it_is_given(door: Door) -> None:
    names = [door.get("/static/page.css").headers.get_list("x-request-id") for _ in range(3)]
    assert [len(one) for one in names] == [1, 1, 1]
    assert door.told == []  # files are not told of


def test_what_is_at_hand_is_named_counted_and_told_like_the_rest(door: Door) -> None:
    kept, other = door.get("/things/kept"), door.get("/things/1")

    assert (kept.status_code, kept.text) == (200, "kept")
    assert kept.headers["x-always"] == other.headers["x-always"] == "yes"
    assert [visit.request_id for visit in door.told] == [
        answer.headers["x-request-id"] for answer in (kept, other)
    ]
    assert [visit.route for visit in door.told] == ["/things/{id}"] * 2
    [durations] = door.visits.summary().values()
    assert sum(durations.counts) == 2


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [
        ("/things/secret", "/things/{id}", 200),
        ("/inner/pages/secret", "/inner", 200),
        ("/nowhere", "none", 404),
        ("/innermost", "none", 404),
    ],
)
def test_the_template_is_told_and_not_the_address(
    door: Door, path: str, route: str, status: int
) -> None:
    door.get(path)
    [visit] = door.told
    assert (visit.method, visit.route, visit.status) == ("GET", route, status)
    assert visit.key_id is None


def test_a_request_that_breaks_is_counted_too(door: Door) -> None:
    door.get("/broken")
    assert list(door.visits.summary()) == [("GET", "/broken", "none")]


def test_requests_of_one_class_are_summed_and_strange_methods_share_a_name() -> None:
    visits = Visits()
    for status, seconds in ((200, 0.0009), (204, 0.001), (201, 99.0), (404, 0.2)):
        visits.note(("GET", "/", status), seconds)
    visits.note(("PROPFIND", "/", 405), 0.2)
    visits.note(("LOCK", "/", 405), 0.2)

    summary = visits.summary()
    assert set(summary) == {("GET", "/", "2xx"), ("GET", "/", "4xx"), ("other", "/", "4xx")}
    found = summary["GET", "/", "2xx"]
    assert (found.counts[0], found.counts[-1], sum(found.counts)) == (2, 1, 3)
    assert len(found.counts) == len(BUCKETS_SECONDS) + 1
    assert found.sum_seconds == pytest.approx(99.0019)
    assert sum(summary["other", "/", "4xx"].counts) == 2
