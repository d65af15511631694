"""Proofs of prints: made once, one after another, and kept within bounds."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from handbill.kernel.errors import Unavailable
from handbill.web.dashboard.proofs import WAITING_MAX, Proofs

pytestmark = pytest.mark.anyio


class Press:
    """Draws what it is told, and remembers it; works while `gate` is closed."""

    def __init__(self) -> None:
        self.drawn: list[str] = []
        self.busy = self.busiest = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def draw(self, name: str) -> bytes:
        self.drawn.append(name)
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        await self.gate.wait()
        self.busy -= 1
        return name.encode()


async def test_asked_for_at_once_it_is_made_once_and_nothing_beside_it() -> None:
    proofs, press = Proofs(len), Press()
    press.gate.clear()
    asked = [
        asyncio.create_task(proofs.get(name, partial(press.draw, name)))
        for name in ("a", "b", "a", "b", "a")
    ]
    while not press.drawn:
        await asyncio.sleep(0)
    press.gate.set()

    assert await asyncio.gather(*asked) == [b"a", b"b", b"a", b"b", b"a"]
    assert (press.drawn, press.busiest) == (["a", "b"], 1)


async def test_the_one_that_was_not_asked_for_longest_goes() -> None:
    proofs, press = Proofs(len, entries_max=2), Press()
    for name in ("a", "b", "a", "c", "a", "b"):
        assert await proofs.get(name, partial(press.draw, name)) == name.encode()
    assert press.drawn == ["a", "b", "c", "b"]


async def test_what_is_kept_has_a_size() -> None:
    proofs, press = Proofs(len, bytes_max=5), Press()
    for name in ("four", "too large", "four", "too large", "two", "four"):
        await proofs.get(name, partial(press.draw, name))
    assert press.drawn == ["four", "too large", "too large", "two", "four"]


async def test_what_fails_is_not_kept() -> None:
    proofs, press = Proofs(len), Press()

    async def fail() -> bytes:
        raise Unavailable("The press is busy.")

    with pytest.raises(Unavailable):
        await proofs.get("a", fail)
    assert await proofs.get("a", lambda: press.draw("a")) == b"a"


async def test_a_crowd_is_turned_away() -> None:
    proofs, press = Proofs(len), Press()
    press.gate.clear()
    crowd = [
        asyncio.create_task(proofs.get(number, lambda: press.draw("x")))
        for number in range(WAITING_MAX)
    ]
    while not press.drawn:
        await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await proofs.get("one more", lambda: press.draw("y"))
    press.gate.set()
    await asyncio.gather(*crowd)
    assert press.busiest == 1
