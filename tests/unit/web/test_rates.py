"""A key may burst, then keeps to its average; other keys do not feel it."""

from __future__ import annotations

from handbill.kernel.clock import ManualClock
from handbill.web.rates import BUCKETS_MAX, Rates


def spend(rates: Rates, key: str, calls: int) -> int:
    return sum(rates.take(key).allowed for _ in range(calls))


def test_a_burst_is_allowed_and_not_one_call_more(clock: ManualClock) -> None:
    rates = Rates(clock, per_second=200, burst=1_000)

    assert spend(rates, "a", 1_200) == 1_000


def test_after_the_burst_calls_come_back_at_the_average(clock: ManualClock) -> None:
    rates = Rates(clock, per_second=200, burst=1_000)
    spend(rates, "a", 1_000)

    clock.advance(1_000)

    assert spend(rates, "a", 1_000) == 200


def test_a_rested_key_has_its_whole_burst_and_no_more(clock: ManualClock) -> None:
    rates = Rates(clock, per_second=200, burst=1_000)
    spend(rates, "a", 1_000)

    clock.advance(3_600_000)

    assert spend(rates, "a", 2_000) == 1_000


def test_one_key_does_not_use_up_the_calls_of_another(clock: ManualClock) -> None:
    rates = Rates(clock, per_second=1, burst=3)
    spend(rates, "a", 10)

    assert spend(rates, "b", 10) == 3


def test_the_standing_counts_down_and_says_when_to_come_back(clock: ManualClock) -> None:
    rates = Rates(clock, per_second=1, burst=3)

    standings = [rates.take("a") for _ in range(4)]

    assert [s.remaining for s in standings] == [2, 1, 0, 0]
    assert [s.full_seconds for s in standings] == [1, 2, 3, 3]
    assert [s.retry_seconds for s in standings] == [0, 0, 0, 1]


class Settable:
    """A clock that may be set to anything, as an operator's may."""

    def __init__(self, at: int) -> None:
        self.at = at

    def now(self) -> int:
        return self.at


def test_a_clock_that_is_set_back_does_not_lock_a_key_out() -> None:
    clock = Settable(10**12)
    rates = Rates(clock, per_second=1, burst=3)
    spend(rates, "a", 3)

    clock.at -= 3_600_000

    assert spend(rates, "a", 3) == 0
    clock.at += 3_000
    assert spend(rates, "a", 4) == 3


def test_the_headers_name_burst_window_and_what_is_left(clock: ManualClock) -> None:
    rates = Rates(clock, per_second=200, burst=1_000)
    assert rates.headers(rates.take("a")) == {
        "ratelimit-policy": '"default";q=1000;w=5',
        "ratelimit": '"default";r=999;t=1',
    }


def test_strangers_cannot_fill_the_memory_nor_wash_a_flooder_clean(clock: ManualClock) -> None:
    rates = Rates(clock, per_second=1, burst=100)
    spend(rates, "flooder", 100)
    for stranger in range(BUCKETS_MAX * 2):
        rates.take(stranger)
    assert len(rates) <= BUCKETS_MAX
    assert not rates.take("flooder").allowed
