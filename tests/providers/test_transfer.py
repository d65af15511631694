"""What an account for bank transfers gives a payer, and what it refuses."""

from __future__ import annotations

import msgspec
import pytest

from handbill.kernel.errors import ProviderRejected
from handbill.kernel.money import Money
from handbill.providers import epc, requisites, transfer
from handbill.providers.contract import ActionRequired
from tests.providers.bench import TransferBench, order
from tests.support.transfers import EUROS

pytestmark = pytest.mark.anyio


async def test_the_reference_stands_first_in_the_purpose_however_long_the_rest_is(
    transfer_bench: TransferBench,
) -> None:
    charge = msgspec.structs.replace(order(transfer_bench), description="Кофе " * 100)

    outcome = await transfer_bench.provider.create(charge)

    assert isinstance(outcome, ActionRequired)
    purpose = requisites.shown(outcome.qr_payload or "")["purpose"]
    assert purpose.startswith(f"{transfer.reference_of(charge.attempt_id)} Кофе Кофе")
    assert len(outcome.reference) == 10


async def test_another_currency_is_refused(transfer_bench: TransferBench) -> None:
    with pytest.raises(ProviderRejected):
        await transfer_bench.provider.create(order(transfer_bench, currency="EUR"))


async def test_more_euros_than_a_code_can_say_are_refused(transfer_bench: TransferBench) -> None:
    account = transfer.open({"currency": "EUR", **EUROS})
    charge = order(transfer_bench, minor=epc.AMOUNT_MAX + 1, currency="EUR")

    assert account.capabilities.amount_max == {"transfer": epc.AMOUNT_MAX}
    with pytest.raises(ProviderRejected):
        await account.create(charge)
    most = msgspec.structs.replace(charge, amount=Money(epc.AMOUNT_MAX, "EUR"))
    assert isinstance(await account.create(most), ActionRequired)


async def test_an_account_says_what_it_takes(transfer_bench: TransferBench) -> None:
    capabilities = transfer_bench.provider.capabilities

    assert capabilities.methods == frozenset({"transfer"})
    assert capabilities.currencies == frozenset({"RUB"})


@pytest.mark.parametrize("credentials", [{}, {"currency": "EUR"}, {"currency": "USD", **EUROS}])
async def test_credentials_that_are_none_are_refused(credentials: dict[str, str]) -> None:
    with pytest.raises(ProviderRejected):
        transfer.open(credentials)
