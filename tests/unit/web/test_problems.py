"""Every error of the tree has a status of its own, and looks the same to callers."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from handbill.kernel import errors
from handbill.kernel.addresses import Addresses
from handbill.web import problems

ADDRESSES = Addresses("https://pay.example")


def tree(error: type[errors.HandbillError]) -> Iterator[type[errors.HandbillError]]:
    yield error
    for child in error.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from tree(child)


CLASSES = sorted(set(tree(errors.HandbillError)), key=lambda error: error.__name__)


def test_the_tree_is_not_empty() -> None:
    assert len(CLASSES) > 20


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_every_class_of_the_tree_is_mapped_by_name(error: type[errors.HandbillError]) -> None:
    assert error in problems.KINDS


def test_no_class_is_mapped_that_is_not_in_the_tree() -> None:
    assert set(problems.KINDS) == set(CLASSES)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.Malformed, 400),
        (errors.Unauthorized, 401),
        (errors.Forbidden, 403),
        (errors.NotFound, 404),
        (errors.DuplicateTxid, 409),
        (errors.TooLarge, 413),
        (errors.UnsupportedMedia, 415),
        (errors.Invalid, 422),
        (errors.NotYet, 422),
        (errors.TooMany, 429),
        (errors.WriteUnknown, 503),
    ],
)
def test_the_statuses_are_those_of_the_contract(
    error: type[errors.HandbillError], status: int
) -> None:
    assert problems.status_of(error) == status


def test_a_class_from_elsewhere_has_the_status_of_its_nearest_ancestor() -> None:
    class Odd(errors.TooLarge):
        pass

    assert problems.status_of(Odd) == 413


@pytest.mark.parametrize("state", ["closed", "deleted", "expired", "full", "used"])
def test_a_link_that_is_over_is_gone(state: str) -> None:
    assert problems.status_for(errors.LinkNotPayable(state)) == 410


@pytest.mark.parametrize("state", ["taken", "paused", "not_open_yet"])
def test_a_link_that_may_open_again_is_a_conflict(state: str) -> None:
    assert problems.status_for(errors.LinkNotPayable(state)) == 409


def test_a_problem_carries_code_details_and_the_request() -> None:
    error = errors.Invalid({"amount.default": ["must be at least 1"]})

    reply = problems.render(error, "r-1", ADDRESSES, now=0)

    assert reply.status == 422
    assert reply.headers["content-type"] == "application/problem+json"
    assert json.loads(reply.body) == {
        "type": "https://pay.example/docs#error-invalid",
        "title": "Some fields were refused",
        "status": 422,
        "detail": "Some fields were refused: amount.default.",
        "error": "invalid",
        "details": {"amount.default": ["must be at least 1"]},
        "request_id": "r-1",
    }


def test_a_refused_key_is_told_how_to_come_in() -> None:
    reply = problems.render(errors.Unauthorized("No."), "r-1", ADDRESSES, now=0)

    assert "x-api-key" in reply.headers["www-authenticate"]


def test_a_taken_link_says_when_to_come_back() -> None:
    error = errors.LinkNotPayable("taken", free_at=47_001)

    reply = problems.render(error, "r-1", ADDRESSES, now=0)

    assert reply.headers["retry-after"] == "48"
    assert json.loads(reply.body)["state"] == "taken"


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (errors.TooMany(retry_after_seconds=7), "7"),
        (errors.StorageFull("Full."), "30"),
        (errors.ProviderUnavailable("Away."), "5"),
    ],
)
def test_whoever_may_come_back_is_told_when(error: errors.HandbillError, seconds: str) -> None:
    assert problems.render(error, "r", ADDRESSES, now=0).headers["retry-after"] == seconds


def test_an_own_code_is_kept() -> None:
    error = errors.Forbidden("Paused.", code="merchant_paused")

    body = json.loads(problems.render(error, "r", ADDRESSES, now=0).body)

    assert (body["error"], body["type"]) == (
        "merchant_paused",
        "https://pay.example/docs#error-merchant_paused",
    )
