"""What follows from an answer."""

from __future__ import annotations

from email.utils import formatdate
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.infra.outbound import Answer, NoAnswer, OutboundError, Refused, Unreachable
from handbill.kernel.clock import DAY, HOUR, MINUTE, SECOND
from handbill.webhooks.verdict import (
    ATTEMPTS_MAX,
    SCHEDULE,
    Delivered,
    Exhausted,
    Gone,
    Retry,
    judge,
)

NOW = 1_772_359_200_000
FAILURES = [NoAnswer("torn"), Unreachable("closed"), Refused("private")]


def answer(status: int, **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, b"")


def retry_delay(result: Answer | OutboundError, number: int = 1, seed: int = 0) -> int:
    verdict = judge(result, number, NOW, Random(seed))
    assert isinstance(verdict, Retry)
    return verdict.at - NOW


def test_the_schedule_is_ten_attempts_over_75_hours_and_35_minutes() -> None:
    assert ATTEMPTS_MAX == 10
    assert sum(SCHEDULE) == 75 * HOUR + 35 * MINUTE + 5 * SECOND


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
@pytest.mark.parametrize("number", [1, 10])
def test_two_hundreds_are_delivered(status: int, number: int) -> None:
    assert judge(answer(status), number, NOW, Random(0)) == Delivered()


@pytest.mark.parametrize("status", [100, 301, 302, 304, 307, 308, 400, 401, 404, 409, 500, 503])
def test_every_other_answer_is_tried_again(status: int) -> None:
    assert isinstance(judge(answer(status), 9, NOW, Random(0)), Retry)


@pytest.mark.parametrize("failure", FAILURES)
def test_no_answer_is_tried_again(failure: OutboundError) -> None:
    assert isinstance(judge(failure, 9, NOW, Random(0)), Retry)


@pytest.mark.parametrize("result", [answer(500), answer(302), *FAILURES])
def test_after_the_tenth_failure_it_is_given_up(result: Answer | OutboundError) -> None:
    assert judge(result, 10, NOW, Random(0)) == Exhausted()


def test_a_receiver_that_is_gone_ends_it_at_once() -> None:
    assert judge(answer(410), 1, NOW, Random(0)) == Gone()


@given(st.integers(1, 9), st.integers())
def test_a_delay_is_within_a_tenth_of_the_schedule(number: int, seed: int) -> None:
    delay = retry_delay(answer(500), number, seed)

    assert abs(delay - SCHEDULE[number]) * 10 <= SCHEDULE[number]


def test_delays_are_spread() -> None:
    assert len({retry_delay(answer(500), 5, seed) for seed in range(100)}) > 90


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_an_overloaded_receiver_is_left_alone_for_as_long_as_it_asks(status: int) -> None:
    in_an_hour = formatdate((NOW + HOUR) / 1_000, usegmt=True)

    assert retry_delay(answer(status, retry_after="3600")) == HOUR
    assert retry_delay(answer(status, retry_after=in_an_hour)) == HOUR


def test_it_is_left_alone_for_a_day_at_most() -> None:
    assert retry_delay(answer(503, retry_after="86401")) == DAY
    assert retry_delay(answer(503, retry_after="9" * 8_000)) == DAY
    assert retry_delay(answer(503, retry_after="Fri, 31 Dec 9999 23:59:59 GMT")) == DAY


def test_asking_for_less_than_the_schedule_does_not_hurry_it() -> None:
    assert retry_delay(answer(503, retry_after="1"), number=5) > 4 * HOUR


@pytest.mark.parametrize("status", [400, 500, 302])
def test_only_an_overloaded_receiver_may_ask(status: int) -> None:
    assert retry_delay(answer(status, retry_after="3600")) < 6 * SECOND


@given(st.text(max_size=60) | st.dates().map(str) | st.integers().map(str))
def test_no_retry_after_breaks_the_schedule(text: str) -> None:
    assert 4_500 <= retry_delay(answer(503, retry_after=text)) <= DAY
