"""The mark by which a payer and a till know the same payment."""

from __future__ import annotations

import pytest

from handbill.payments import service
from handbill.payments.mark import mark_of
from tests.support.payers import Payer
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio


async def test_it_stands_on_the_page_once_the_payment_went_through(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    acquirer = await payer.begin(link["url"])
    token = (await house.payment())["payment_url"].rpartition("/")[2]
    found = await house.house.db.read(lambda tx: service.by_token(tx, token))
    mark = mark_of(house.house.crypto, found.payment)
    status = f"{house.url}/pay/status/{token}"
    assert mark.word not in (await payer.look(status)).text

    await payer.decide(acquirer, "approve")
    await house.settle()

    assert f"Mark at the till {mark.word}" in (await payer.look(status)).text
