"""A burst: five hundred payers within ten seconds open one link and press Pay, each in a browser
of their own. They come at random moments and do not wait for one another."""

from __future__ import annotations

import asyncio
import random
import time
from urllib.parse import urlsplit

import aiohttp
import msgspec
import uvloop

from bench import servers
from bench.figures import Aim, Figure, Part, share
from bench.pgbench import durable_postgres
from bench.run import Run
from bench.servers import Server
from bench.shop import TOKEN, visit

PAYERS = 500
WITHIN_SECONDS = 10.0
PAYER_SECONDS_MAX = 30.0
PAGE_MS_MAX = 200.0
START_MS_MAX = 500.0


class Seen(msgspec.Struct, frozen=True):
    """What all payers of a round met, in milliseconds."""

    page_ms: list[float]
    start_ms: list[float]
    errors: list[str]


def measure(run: Run) -> Part:
    folder = run.place("burst")
    figures: list[Figure] = []
    with durable_postgres(folder) as postgres:
        url = postgres.create("handbill")
        with (
            servers.handbill(folder / "sqlite") as on_file,
            servers.handbill(folder / "postgres", database_url=url) as on_postgres,
        ):
            found: dict[str, list[Seen]] = {"SQLite": [], "PostgreSQL": []}
            for number in run.each_round("burst"):
                for name, server in zip(found, (on_file, on_postgres), strict=True):
                    found[name].append(_burst(server, number))
    for name, rounds in found.items():
        figures += _figures(name, rounds)
    words = {error for rounds in found.values() for seen in rounds for error in seen.errors}
    return Part(
        f"A burst: {PAYERS} payers within {WITHIN_SECONDS:.0f} s open one link and start paying",
        figures,
        [
            "Each payer: a new connection, the page, then Pay with the page's token. The start",
            "contains the request to the sandbox acquirer, which runs in the same process.",
            *sorted(words)[:5],
        ],
    )


def _figures(name: str, rounds: list[Seen]) -> list[Figure]:
    pages = [share(seen.page_ms, 99) for seen in rounds]
    starts = [share(seen.start_ms, 99) for seen in rounds]
    return [
        Figure(f"{name}, page, median", [share(seen.page_ms, 50) for seen in rounds], "ms"),
        Figure(f"{name}, page, 99 of 100", pages, "ms", Aim(PAGE_MS_MAX, at_least=False)),
        Figure(f"{name}, start, median", [share(seen.start_ms, 50) for seen in rounds], "ms"),
        Figure(f"{name}, start, 99 of 100", starts, "ms", Aim(START_MS_MAX, at_least=False)),
        Figure(
            f"{name}, errors, all rounds",
            [float(sum(len(seen.errors) for seen in rounds))],
            aim=Aim(0, at_least=False),
        ),
    ]


def _burst(server: Server, seed: int) -> Seen:
    link = visit(server, lambda shop: shop.make_full_link())
    path = urlsplit(link["url"]).path
    draw = random.Random(seed)
    moments = sorted(draw.uniform(0, WITHIN_SECONDS) for _ in range(PAYERS))

    async def run() -> Seen:
        seen = Seen([], [], [])
        begin = time.perf_counter() + 0.5
        async with asyncio.TaskGroup() as payers:
            for moment in moments:
                payers.create_task(_payer(server.url + path, begin + moment, seen))
        return seen

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run())


async def _payer(url: str, at: float, seen: Seen) -> None:
    await asyncio.sleep(at - time.perf_counter())
    timeout = aiohttp.ClientTimeout(total=PAYER_SECONDS_MAX)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as browser:
            await _pay(browser, url, seen)
    except (aiohttp.ClientError, TimeoutError) as error:
        seen.errors.append(f"{type(error).__name__}: {error}")


async def _pay(browser: aiohttp.ClientSession, url: str, seen: Seen) -> None:
    started = time.perf_counter()
    async with browser.get(url) as page:
        body = await page.read()
    seen.page_ms.append((time.perf_counter() - started) * 1_000)
    token = TOKEN.search(body)
    if page.status != 200 or token is None:
        seen.errors.append(f"the page answered {page.status}")
        return
    form = {"attempt": token[1].decode(), "method": "card"}
    started = time.perf_counter()
    async with browser.post(url, data=form, allow_redirects=False) as answer:
        await answer.read()
    seen.start_ms.append((time.perf_counter() - started) * 1_000)
    if answer.status != 303 or "/sandbox/pay/" not in answer.headers.get("location", ""):
        seen.errors.append(f"Pay answered {answer.status}")
