"""The figures of the guard against card testing: what an attack gets through to the acquirer, and
that payers who pay never notice. Networks are told apart by what a trusted proxy says."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import httpx2
import pytest

from handbill.kernel.clock import MINUTE, SECOND, ManualClock
from tests.support.running import JSON, RunningHouse, running_house
from tests.support.solving import solve

pytestmark = pytest.mark.anyio

ATTACK = 10 * MINUTE
THROUGH_MAX = 300
SEED = 20_260_301


@pytest.fixture
async def house(sqlite_url: str, tmp_path: Path, clock: ManualClock) -> AsyncIterator[RunningHouse]:
    folder = tmp_path / "data"
    async with running_house(sqlite_url, folder, clock, trusted_proxies="127.0.0.0/8") as running:
        yield running


def networks(house: RunningHouse, count: int) -> list[httpx2.AsyncClient]:
    """Programs, each in a network of its own."""
    return [house.client({**JSON, "x-forwarded-for": f"198.18.{n}.9"}) for n in range(count)]


async def press(http: httpx2.AsyncClient, url: str, *, solves: bool = False) -> httpx2.Response:
    answer = await http.post(url, data={"method": "card"})
    if solves and answer.status_code == 403:
        proof = solve(answer.json()["challenge"])
        answer = await http.post(url, data={"method": "card", **proof})
    return answer


async def decide(
    house: RunningHouse, http: httpx2.AsyncClient, begun: httpx2.Response, decision: str
) -> None:
    acquirer = begun.json()["data"]["payment_url"]
    assert (await http.post(acquirer, data={"decision": decision})).status_code == 303
    await house.settle()


async def attack(
    house: RunningHouse, attempts: int, thieves: int, urls: list[str], *, solves: bool = False
) -> int:
    """Tries card after card within ten minutes, from networks in turn. Gives how many tries came
    through to the acquirer."""
    clients = networks(house, thieves)
    for n in range(attempts):
        http = clients[n % thieves]
        answer = await press(http, urls[n % len(urls)], solves=solves)
        if answer.status_code == 201:
            await decide(house, http, answer, "decline_generic")
        assert answer.status_code in (201, 403, 429)
        house.clock.advance(ATTACK // attempts)
    return len(house.created)


async def honest(house: RunningHouse, payments: int, cafes: int) -> Counter[str]:
    """Payers of a few networks, one every few seconds. One in ten tries is refused, and who is
    refused tries again. Gives how the requests to pay were answered."""
    url, random = (await house.make_link())["url"], Random(SEED)
    clients, answers = networks(house, cafes), Counter[str]()
    for n in range(payments):
        http = clients[n % cafes]
        paid = False
        while not paid:
            answer = await press(http, url)
            answers[str(answer.status_code)] += 1
            paid = random.random() >= 0.1
            await decide(house, http, answer, "approve" if paid else "decline_insufficient_funds")
        house.clock.advance(5 * SECOND)
    return answers


async def links(house: RunningHouse, count: int) -> list[str]:
    return [(await house.make_link())["url"] for _ in range(count)]


async def test_a_small_attack_gets_five_tries_through_for_each_network(
    house: RunningHouse,
) -> None:
    assert await attack(house, 60, 3, await links(house, 3)) == 15


async def test_a_few_honest_payers_are_never_asked_for_work(house: RunningHouse) -> None:
    assert set(await honest(house, 30, 2)) == {"201"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("count", "solves"),
    [(1, False), (1, True), (50, False), (50, True)],
    ids=["one-link", "one-link-solving", "many-links", "many-links-solving"],
)
async def test_of_ten_thousand_tries_from_fifty_networks_few_come_through(
    house: RunningHouse, count: int, solves: bool
) -> None:
    through = await attack(house, 10_000, 50, await links(house, count), solves=solves)
    print(f"{through} of 10,000 came through")
    assert through <= THROUGH_MAX


@pytest.mark.slow
async def test_a_thousand_tries_side_by_side_do_not_all_come_through(house: RunningHouse) -> None:
    """Begun before the first is refused: twenty for each network, and none once one is."""
    [url] = await links(house, 1)
    clients = networks(house, 10)
    pressed = await asyncio.gather(*(press(http, url) for _ in range(100) for http in clients))
    through = [answer for answer in pressed if answer.status_code == 201]
    assert len(through) == len(house.created) == 200

    await decide(house, clients[0], through[0], "decline_generic")
    assert (await press(clients[0], url)).status_code == 403


@pytest.mark.slow
async def test_a_thousand_honest_payments_meet_no_challenge(house: RunningHouse) -> None:
    answers = await honest(house, 1_000, 20)
    print(f"{answers.total()} tries for 1,000 payments: {dict(answers)}")
    assert set(answers) == {"201"}
