"""Proofs of prints: made once, one after another, and kept within bounds."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from handbill.kernel.errors import Unavailable
from handbill.web.dashboard.proofs import WAITING_MAX, Proofs

pytestmark = pytest.mark.anyio


OWNER = "shop"


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
        asyncio.create_task(proofs.get(OWNER, name, partial(press.draw, name)))
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
        assert await proofs.get(OWNER, name, partial(press.draw, name)) == name.encode()
    assert press.drawn == ["a", "b", "c", "b"]


async def test_what_is_kept_has_a_size() -> None:
    proofs, press = Proofs(len, bytes_max=5), Press()
    for name in ("four", "too large", "four", "too large", "two", "four"):
        await proofs.get(OWNER, name, partial(press.draw, name))
    assert press.drawn == ["four", "too large", "too large", "two", "four"]


async def test_what_fails_is_not_kept() -> None:
    proofs, press = Proofs(len), Press()

    async def fail() -> bytes:
        raise Unavailable("The press is busy.")

    with pytest.raises(Unavailable):
        await proofs.get(OWNER, "a", fail)
    assert await proofs.get(OWNER, "a", lambda: press.draw("a")) == b"a"


async def test_a_crowd_is_turned_away() -> None:
    proofs, press = Proofs(len), Press()
    press.gate.clear()
    crowd = [
        asyncio.create_task(proofs.get(OWNER, number, lambda: press.draw("x")))
        for number in range(WAITING_MAX)
    ]
    while not press.drawn:
        await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await proofs.get(OWNER, "one more", lambda: press.draw("y"))
    other = asyncio.create_task(proofs.get("other", "of the other", partial(press.draw, "other")))
    await asyncio.sleep(0)
    press.gate.set()
    await asyncio.gather(*crowd, other)
    assert press.busiest == 1
    assert press.drawn[1] == "other"  # and not behind the crowd


async def test_who_waits_no_longer_finds_it_the_next_time() -> None:
    proofs, press = Proofs(len), Press()
    press.gate.clear()
    draw = partial(press.draw, "a")
    assert await proofs.soon(OWNER, "a", draw, 0.01) is None
    assert await proofs.soon(OWNER, "a", draw, 0.01) is None
    press.gate.set()
    assert await proofs.soon(OWNER, "a", draw, 60) == b"a"
    assert press.drawn == ["a"]


async def test_what_fails_soon_is_raised_and_what_fails_later_is_nobodys() -> None:
    proofs, gate = Proofs(len), asyncio.Event()

    async def fail() -> bytes:
        await gate.wait()
        raise Unavailable("The press is busy.")

    assert await proofs.soon(OWNER, "a", fail, 0.01) is None
    gate.set()
    with pytest.raises(Unavailable):
        await proofs.soon(OWNER, "a", fail, 60)
