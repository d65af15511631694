"""Notice channels, as an integrator manages them."""

from __future__ import annotations

from typing import Any

import pytest

from handbill.kernel import ids
from tests.scenarios.api.conftest import ApiHouse
from tests.scenarios.api.shapes import made
from tests.support.notices import CHAT, TOKEN

pytestmark = pytest.mark.anyio

CHANNELS = "/api/v1/notice_channels"
BOT = {"kind": "telegram", "token": TOKEN, "chat": CHAT}
SLACK = "slack://T1234567/B1234567/abcdefghijabcdefghijabcd"


async def read(house: ApiHouse, channel: dict[str, Any]) -> dict[str, Any]:
    answer = await house.shop.get(f"{CHANNELS}/{channel['id']}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["data"])


async def test_a_channel_is_made_read_listed_changed_and_deleted(house: ApiHouse) -> None:
    bot = await made(house.shop, CHANNELS, {**BOT, "events": ["payment.charged"]})
    slack = await made(house.shop, CHANNELS, {"kind": "address", "address": SLACK})
    mail = await made(house.shop, CHANNELS, {"kind": "email", "email": "anna@shop.example"})

    assert {name: bot[name] for name in ("kind", "chat", "email", "address", "lang", "status")} == {
        "kind": "telegram",
        "chat": CHAT,
        "email": None,
        "address": None,
        "lang": "en",
        "status": "enabled",
    }
    assert (bot["events"], bot["test"]) == (["payment.charged"], True)
    assert (slack["address"], slack["events"]) == ("slack://***", ["*"])
    assert mail["email"] == "anna@shop.example"
    assert await read(house, bot) == bot
    listed = (await house.shop.get(CHANNELS)).json()["data"]
    assert {one["id"] for one in listed} == {bot["id"], slack["id"], mail["id"]}

    change = {"events": ["*"], "status": "disabled", "chat": "@coffee_house"}
    changed = await house.shop.patch(f"{CHANNELS}/{bot['id']}", json=change)
    assert changed.status_code == 200, changed.text
    now = await read(house, bot)
    assert (now["events"], now["chat"]) == (["*"], "@coffee_house")
    assert (now["status"], now["status_reason"]) == ("disabled", "by_merchant")

    gone = await house.shop.delete(f"{CHANNELS}/{bot['id']}")
    assert gone.json()["data"] == {"id": bot["id"], "deleted": True}
    assert (await house.shop.get(f"{CHANNELS}/{bot['id']}")).status_code == 404
    assert (await house.shop.delete(f"{CHANNELS}/{bot['id']}")).status_code == 404


async def test_secrets_are_never_shown_again(house: ApiHouse) -> None:
    key = {"idempotency-key": "one"}
    first = await house.shop.post(CHANNELS, json=BOT, headers=key)
    again = await house.shop.post(CHANNELS, json=BOT, headers=key)
    channel = first.json()["data"]
    await house.shop.post(CHANNELS, json={"kind": "address", "address": SLACK})
    listed = await house.shop.get(CHANNELS)
    tried = await house.shop.post(f"{CHANNELS}/{channel['id']}/test")

    assert again.headers["idempotent-replayed"] == "true"
    for answer in (first, again, listed, tried):
        assert TOKEN not in answer.text
        assert "T1234567" not in answer.text


async def test_a_test_answers_what_came_of_it(house: ApiHouse) -> None:
    channel = await made(house.shop, CHANNELS, BOT)

    answer = await house.shop.post(f"{CHANNELS}/{channel['id']}/test")

    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert (data["sent"], data["error"]) == (True, None)
    assert data["channel"] == await read(house, channel)
    assert data["channel"]["last_sent_at"] is not None


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, {"kind"}),
        ({"kind": "fax"}, {"kind"}),
        ({"kind": "telegram"}, {"token", "chat"}),
        ({**BOT, "chat": "x"}, {"chat"}),
        ({**BOT, "events": []}, {"events"}),
        ({**BOT, "events": ["link.created"]}, {"events.0"}),
        ({**BOT, "lang": "xx"}, {"lang"}),
        ({**BOT, "address": SLACK}, {"address"}),
        ({"kind": "address", "address": "json://127.0.0.1"}, {"address"}),
        ({"kind": "address", "address": SLACK + "?template=/etc/passwd"}, {"address"}),
        ({"kind": "email", "email": "anna"}, {"email"}),
    ],
)
async def test_what_cannot_be_a_channel_is_refused_by_name(
    house: ApiHouse, body: dict[str, Any], names: set[str]
) -> None:
    answer = await house.shop.post(CHANNELS, json=body)
    assert (answer.status_code, answer.json()["details"].keys()) == (422, names)
    assert TOKEN not in answer.text


async def test_channels_of_others_are_not_there(house: ApiHouse) -> None:
    channel = await made(house.shop, CHANNELS, BOT)
    one = f"{CHANNELS}/{channel['id']}"

    for client in (house.other, house.shop_live):
        assert (await client.get(CHANNELS)).json()["data"] == []
        for answer in (
            await client.get(one),
            await client.patch(one, json={"status": "disabled"}),
            await client.delete(one),
            await client.post(one + "/test"),
        ):
            assert answer.status_code == 404
    assert (await house.stranger.get(CHANNELS)).status_code == 401
    assert (await house.shop.get(f"{CHANNELS}/{ids.new_id(0)}")).status_code == 404
