"""Instants: written as the API shows them, read only where they are unambiguous."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.kernel.clock import DAY, HOUR, ManualClock, SystemClock, iso, parse_iso

LAST = 253_402_300_799_999  # the end of the year 9999


def test_an_instant_is_shown_in_utc_to_the_second() -> None:
    assert iso(1_772_359_200_999) == "2026-03-01T10:00:00+00:00"
    assert iso(0) == "1970-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T10:00:00Z",
        "2026-03-01T10:00:00+00:00",
        "2026-03-01T13:00:00+03:00",
        "2026-03-01T04:30:00-05:30",
        "2026-03-01T10:00:00.000+00:00",
    ],
)
def test_every_spelling_of_an_instant_is_the_same(text: str) -> None:
    assert parse_iso(text) == 1_772_359_200_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2026-03-01",
        "2026-03-01T10:00:00",
        "2026-13-01T10:00:00Z",
        "2026-02-30T10:00:00Z",
        "9999-12-31T23:59:59-01:00",
        "0001-01-01T00:00:00+01:00",
    ],
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_iso(text)


@given(st.integers(0, LAST))
def test_what_is_shown_is_read_back_to_the_second(at: int) -> None:
    assert parse_iso(iso(at)) == at // 1_000 * 1_000


def test_the_system_clock_counts_milliseconds() -> None:
    before = time.time()

    assert before - 1 <= SystemClock().now() / 1_000 <= time.time() + 1


def test_a_manual_clock_stands_still_and_never_goes_back() -> None:
    clock = ManualClock()
    began = clock.now()
    assert clock.now() == began

    clock.advance(DAY)

    assert clock.now() == began + 24 * HOUR
    with pytest.raises(ValueError, match="back"):
        clock.advance(-1)
