"""Places for deliveries: a host that hangs must cost the others nothing."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from handbill.webhooks.delivery import CLAIM_MAX, RUNNING_MAX
from handbill.webhooks.lanes import (
    ALL_MAX,
    AWAY_SECONDS_MAX,
    AWAY_SECONDS_SLOW,
    AWAY_SECONDS_UNKNOWN,
    FAIR_MAX,
    HOST_MAX,
    KNOWN_MAX,
    QUEUE_MAX,
    QUEUE_SECONDS,
    QUICK_MAX,
    SLOW_HOST_MAX,
    SLOW_MAX,
    SLOW_SECONDS,
    UNKNOWN_QUEUE_MAX,
    Lanes,
)


def entered(lanes: Lanes, host: str, count: int, now: float) -> int:
    return sum(lanes.enter(host, now) for _ in range(count))


def test_a_host_has_eight_places() -> None:
    lanes = Lanes()

    assert entered(lanes, "shop.example", 20, 0) == HOST_MAX == 8
    assert lanes.enter("other.example", 0)


def test_a_place_that_was_left_can_be_taken() -> None:
    lanes = Lanes()
    entered(lanes, "shop.example", HOST_MAX, 0)
    lanes.leave("shop.example", 0, 0.1)

    assert lanes.enter("shop.example", 0.1)
    assert not lanes.enter("shop.example", 0.1)


def test_quick_hosts_share_sixty_four_places_and_have_two_each_besides() -> None:
    lanes = Lanes()

    taken = [entered(lanes, f"{n}.example", HOST_MAX, 0) for n in range(20)]

    assert taken == [HOST_MAX] * 8 + [FAIR_MAX] * 12
    assert sum(taken[:8]) == QUICK_MAX == 64


def test_connections_are_bounded() -> None:
    lanes = Lanes()

    assert sum(entered(lanes, f"{n}.example", HOST_MAX, 0) for n in range(1_000)) == ALL_MAX


def test_those_who_are_sent_away_come_back_one_after_the_other() -> None:
    lanes = Lanes()
    entered(lanes, "shop.example", HOST_MAX, 0)
    unknown = [lanes.away_seconds("shop.example", 0) for _ in range(100)]
    for _ in range(HOST_MAX):
        lanes.leave("shop.example", 0, 0.1)
    entered(lanes, "shop.example", HOST_MAX, 0.1)
    known = [lanes.away_seconds("shop.example", 0.1) for _ in range(100)]

    assert unknown == sorted(set(unknown))
    assert AWAY_SECONDS_UNKNOWN < unknown[0] < unknown[-1] < AWAY_SECONDS_UNKNOWN + 1
    assert known == sorted(set(known))
    assert known[-1] < 100 * 0.1 / HOST_MAX + 0.1


def test_a_hundred_hosts_that_hang_leave_room_for_one_that_answers() -> None:
    lanes, now = Lanes(), 0.0
    for n in range(100):
        entered(lanes, f"hanging{n}.example", HOST_MAX, now)
    # Nobody knows yet who will hang.
    assert entered(lanes, "quick.example", HOST_MAX, now) == FAIR_MAX

    now += SLOW_SECONDS + 0.1

    for _ in range(FAIR_MAX):
        lanes.leave("quick.example", 0.0, 0.1)
    assert entered(lanes, "quick.example", HOST_MAX, now) == HOST_MAX
    assert entered(lanes, "hanging0.example", 1, now) == 0


def test_hosts_that_hung_share_few_places_until_they_answer_quickly() -> None:
    lanes = Lanes()
    hosts = [f"hanging{n}.example" for n in range(100)]
    for host in hosts:
        assert lanes.enter(host, 0)
        lanes.leave(host, 0, 15)

    taken = [entered(lanes, host, HOST_MAX, 20) for host in hosts]
    assert max(taken) == SLOW_HOST_MAX
    assert sum(taken) == SLOW_MAX

    lanes.leave(hosts[0], 20, 20.1)
    assert entered(lanes, hosts[0], HOST_MAX, 21) == HOST_MAX - 1


def test_the_queue_of_a_host_is_forgotten_when_it_stands_empty() -> None:
    lanes = Lanes()
    entered(lanes, "shop.example", HOST_MAX, 0)
    for _ in range(1_000):
        lanes.away_seconds("shop.example", 0)
    for _ in range(HOST_MAX):
        lanes.leave("shop.example", 0, 0.1)
    entered(lanes, "shop.example", HOST_MAX, 0.1)

    assert lanes.away_seconds("shop.example", 0.1) < 0.1


def test_a_burst_is_worked_off_at_the_hosts_own_pace() -> None:
    """2,000 deliveries at once to a host that takes 20 ms each: 5 s of work for 8 places."""
    lanes, rng = Lanes(), Random(7)
    due = [(0.0, n) for n in range(2_000)]
    ends: list[tuple[float, float]] = []
    asked = finished = 0.0
    while due or ends:
        if ends and (not due or ends[0][0] <= due[0][0]):
            finished, began = ends.pop(0)
            lanes.leave("shop.example", began, finished)
        else:
            now, n = due.pop(0)
            asked += 1
            if lanes.enter("shop.example", now):
                ends = sorted([*ends, (now + rng.uniform(0.015, 0.025), now)])
            else:
                due = sorted([*due, (now + lanes.away_seconds("shop.example", now), n)])

    assert finished < 10
    assert asked < 2_000 * 4


def test_hosts_of_long_ago_are_forgotten() -> None:
    lanes = Lanes()
    for n in range(KNOWN_MAX * 2):
        lanes.enter(f"{n}.example", n)
        lanes.leave(f"{n}.example", n, n + 0.1)

    assert len(lanes) <= KNOWN_MAX


@pytest.mark.anyio
async def test_a_place_is_handed_to_the_first_who_waits() -> None:
    lanes = Lanes()
    entered(lanes, "shop.example", HOST_MAX, 0)
    first = asyncio.create_task(lanes.wait("shop.example", 0))
    second = asyncio.create_task(lanes.wait("shop.example", 0))
    await asyncio.sleep(0)

    lanes.leave("shop.example", 0, 0.1)
    assert await first == 0.1
    assert not lanes.enter("shop.example", 0.1)

    lanes.leave("shop.example", 0.1, 0.2)
    assert await second == 0.2


@pytest.mark.anyio
async def test_few_wait_and_none_at_a_host_that_hangs() -> None:
    lanes = Lanes()
    entered(lanes, "shop.example", HOST_MAX, 0)
    waiting = [asyncio.create_task(lanes.wait("shop.example", 0)) for _ in range(QUEUE_MAX)]
    await asyncio.sleep(0)

    sent_away = [task for task in waiting if task.done()]
    expected_seconds = (QUEUE_MAX - len(sent_away)) * 0.03 / HOST_MAX
    assert QUEUE_SECONDS <= expected_seconds < QUEUE_SECONDS + 0.01
    assert await lanes.wait("shop.example", 0) is None
    assert await lanes.wait("shop.example", SLOW_SECONDS + 1) is None
    assert await asyncio.gather(*waiting) == [None] * QUEUE_MAX


@pytest.mark.anyio
async def test_hosts_that_never_answered_share_a_queue() -> None:
    lanes = Lanes()
    waiting = []
    for n in range(100):
        entered(lanes, f"{n}.example", HOST_MAX, 0)
        waiting += [asyncio.create_task(lanes.wait(f"{n}.example", 0)) for _ in range(10)]
    await asyncio.sleep(0)

    assert sum(not task.done() for task in waiting) == UNKNOWN_QUEUE_MAX
    assert ALL_MAX + UNKNOWN_QUEUE_MAX <= RUNNING_MAX - CLAIM_MAX
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


def test_those_of_a_host_that_hangs_come_back_seldom() -> None:
    lanes = Lanes()
    entered(lanes, "hanging.example", HOST_MAX, 0)

    now = SLOW_SECONDS + 1
    waits = [lanes.away_seconds("hanging.example", now) for _ in range(1_000)]

    assert waits[0] >= AWAY_SECONDS_SLOW
    assert waits == sorted(waits)
    assert waits[9] - waits[0] > 9 * AWAY_SECONDS_SLOW
    assert waits[-1] == AWAY_SECONDS_MAX


@pytest.mark.anyio
async def test_a_host_that_turns_slow_hands_on_no_places() -> None:
    lanes = Lanes()
    entered(lanes, "shop.example", HOST_MAX, 0)
    waiting = asyncio.create_task(lanes.wait("shop.example", 0))
    await asyncio.sleep(0)

    lanes.leave("shop.example", 0, SLOW_SECONDS + 1)

    assert await waiting is None
