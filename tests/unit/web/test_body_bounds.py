"""What the server reads of a body, and what it never does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from starlette.testclient import TestClient

from handbill.kernel.clock import ManualClock
from handbill.web.bodies import BODY_MAX
from tests.unit.web.toy import KEY, toy_app

pytestmark = pytest.mark.anyio

GOOD = b'{"title": "Hello", "kind": "plain", "price": {"value": 5}}'
JSON = {"content-type": "application/json"}


class Sent:
    """A caller that counts what is taken of its body."""

    def __init__(self, chunks: Sequence[bytes], *, whole: bool) -> None:
        self.chunks = list(chunks)
        self.whole = whole
        self.taken = 0
        self.answer: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        if self.taken == len(self.chunks):
            return {"type": "http.disconnect"}
        self.taken += 1
        more = self.taken < len(self.chunks) or not self.whole
        return {"type": "http.request", "body": self.chunks[self.taken - 1], "more_body": more}

    async def send(self, message: Any) -> None:
        self.answer.append(message)

    @property
    def status(self) -> int:
        return int(self.answer[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.answer[0]["headers"])


async def post(
    clock: ManualClock,
    chunks: Sequence[bytes],
    headers: dict[str, str],
    path: str = "/api/v1/notes",
    *,
    whole: bool = True,
) -> Sent:
    sent = Sent(chunks, whole=whole)
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(n.encode(), v.encode()) for n, v in ({"x-api-key": KEY} | headers).items()],
    }
    await toy_app(clock)(scope, sent.receive, sent.send)
    return sent


async def test_a_body_that_says_it_is_too_long_is_not_read_at_all(clock: ManualClock) -> None:
    sent = await post(clock, [b"x"] * 9, JSON | {"content-length": str(BODY_MAX + 1)})

    assert (sent.status, sent.taken) == (413, 0)
    assert sent.headers[b"connection"] == b"close"


async def test_a_body_without_a_length_is_read_up_to_the_bound_only(clock: ManualClock) -> None:
    sent = await post(clock, [b" " * 16_384] * 100, JSON)

    assert (sent.status, sent.taken) == (413, BODY_MAX // 16_384 + 1)


async def test_a_body_that_lies_about_its_length_is_bounded_too(clock: ManualClock) -> None:
    sent = await post(clock, [b" " * 16_384] * 100, JSON | {"content-length": "5"})

    assert (sent.status, sent.taken) == (413, BODY_MAX // 16_384 + 1)


async def test_a_body_of_exactly_the_bound_is_taken(clock: ManualClock) -> None:
    body = GOOD.ljust(BODY_MAX)

    sent = await post(clock, [body[:100], body[100:]], JSON | {"content-length": str(BODY_MAX)})

    assert sent.status == 201


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "wrong"}])
async def test_nothing_is_read_of_a_request_that_is_refused_before(
    clock: ManualClock, headers: dict[str, str]
) -> None:
    sent = await post(clock, [GOOD], headers)

    assert sent.status in (401, 415)
    assert sent.taken == 0


async def test_a_caller_that_hangs_up_gets_no_answer(clock: ManualClock) -> None:
    sent = await post(clock, [GOOD[:10], GOOD[10:20]], JSON, whole=False)

    assert (sent.taken, sent.answer) == (2, [])


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ('Application/JSON;charset="UTF-8"', 201),
        ("application/json; charset=latin-1", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/jsonp", 415),
        ("", 415),
    ],
)
def test_a_body_is_json_in_utf_8(api: TestClient, kind: str, status: int) -> None:
    answer = api.post("/api/v1/notes", content=GOOD, headers={"content-type": kind})

    assert answer.status_code == status


def test_a_packed_body_is_refused(api: TestClient) -> None:
    answer = api.post("/api/v1/notes", content=GOOD, headers=JSON | {"content-encoding": "gzip"})

    assert answer.status_code == 415


def test_doubled_members_are_refused_by_name(api: TestClient) -> None:
    body = GOOD[:-1] + b', "kind": "loud"}'

    answer = api.post("/api/v1/notes", content=body, headers=JSON)

    assert (answer.status_code, answer.json()["error"]) == (400, "malformed")
    assert "kind" in answer.json()["detail"]


def test_all_faults_are_in_the_answer(api: TestClient) -> None:
    answer = api.post("/api/v1/notes", json={"title": False, "price": {"value": 10**19}})

    assert (answer.status_code, answer.json()["details"]) == (
        422,
        {
            "title": ["must be a string"],
            "price.value": ["must be at most 1000"],
            "kind": ["is required"],
        },
    )


def test_a_file_is_taken_from_its_part(api: TestClient) -> None:
    answer = api.post("/api/v1/sounds", files={"sound": ("beep.wav", b"beep" * 100)})

    assert (answer.status_code, answer.json()) == (
        201,
        {"data": {"name": "beep.wav", "bytes": 400}},
    )


def test_a_form_without_the_file_names_what_is_missing(api: TestClient) -> None:
    answer = api.post("/api/v1/sounds", files={"noise": ("beep.wav", b"beep")})

    assert (answer.status_code, answer.json()["details"]) == (422, {"sound": ["must be a file"]})


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=x"])
def test_a_broken_form_is_refused(api: TestClient, kind: str) -> None:
    answer = api.post("/api/v1/sounds", content=b"junk", headers={"content-type": kind})

    assert (answer.status_code, answer.json()["error"]) in ((400, "malformed"), (422, "invalid"))


def test_something_else_than_a_form_is_refused(api: TestClient) -> None:
    assert api.post("/api/v1/sounds", json={}).status_code == 415


def test_a_file_over_its_bound_is_refused(api: TestClient) -> None:
    answer = api.post("/api/v1/sounds", files={"sound": ("a", b"x" * 100_001)})

    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")


async def test_a_large_form_is_read_up_to_its_bound_only(clock: ManualClock) -> None:
    head = b'--x\r\ncontent-disposition: form-data; name="sound"; filename="a"\r\n\r\n'
    kind = {"content-type": "multipart/form-data; boundary=x"}

    sent = await post(clock, [head, *[b"x" * 60_000] * 50], kind, "/api/v1/sounds")

    assert sent.status == 413
    assert sent.taken <= 4
    assert json.loads(sent.answer[1]["body"])["error"] == "too_large"
