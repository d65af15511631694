"""Addresses as only an attacker writes them are answered with "nothing here", whatever the
database makes of their text, and lead nowhere but home."""

from __future__ import annotations

import pytest

from tests.support.payers import seen
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio

UNFIT = (
    "/pay/status/%00",
    "/pay/status/%00/qr.svg",
    "/pay/payment/%00",
    "/pay/link/%00",
    "/pay/product/%00/qr",
    "/L/%00",
    "/images/uploads/1/%00",
    "/sandbox/pay/%00",
    "/sandbox/%00",
    "/pay/status/a%0d%0aset-cookie:%20a=b",
)


async def test_text_that_no_database_takes_leads_nowhere(house: RunningHouse) -> None:
    answers = {path: await house.payer.get(path) for path in UNFIT}
    posted = {
        path: await house.payer.post(path, data={"method": "card"})
        for path in ("/pay/payment/%00", "/sandbox/pay/%00", "/notifications/sandbox/%00")
    }

    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(
        UNFIT, 404
    )
    assert {answer.status_code for answer in posted.values()} == {404}
    assert not any("set-cookie" in answer.headers for answer in answers.values())


@pytest.mark.parametrize(
    "path",
    ["/docs", "/openapi.json", "/sandbox/inbox", "/api", "/pay/link/x", "//elsewhere.example"],
)
async def test_a_slash_too_many_leads_home_whatever_host_the_request_names(
    house: RunningHouse, path: str
) -> None:
    lured = house.client({"host": "evil.example", "accept": "text/html"})

    answers = [await lured.get(f"{house.url}{path}"), await lured.get(f"{house.url}{path}/")]

    led = [answer.headers["location"] for answer in answers if "location" in answer.headers]
    assert all(address.startswith(f"{house.url}/") for address in led)
    assert all("evil.example" not in answer.text for answer in answers)


async def test_a_page_with_a_slash_too_many_is_found(house: RunningHouse) -> None:
    link = await house.make_link()

    answer = await house.payer.get(link["url"] + "/")

    assert (answer.status_code, answer.headers["location"]) == (307, link["url"])


@pytest.mark.parametrize(
    "body",
    [b"[" * 30_000, b'{"status":' + b"[" * 20_000, b"\x00", b"\xff", b'"\\ud800"', b""],
    ids=["deep", "deep in an object", "nul", "not utf-8", "half a pair", "nothing"],
)
async def test_the_inbox_shows_whatever_was_sent_to_it(house: RunningHouse, body: bytes) -> None:
    tag = "<img src=x onerror=alert(1)>"
    sent = await house.payer.post("/sandbox/inbox", content=body, headers={"webhook-id": tag})

    page = seen(await house.payer.get("/sandbox/inbox"))

    assert (sent.status_code, page.status) == (204, 200)
    assert tag in page.text
    assert tag not in page.html
