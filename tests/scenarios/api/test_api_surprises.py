"""What a caller may expect to be heard is never passed over in silence."""

from __future__ import annotations

import pytest

from tests.scenarios.api.conftest import ApiHouse
from tests.scenarios.api.shapes import LINK, LINKS, made, refused

pytestmark = pytest.mark.anyio

SECRET = "/api/v1/merchant/webhook_secret"


async def test_a_link_cannot_be_made_paused_and_says_so(house: ApiHouse) -> None:
    assert await refused(house.shop, LINKS, {**LINK, "status": "paused"}) == {
        "status": ["must be one of: active"]
    }
    assert (await made(house.shop, LINKS, {**LINK, "status": "active"}))["status"] == "active"


async def test_an_idempotency_key_is_not_passed_over_where_there_is_no_body(
    house: ApiHouse,
) -> None:
    answer = await house.shop.post(SECRET, headers={"idempotency-key": "once"})

    assert (answer.status_code, answer.json()["error"]) == (422, "not_yet")


async def test_bytes_that_terminals_obey_are_no_text(house: ApiHouse) -> None:
    details = await refused(house.shop, LINKS, {**LINK, "title": "Tea\u009b31m"})

    assert details == {"title": ["must not have control characters"]}
