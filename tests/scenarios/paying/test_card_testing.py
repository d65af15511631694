"""Somebody tries stolen cards on a link: refusals cost work, then an hour. Payers who pay never
notice. Networks are told apart by what a trusted proxy says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from handbill.kernel.clock import HOUR, MINUTE, ManualClock
from tests.support import roads
from tests.support.running import JSON, RunningHouse, running_house
from tests.support.solving import solve

pytestmark = pytest.mark.anyio

PROXIES = "127.0.0.0/8"


@pytest.fixture
async def house(sqlite_url: str, tmp_path: Path, clock: ManualClock) -> AsyncIterator[RunningHouse]:
    folder = tmp_path / "data"
    async with running_house(sqlite_url, folder, clock, trusted_proxies=PROXIES) as running:
        yield running


class Program:
    """Pays links without a browser, from an address of its own."""

    def __init__(self, house: RunningHouse, address: str) -> None:
        self.house = house
        self.http = house.client({**JSON, "x-forwarded-for": address})

    async def press(self, url: str, **fields: str) -> httpx2.Response:
        return await self.http.post(url, data={"method": "card", **fields})

    async def challenge(self, url: str) -> dict[str, Any]:
        answer = await self.press(url)
        assert answer.status_code == 403, answer.text
        return dict(answer.json()["challenge"])

    async def begin(self, url: str, **fields: str) -> str:
        """Where the payer is sent to."""
        pressed = await self.press(url, **fields)
        assert pressed.status_code == 201, pressed.text
        return str(pressed.json()["data"]["payment_url"])

    async def decline(self, acquirer: str) -> None:
        answer = await self.http.post(acquirer, data={"decision": "decline_generic"})
        assert answer.status_code == 303
        await self.house.settle()

    async def decide(self, url: str, decision: str, **fields: str) -> httpx2.Response:
        """Presses Pay, and decides at the acquirer where it gets so far."""
        pressed = await self.press(url, **fields)
        if pressed.status_code == 201:
            acquirer = pressed.json()["data"]["payment_url"]
            assert (await self.http.post(acquirer, data={"decision": decision})).status_code == 303
            await self.house.settle()
        return pressed


async def refused(program: Program, url: str, times: int) -> None:
    for _ in range(times):
        assert (await program.decide(url, "decline_generic")).status_code == 201


async def test_after_five_refusals_every_further_try_costs_the_network_work(
    house: RunningHouse,
) -> None:
    url = (await house.make_link())["url"]
    thief = Program(house, "203.0.113.9")
    await refused(thief, url, 5)

    asked = await thief.press(url)
    assert asked.status_code == 403
    problem = asked.json()
    assert (problem["error"], asked.headers["retry-after"]) == ("challenge_required", "600")
    assert set(problem["challenge"]) == {"algorithm", "token", "prefix", "bits", "expires_in"}
    neighbour = Program(house, "203.0.113.200")
    assert (await neighbour.press(url)).status_code == 403

    proof = solve(await thief.challenge(url))
    assert (await thief.decide(url, "decline_generic", **proof)).status_code == 201
    harder = await thief.challenge(url)
    assert harder["bits"] == problem["challenge"]["bits"] + 1
    assert len(house.created) == 6


async def test_ten_refusals_block_the_network_for_an_hour(house: RunningHouse) -> None:
    url = (await house.make_link())["url"]
    thief = Program(house, "203.0.113.9")
    begun = [await thief.begin(url) for _ in range(10)]  # all of them before the first refusal
    for acquirer in begun:
        await thief.decline(acquirer)

    blocked = await thief.press(url)
    assert (blocked.status_code, blocked.json()["error"]) == (429, "network_blocked")
    assert blocked.headers["retry-after"] == "3600"

    assert (await Program(house, "203.0.114.9").press(url)).status_code == 201
    house.clock.advance(HOUR)
    assert (await thief.press(url)).status_code == 201


async def test_a_proof_counts_once_for_its_own_link_and_network_and_not_for_ever(
    house: RunningHouse,
) -> None:
    url = (await house.make_link(pay_config={"methods": ["card", "sbp"]}))["url"]
    other_url = (await house.make_link())["url"]
    thief, other = Program(house, "203.0.113.9"), Program(house, "198.51.100.7")
    await refused(thief, url, 5)
    await refused(other, other_url, 5)
    proof = solve(await thief.challenge(url))
    wrong = {**proof, "solution": proof["solution"] + "1"}
    forged = {**proof, "challenge": proof["challenge"][:-1] + "x"}
    asked = len(house.created)
    for sent in (wrong, forged, {"challenge": proof["challenge"]}):
        assert (await thief.press(url, **sent)).status_code == 403
    assert (await other.press(url, **proof)).status_code == 403
    assert (await thief.press(other_url, **proof)).status_code == 403
    assert len(house.created) == asked

    first = await thief.press(url, **proof)
    again = await thief.press(url, **proof)
    assert first.json() == again.json()
    assert len(house.created) == asked + 1
    browser = house.client({"accept": "text/html", "x-forwarded-for": "203.0.113.9"})
    browser.cookies.set("payer", "somebody")
    page = await browser.get(url)
    ticket = page.text.partition('name="attempt" value="')[2].partition('"')[0]
    fields = {"attempt": ticket, "method": "sbp", **proof}
    assert (await browser.post(url, data=fields)).status_code == 403
    assert len(house.created) == asked + 1

    stale = solve(await thief.challenge(url))
    house.clock.advance(10 * MINUTE)
    await refused(thief, url, 5)
    assert (await thief.press(url, **stale)).status_code == 403


async def test_a_developer_on_this_machine_may_decline_all_day(house: RunningHouse) -> None:
    url = (await house.make_link())["url"]
    here = Program(house, "127.0.0.1")
    await refused(here, url, 11)
    assert (await here.press(url)).status_code == 201


async def test_an_acquirer_that_is_down_makes_nobody_a_suspect(
    house: RunningHouse,
) -> None:
    url = (await house.make_link())["url"]
    payer = Program(house, "203.0.113.9")
    for _ in range(12):
        house.road.break_next("POST", "/sandbox/v1/payments", roads.refused(503))
        assert (await payer.press(url)).status_code == 201


async def test_a_payment_made_with_a_key_is_never_asked_for_work_but_is_no_place_to_try_cards(
    house: RunningHouse,
) -> None:
    body = {"params": {"type": "payment", "amount": 1000, "currency": "RUB"}}

    async def ordered() -> str:
        answer = await house.shop.post("/api/v1/transactions", json=body)
        return str(answer.json()["data"]["payment_url"]).replace("/status/", "/payment/")

    url, next_url = await ordered(), await ordered()
    customer = Program(house, "203.0.113.9")
    await refused(customer, url, 10)

    resting = await customer.press(url)
    assert (resting.status_code, resting.json()["error"]) == (429, "network_blocked")
    assert (await customer.decide(next_url, "approve")).status_code == 201
    assert (await customer.press((await house.make_link())["url"])).status_code == 201
