"""Paper that does not mislead: no address that phones cannot open, no price that is not asked."""

from __future__ import annotations

import io
from typing import Any

import httpx2
import pytest
from PIL import Image

from handbill.catalog import images
from handbill.infra.storage import open_storage
from tests.support.paper import codes_on, text_on
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio

TABLE = {"template": "table"}


def path_of(link: dict[str, Any]) -> str:
    return f"/api/v1/links/{link['id']}"


async def printed(house: RunningHouse, link: dict[str, Any], **order: object) -> httpx2.Response:
    answer = await house.shop.post(f"{path_of(link)}/print", json={**TABLE, **order})
    assert answer.status_code == 200, answer.text
    return answer


async def last_print(house: RunningHouse, link: dict[str, Any]) -> dict[str, Any] | None:
    found = (await house.shop.get(path_of(link))).json()["data"]["print"]
    return None if found is None else dict(found)


async def warnings(house: RunningHouse, link: dict[str, Any], **order: object) -> dict[str, Any]:
    answer = await house.shop.post(f"{path_of(link)}/print/check", json={**TABLE, **order})
    assert answer.status_code == 200, answer.text
    return {one["code"]: one for one in answer.json().get("warnings", [])}


async def place(house: RunningHouse, link: dict[str, Any], names: str) -> list[dict[str, Any]]:
    answer = await house.shop.post(f"{path_of(link)}/placements", json={"range": names})
    assert answer.status_code == 201, answer.text
    return list(answer.json()["data"])


async def test_an_address_that_phones_cannot_open_is_not_printed(
    house_at_home: RunningHouse,
) -> None:
    house, link = house_at_home, await house_at_home.make_link()
    answer = await house.shop.post(f"{path_of(link)}/print", json=TABLE)

    problem = answer.json()
    assert (answer.status_code, problem["error"]) == (409, "address_not_public")
    assert "HANDBILL_PUBLIC_URL" in problem["detail"]
    assert await last_print(house, link) is None
    assert "address_not_public" in await warnings(house, link)
    assert (await house.payer.get(link["qr_url"])).status_code == 200  # a screen is no paper

    forced = await printed(house, link, force=True)
    assert codes_on(forced.content)[0].startswith("http://LOCALHOST:")
    assert forced.headers["print-warnings"] == "address_not_public"


async def test_a_payer_scans_the_paper_and_pays(house_at_home: RunningHouse) -> None:
    house, link = house_at_home, await house_at_home.make_link()
    [code] = codes_on((await printed(house, link, force=True)).content)

    payer = house.new_payer()
    page = str((await payer.http.get(code)).headers["location"])
    await payer.decide(await payer.begin(page), "approve")
    await house.settle()
    assert (await house.payment())["status"] == "charged"


async def test_what_was_printed_is_remembered_and_goes_stale(house: RunningHouse) -> None:
    link = await house.make_link()
    assert await last_print(house, link) is None
    await warnings(house, link)
    assert await last_print(house, link) is None  # a check leaves nothing behind

    await printed(house, link)
    known = {
        "template": "table",
        "amount": 1000,
        "currency": "RUB",
        "printed_at": "2026-03-01T10:00:00+00:00",
        "stale": False,
    }
    assert await last_print(house, link) == known
    changed = await house.shop.patch(path_of(link), json={"amount": {"default": 1200}})
    assert changed.json()["data"]["print"] == {**known, "stale": True}
    [listed] = (await house.shop.get("/api/v1/links")).json()["data"]
    assert listed["print"]["stale"] is True
    assert (await warnings(house, link))["stale_prints"]["names"] == [link["id"]]

    assert (await printed(house, link)).headers["print-warnings"] == "stale_prints"
    assert await last_print(house, link) == {**known, "amount": 1200}
    assert await warnings(house, link) == {}


async def test_a_products_paper_goes_stale_with_its_price(house: RunningHouse) -> None:
    product = await house.make_product()
    path = f"/api/v1/products/{product['id']}"
    assert (await house.shop.post(f"{path}/print", json=TABLE)).status_code == 200
    link = await house.make_link(products=[product["id"]])
    assert link["products"][0]["print"]["stale"] is False

    changed = (await house.shop.patch(path, json={"price": 40_000})).json()["data"]
    assert (changed["print"]["amount"], changed["print"]["stale"]) == (35_000, True)
    [listed] = (await house.shop.get("/api/v1/products")).json()["data"]
    assert listed["print"] == changed["print"]


async def test_placements_are_printed_with_their_names(house: RunningHouse) -> None:
    link = await house.make_link()
    one, two, three = await place(house, link, "Table 1..3")

    every = await printed(house, link, placements="all")
    assert (every.headers["print-codes"], every.headers["print-pages"]) == ("3", "3")
    assert all(f"Table {number}" in text_on(every.content) for number in (1, 2, 3))
    some = await printed(house, link, placements=[three["id"], one["id"], three["id"]])
    assert codes_on(some.content) == [three["url"], one["url"]]
    scanned = await house.payer.get("/L/" + three["code"])
    assert scanned.headers["location"] == three["page_url"]
    assert await last_print(house, link) is None  # its own code is on none of them

    await house.shop.patch(path_of(link), json={"amount": {"default": 900}})
    listed = (await house.shop.get(f"{path_of(link)}/placements")).json()["data"]
    assert [p["print"]["stale"] for p in listed] == [True, True, True]
    stale = (await warnings(house, link, placements="all"))["stale_prints"]
    assert stale["names"] == [one["id"], two["id"], three["id"]]
    stranger = await house.make_link()
    answer = await house.shop.post(
        f"{path_of(stranger)}/print", json={**TABLE, "placements": [one["id"]]}
    )
    assert answer.json()["details"].keys() == {"placements.0"}


async def test_a_broken_picture_breaks_no_print(house: RunningHouse) -> None:
    key = images.new_key(house.merchant.id, "logo", "PNG", house.clock.now())
    await house.change_merchant(logo=key)
    link = await house.make_link()
    assert (await warnings(house, link))["missing_pictures"]["names"] == ["logo"]

    picture = io.BytesIO()
    Image.effect_noise((200, 200), 50).save(picture, "PNG")
    storage = open_storage(house.house.settings)
    await storage.put(key, picture.getvalue()[:-5_000], "image/png")  # as a full disk leaves it
    answer = await printed(house, link)
    assert answer.headers["print-warnings"] == "missing_pictures"
    assert await warnings(house, link, logo=False) == {}
    await storage.put(key, picture.getvalue(), "image/png")
    assert await warnings(house, link) == {}


async def test_a_repeat_with_a_key_prints_anew(house: RunningHouse) -> None:
    link, key = await house.make_link(), {"idempotency-key": "again"}
    first = await house.shop.post(f"{path_of(link)}/print", json=TABLE, headers=key)
    await house.shop.patch(path_of(link), json={"amount": {"default": 1200}})
    again = await house.shop.post(f"{path_of(link)}/print", json=TABLE, headers=key)

    assert ("10.00" in text_on(first.content), "12.00" in text_on(again.content)) == (True, True)
    assert "idempotent-replayed" not in again.headers


async def test_where_too_much_waits_the_caller_is_asked_to_come_back(house: RunningHouse) -> None:
    link = await house.make_link()
    await house.house.press.close()  # which is another one: receipts and prints do not meet
    await printed(house, link, price=False)
    await house.house.print_press.close()
    answer = await house.shop.post(f"{path_of(link)}/print", json=TABLE)
    assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    known = await last_print(house, link)
    assert known is not None
    assert known["amount"] is None  # as it was printed before
