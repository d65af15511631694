"""A merchant's programme makes links, reads them, changes them and takes them back."""

from __future__ import annotations

import re
from typing import Any

import pytest

from handbill.kernel.clock import ManualClock
from tests.scenarios.api.conftest import BASE, ApiHouse
from tests.scenarios.api.shapes import LINK, LINKS, PRODUCT, PRODUCTS, made, refused

pytestmark = pytest.mark.anyio

UNKNOWN = "660f9500-f39c-52e5-b827-557766551111"


async def test_a_link_has_the_shape_of_the_specification(house: ApiHouse) -> None:
    answer = await house.shop.post(LINKS, json=LINK)

    link = answer.json()["data"]
    assert answer.status_code == 201
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", link["id"])
    assert {name: link[name] for name in (*LINK, "created", "partner_id", "image", "products")} == {
        **LINK,
        "created": "2026-03-01T10:00:00+00:00",
        "partner_id": house.shop_merchant.id,
        "image": None,
        "products": [],
    }
    assert list(answer.json()) == ["data"]


async def test_a_link_tells_its_addresses_and_its_state(house: ApiHouse) -> None:
    link = await made(house.shop, LINKS, LINK)

    assert link["url"] == f"{BASE}/pay/link/{link['id']}"
    assert link["qr_url"] == f"{BASE}/pay/link/{link['id']}/qr"
    assert (link["status"], link["status_reason"], link["test"]) == ("active", None, True)
    assert (link["payments_count"], link["max_payments"], link["product"]) == (0, None, None)


async def test_pay_config_may_be_empty(house: ApiHouse) -> None:
    link = await made(house.shop, LINKS, {**LINK, "pay_config": {}})

    assert link["pay_config"] == {}


async def test_every_optional_field_comes_back_as_it_was_given(house: ApiHouse) -> None:
    given: dict[str, Any] = {
        "amount": {"default": 0, "currency": "KWD", "min": 100, "max": 99_000},
        "amount_type": "dynamic",
        "pay_config": {"methods": ["sbp", "card"], "label": "donate"},
        "title": "Tea",
        "description": "With\nlemon",
        "max_payments": 1,
        "expires_at": "2026-03-02T10:00:00+00:00",
        "notify_url": "http://127.0.0.1:9000/paid",
        "return_url": "https://shop.example/back?id={PAYMENT_ID}",
        "fail_url": "https://shop.example/failed",
        "closed_message": "Sold out",
        "metadata": {"order": "1001", "": "x"} | {f"k{n}": "v" for n in range(14)},
    }
    del given["metadata"][""]

    link = await made(house.shop, LINKS, given)

    assert {name: link[name] for name in given} == given


async def test_what_was_made_can_be_read(house: ApiHouse) -> None:
    link = await made(house.shop, LINKS, LINK)

    answer = await house.shop.get(f"{LINKS}/{link['id']}")

    assert (answer.status_code, answer.json()) == (200, {"data": link})


async def test_products_are_shown_whole_and_in_order(house: ApiHouse) -> None:
    tea = await made(house.shop, PRODUCTS, {"header": "Tea", "price": 100})
    coffee = await made(house.shop, PRODUCTS, PRODUCT)
    body = {**LINK, "amount": {"default": 450, "currency": "RUB"}}

    link = await made(
        house.shop, LINKS, {**body, "products": [coffee["id"], {"id": tea["id"]}, coffee["id"]]}
    )

    assert link["products"] == [coffee, tea]
    assert link["products_total"] == 450


async def test_unknown_products_are_ignored_and_named(house: ApiHouse) -> None:
    foreign = await made(house.other, PRODUCTS, PRODUCT)
    mine = await made(house.shop, PRODUCTS, {**PRODUCT, "price": 1000})
    wanted = [UNKNOWN, foreign["id"], "no-id", mine["id"]]

    answer = await house.shop.post(LINKS, json={**LINK, "products": wanted})

    assert answer.status_code == 201
    assert [p["id"] for p in answer.json()["data"]["products"]] == [mine["id"]]
    (warning,) = answer.json()["warnings"]
    assert (warning["code"], warning["names"]) == ("ignored_products", wanted[:3])


async def test_a_patch_changes_what_it_names_and_nothing_else(house: ApiHouse) -> None:
    link = await made(house.shop, LINKS, {**LINK, "title": "Tea", "max_payments": 3})
    change = {"amount": {"default": 2000}, "pay_config": {"label": "order"}}

    answer = await house.shop.patch(f"{LINKS}/{link['id']}", json=change)

    assert answer.status_code == 200
    assert answer.json()["data"] == {
        **link,
        "amount": {"default": 2000, "currency": "RUB"},
        "pay_config": {"methods": ["card"], "label": "order"},
    }


async def test_products_are_replaced_kept_or_detached(house: ApiHouse) -> None:
    tea = await made(house.shop, PRODUCTS, {"header": "Tea", "price": 1000})
    coffee = await made(house.shop, PRODUCTS, PRODUCT)
    link = await made(house.shop, LINKS, {**LINK, "products": [tea["id"]]})
    path = f"{LINKS}/{link['id']}"

    async def after(change: dict[str, Any]) -> list[str]:
        answer = await house.shop.patch(path, json=change)
        return [product["id"] for product in answer.json()["data"]["products"]]

    assert await after({"title": "Drinks"}) == [tea["id"]]
    assert await after({"products": [coffee["id"]]}) == [coffee["id"]]
    assert await after({"products": [UNKNOWN]}) == []
    assert await after({"products": [tea["id"]]}) == [tea["id"]]
    assert await after({"products": []}) == []


async def test_null_clears_what_may_be_empty_and_warns_of_ends(house: ApiHouse) -> None:
    ends = {"max_payments": 1, "expires_at": "2026-03-02T10:00:00Z"}
    link = await made(house.shop, LINKS, {**LINK, **ends, "title": "Tea", "metadata": {"a": "b"}})
    change = {"max_payments": None, "expires_at": None, "title": None, "metadata": None}

    answer = await house.shop.patch(f"{LINKS}/{link['id']}", json=change)

    changed = answer.json()["data"]
    assert [changed[name] for name in change] == [None, None, None, {}]
    assert [(w["code"], w["names"]) for w in answer.json()["warnings"]] == [
        ("limit_removed", ["max_payments", "expires_at"])
    ]


@pytest.mark.parametrize("name", ["amount", "amount_type", "pay_config", "products", "status"])
async def test_null_is_refused_where_something_must_stand(house: ApiHouse, name: str) -> None:
    link = await made(house.shop, LINKS, LINK)

    answer = await house.shop.patch(f"{LINKS}/{link['id']}", json={name: None})

    assert (answer.status_code, list(answer.json()["details"])) == (422, [name])


async def test_a_link_that_was_read_can_be_sent_back(house: ApiHouse, clock: ManualClock) -> None:
    tea = await made(house.shop, PRODUCTS, {"header": "Tea", "price": 1000})
    body = {**LINK, "products": [tea["id"]], "expires_at": "2026-03-01T10:00:05.500Z"}
    link = await made(house.shop, LINKS, body)
    clock.advance(60_000)

    answer = await house.shop.patch(f"{LINKS}/{link['id']}", json=link)

    assert answer.status_code == 200, answer.text
    later = {"updated": "2026-03-01T10:01:00+00:00"}
    assert answer.json() == {"data": {**link, **later}}


async def test_a_link_is_paused_and_goes_on(house: ApiHouse) -> None:
    link = await made(house.shop, LINKS, LINK)
    path = f"{LINKS}/{link['id']}"

    paused = await house.shop.patch(path, json={"status": "paused", "title": "Back soon"})
    again = await house.shop.patch(path, json={"status": "active"})

    assert (paused.json()["data"]["status"], paused.json()["data"]["title"]) == (
        "paused",
        "Back soon",
    )
    assert again.json()["data"]["status"] == "active"


async def test_closing_is_done_by_deleting(house: ApiHouse) -> None:
    link = await made(house.shop, LINKS, LINK)

    answer = await house.shop.patch(f"{LINKS}/{link['id']}", json={"status": "closed"})

    assert (answer.status_code, list(answer.json()["details"])) == (422, ["status"])


async def test_a_deleted_link_is_gone_the_second_time(house: ApiHouse) -> None:
    link = await made(house.shop, LINKS, LINK)
    path = f"{LINKS}/{link['id']}"

    answers = [await house.shop.delete(path), await house.shop.delete(path)]

    assert [a.status_code for a in answers] == [200, 404]
    assert answers[0].json() == {"data": {"id": link["id"], "deleted": True}}
    assert (await house.shop.get(path)).status_code == 404


async def test_put_is_not_a_way_to_change_a_link(house: ApiHouse) -> None:
    link = await made(house.shop, LINKS, LINK)

    answer = await house.shop.put(f"{LINKS}/{link['id']}", json=LINK)

    assert (answer.status_code, answer.headers["allow"]) == (
        405,
        "DELETE, GET, HEAD, OPTIONS, PATCH",
    )


async def test_a_method_without_an_account_is_taken_with_a_warning(house: ApiHouse) -> None:
    body = {**LINK, "pay_config": {"methods": ["card", "lightning"]}}

    answer = await house.shop.post(LINKS, json=body)

    assert answer.status_code == 201
    assert [(w["code"], w["names"]) for w in answer.json()["warnings"]] == [
        ("no_account", ["lightning"])
    ]


async def test_a_link_says_when_money_is_taken(house: ApiHouse) -> None:
    body = {**LINK, "pay_config": {"methods": ["card"], "capture": "manual"}}
    link = await made(house.shop, LINKS, body)
    assert link["pay_config"] == {"methods": ["card"], "capture": "manual"}

    where = f"{LINKS}/{link['id']}"
    cleared = await house.shop.patch(where, json={"pay_config": {"capture": None}})
    refused = await house.shop.patch(where, json={"pay_config": {"capture": "later"}})

    assert cleared.json()["data"]["pay_config"] == {"methods": ["card"]}
    assert list(refused.json()["details"]) == ["pay_config.capture"]


async def test_a_link_names_the_language_of_its_page(house: ApiHouse) -> None:
    link = await made(house.shop, LINKS, {**LINK, "pay_config": {"lang": "pt-BR"}})
    assert link["pay_config"] == {"lang": "pt-BR"}

    where = f"{LINKS}/{link['id']}"
    cleared = await house.shop.patch(where, json={"pay_config": {"lang": None}})
    refused = await house.shop.patch(where, json={"pay_config": {"lang": "sv"}})

    assert cleared.json()["data"]["pay_config"] == {}
    assert "zh-Hans" in refused.json()["details"]["pay_config.lang"][0]


async def test_a_walk_over_pages_meets_every_link_once(house: ApiHouse, clock: ManualClock) -> None:
    ids = []
    for n in range(7):
        clock.advance(500 * (n % 2))  # some share their millisecond
        ids.append((await made(house.shop, LINKS, LINK))["id"])

    seen: list[str] = []
    path = f"{LINKS}?limit=3"
    while path:
        answer = await house.shop.get(path)
        seen += [link["id"] for link in answer.json()["data"]]
        path = answer.links["next"]["url"] if answer.json()["has_more"] else ""
        await made(house.shop, LINKS, LINK)  # newer ones do not shift the pages

    assert seen == ids[::-1]


async def test_a_list_is_narrowed(house: ApiHouse, clock: ManualClock) -> None:
    tea = await made(house.shop, PRODUCTS, {"header": "Tea", "price": 1000})
    first = await made(house.shop, LINKS, {**LINK, "title": "100% Arabica"})
    clock.advance(10_000)
    second = await made(house.shop, LINKS, {**LINK, "products": [tea["id"]]})
    await house.shop.patch(f"{LINKS}/{second['id']}", json={"status": "paused"})
    amount = {"default": 0, "currency": "RUB"}
    third = await made(house.shop, LINKS, {**LINK, "amount": amount, "amount_type": "dynamic"})

    async def found(query: str) -> list[str]:
        answer = await house.shop.get(f"{LINKS}?{query}")
        assert answer.status_code == 200, answer.text
        return [link["id"] for link in answer.json()["data"]]

    assert await found("status=paused") == [second["id"]]
    assert await found("amount_type=dynamic") == [third["id"]]
    assert await found(f"product={tea['id'].upper()}") == [second["id"]]
    assert await found(f"product={UNKNOWN}") == []
    assert await found("q=0%25%20arab") == [first["id"]]
    assert await found("created_to=2026-03-01T10:00:05Z") == [first["id"]]
    assert await found("created_from=2026-03-01T11:00:05%2B01:00") == [third["id"], second["id"]]
    assert await found("owner=product") == [tea["link"]]


async def test_an_empty_list_has_its_envelope(house: ApiHouse) -> None:
    answer = await house.shop.get(LINKS)

    assert answer.json() == {
        "data": [],
        "cursor": {"cursor_field": "created", "cursor_value": None},
        "has_more": False,
    }
    assert "link" not in answer.headers


async def test_a_products_own_link_is_changed_through_the_product(house: ApiHouse) -> None:
    product = await made(house.shop, PRODUCTS, PRODUCT)
    path = f"{LINKS}/{product['link']}"

    refusal = await house.shop.patch(path, json={"amount": {"default": 5}})
    deletion = await house.shop.delete(path)

    assert (refusal.status_code, list(refusal.json()["details"])) == (422, ["amount.default"])
    assert deletion.status_code == 422
    same = (await house.shop.get(path)).json()["data"]
    assert (same["product"], same["amount"]["default"]) == (product["id"], 350)


async def test_a_typo_is_refused_and_something_else_only_named(house: ApiHouse) -> None:
    typo = {**LINK, "expire_at": "2026-03-02T10:00:00Z"}

    assert await refused(house.shop, LINKS, typo) == {
        "expire_at": ["is not known; did you mean expires_at?"]
    }
    answer = await house.shop.post(LINKS, json={**LINK, "colour": "red"})
    assert answer.json()["warnings"][0]["names"] == ["colour"]
