"""What a caller may expect to be heard is never passed over in silence."""

from __future__ import annotations

import pytest

from tests.scenarios.api.conftest import ApiHouse
from tests.scenarios.api.shapes import LINK, LINKS, made, refused

pytestmark = pytest.mark.anyio


async def test_a_link_cannot_be_made_paused_and_says_so(house: ApiHouse) -> None:
    assert await refused(house.shop, LINKS, {**LINK, "status": "paused"}) == {
        "status": ["must be one of: active"]
    }
    assert (await made(house.shop, LINKS, {**LINK, "status": "active"}))["status"] == "active"


async def test_bytes_that_terminals_obey_are_no_text(house: ApiHouse) -> None:
    details = await refused(house.shop, LINKS, {**LINK, "title": "Tea\u009b31m"})

    assert details == {"title": ["must not have control characters"]}
