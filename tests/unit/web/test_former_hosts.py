"""What came to a host of earlier days: where it is led, and that it is led nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.types import Message

from handbill.kernel.addresses import Addresses
from handbill.web.former_hosts import FormerHosts

FORMER = FormerHosts(("old.example", "192.0.2.7:8000"), Addresses("https://pay.example/shop"))


def asked(host: str, path: str = "/", query: str = "", method: str = "GET") -> dict[str, Any]:
    return {
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(b"accept", b"*/*"), (b"host", host.encode())],
    }


@pytest.mark.parametrize(
    "host", ["old.example", "OLD.Example", "old.example:443", "old.example:80", "192.0.2.7:8000"]
)
def test_a_former_host_is_known_however_it_is_written(host: str) -> None:
    assert FORMER.is_at(asked(host))


@pytest.mark.parametrize(
    "host", ["", "pay.example", "old.example:8000", "192.0.2.7", "not-old.example", "old.example."]
)
def test_another_is_none(host: str) -> None:
    assert not FORMER.is_at(asked(host))
    assert not FormerHosts((), Addresses("https://pay.example")).is_at(asked(host))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_address_there_is_the_same_address_here(method: str) -> None:
    scope = asked("old.example", "/L/%41BC", "lang=ru&x=%2F", method)
    moved = FORMER.moved(scope, "L")
    assert moved is not None
    assert moved.status_code == 308
    assert moved.headers["location"] == "https://pay.example/shop/L/%41BC?lang=ru&x=%2F"


@pytest.mark.parametrize(
    "path", ["//evil.example", "/\\evil.example", "/@evil.example", "/%0d%0aset-cookie:x", "/.."]
)
def test_nobody_is_led_to_a_stranger(path: str) -> None:
    moved = FORMER.moved(asked("old.example", path), "")
    assert moved is not None
    assert moved.headers["location"].startswith("https://pay.example/shop/")


def test_what_is_no_path_becomes_no_part_of_a_host() -> None:
    assert FORMER.moved(asked("old.example", "@evil.example"), "") is None
    assert FORMER.moved(asked("old.example", ".evil.example"), "") is None


@pytest.mark.parametrize("word", ["api", "notifications", "healthz", "readyz", "metrics"])
def test_programs_are_answered_where_they_call(word: str) -> None:
    assert FORMER.moved(asked("old.example", f"/{word}/x"), word) is None


def test_forms_are_answered_where_they_were_opened() -> None:
    assert FORMER.moved(asked("old.example", "/pay/link/x", method="POST"), "pay") is None


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("location", "status"),
    [
        (b"https://pay.example/shop/pay/status/x", 200),
        (b"https://bank.example/pay", 303),
        (b"https://pay.example/shopping", 303),
        (b"https://pay.example.evil.example/shop/", 303),
    ],
)
async def test_the_answer_to_a_form_opens_our_next_page_by_itself(
    location: bytes, status: int
) -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    start = {"type": "http.response.start", "status": 303, "headers": [(b"location", location)]}
    for message in (start, {"type": "http.response.body", "body": b""}):
        await FORMER.leading_on(send)(message)

    headers = dict(sent[0]["headers"])
    assert sent[0]["status"] == status
    assert headers.get(b"refresh") == (b"0;url=" + location if status == 200 else None)
    assert (b"location" in headers) == (status != 200)
    assert sent[1]["body"] == b""
