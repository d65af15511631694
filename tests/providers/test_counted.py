"""Calls to acquirers are counted by what came of them, and pass as they are."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from handbill.infra.tallies import Tallies
from handbill.kernel.errors import OutcomeUnknown, ProviderRejected, ProviderUnavailable
from handbill.kernel.money import Money
from handbill.providers.contract import ActionRequired, Charged, Declined
from handbill.providers.counted import NAME
from handbill.providers.registry import Registry
from tests.support.fake_acquirer import Answer, FakeAcquirer

pytestmark = pytest.mark.anyio

MONEY = Money(1_000, "RUB")


class Counting:
    def __init__(self) -> None:
        self.acquirer = FakeAcquirer()
        self._tallies = Tallies()
        registry = Registry({"fake": lambda _: self.acquirer}, self._tallies)
        self.provider = registry.open("fake", {})

    @property
    def counts(self) -> Mapping[tuple[str, ...], int]:
        return self._tallies.of(NAME)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Charged("r", MONEY), "charged"),
        (ActionRequired("r", redirect_url="https://bank.example"), "action_required"),
        (Declined("r", "card_declined", "No."), "declined"),
    ],
)
async def test_an_answer_is_counted_by_its_kind(answer: Answer, outcome: str) -> None:
    counting = Counting()
    counting.acquirer.known["r"] = answer
    assert await counting.provider.fetch("r", "an attempt") == answer
    assert counting.counts == {("fake", "fetch", outcome): 1}


async def test_what_the_acquirer_does_not_know_is_counted_too() -> None:
    counting = Counting()
    assert await counting.provider.fetch(None, "an attempt") is None
    assert counting.counts == {("fake", "fetch", "not_known_there"): 1}


@pytest.mark.parametrize("error", [ProviderRejected, ProviderUnavailable, OutcomeUnknown])
async def test_an_error_is_counted_by_its_code_and_raised(
    error: type[ProviderRejected | ProviderUnavailable | OutcomeUnknown],
) -> None:
    counting = Counting()
    counting.acquirer.known["r"] = error("no")
    with pytest.raises(error):
        await counting.provider.fetch("r", "an attempt")
    assert counting.counts == {("fake", "fetch", error.code): 1}
