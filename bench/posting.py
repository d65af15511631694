"""The yardstick for deliveries: aiohttp's own client, posting the same body over and over and doing
nothing else. A process of its own, as Handbill is one.

Reads a plan from standard input and writes the seconds that it took to standard output, both JSON.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import msgspec
import uvloop

ROOT = Path(__file__).parent.parent
SECONDS_MAX = 120


class Plan(msgspec.Struct, frozen=True):
    """So many posts to one address, on so many connections at once."""

    url: str
    body: str
    count: int
    connections: int


async def post_all(plan: Plan) -> float:
    left = plan.count
    body, headers = plan.body.encode(), {"content-type": "application/json"}
    connector = aiohttp.TCPConnector(limit=plan.connections)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def go_on() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                async with session.post(plan.url, data=body, headers=headers) as answer:
                    answer.raise_for_status()
                    await answer.read()

        started = time.perf_counter()
        await asyncio.gather(*(go_on() for _ in range(plan.connections)))
        return time.perf_counter() - started


def post(plan: Plan) -> float:
    """Runs the plan; gives posts a second."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.posting"],
        input=msgspec.json.encode(plan),
        capture_output=True,
        cwd=ROOT,
        timeout=SECONDS_MAX,
    )
    if done.returncode:
        raise RuntimeError(f"aiohttp failed: {done.stderr.decode()[-500:]}")
    return plan.count / msgspec.json.decode(done.stdout, type=float)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        seconds = runner.run(post_all(msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)))
    sys.stdout.buffer.write(msgspec.json.encode(seconds))
