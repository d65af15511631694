"""A merchant prints a link: what is on the paper, what a phone makes of it, and who may print."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from handbill.infra.database import Tx
from handbill.merchants import keys
from handbill.merchants.model import Scope
from tests.support.paper import codes_on, text_on
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio


async def printed(house: RunningHouse, link: dict[str, Any], **order: object) -> httpx2.Response:
    body = {"template": "table", **order}
    return await house.shop.post(f"/api/v1/links/{link['id']}/print", json=body)


async def refused(house: RunningHouse, link: dict[str, Any], **order: object) -> dict[str, Any]:
    answer = await printed(house, link, **order)
    assert answer.status_code == 422, answer.text
    return dict(answer.json()["details"])


async def test_a_print_is_a_pdf_whose_code_leads_to_the_link(house: RunningHouse) -> None:
    link = await house.make_link(title="A slice of cake")
    answer = await printed(house, link)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    name = 'attachment; filename="a-slice-of-cake-table.pdf"'
    assert answer.headers["content-disposition"] == name
    assert (answer.headers["print-pages"], answer.headers["print-codes"]) == ("1", "1")
    assert int(answer.headers["print-code-mm"]) > 40

    [code] = codes_on(answer.content)
    assert code.startswith("https://PAY.EXAMPLE.COM/L/")
    opened = await house.payer.get(code.removeprefix("https://PAY.EXAMPLE.COM"))
    assert opened.headers["location"] == link["url"]
    text = text_on(answer.content)
    for words in ("A slice of cake", "₽10.00", "Sample shop", "Scan with the camera to pay"):
        assert words in text
    assert code.rpartition("/")[2] in text
    assert "pay.example.com/L/" in text
    assert "Test: no money moves" in text


async def test_live_paper_has_no_test_mark(house: RunningHouse) -> None:
    live = house.client({"x-api-key": house.merchant.api_keys["live"]})
    body = {"amount": {"default": 5, "currency": "RUB"}, "amount_type": "fixed", "pay_config": {}}
    link = (await live.post("/api/v1/links", json=body)).json()["data"]
    answer = await live.post(f"/api/v1/links/{link['id']}/print", json={"template": "table"})
    assert "Test" not in text_on(answer.content)


async def test_the_paper_can_be_without_a_price(house: RunningHouse) -> None:
    link = await house.make_link()
    assert "10.00" not in text_on((await printed(house, link, price=False)).content)
    typed = await house.make_link(amount_type="dynamic", pay_config={"label": "donate"})
    text = text_on((await printed(house, typed)).content)
    assert ("10.00" in text, "Scan with the camera to donate" in text) == (False, True)


async def test_arabic_paper_runs_from_right_to_left(house: RunningHouse) -> None:
    link = await house.make_link(pay_config={"lang": "ar"}, title="قهوة")
    answer = await printed(house, link)
    [code] = codes_on(answer.content)
    opened = await house.payer.get("/L/" + code.rpartition("/")[2])
    assert opened.headers["location"] == link["url"]
    text = text_on(answer.content)
    assert ("قهوة" in text, "Test: no money moves" in text) == (True, False)
    check = await house.shop.post(
        f"/api/v1/links/{link['id']}/print/check", json={"template": "table"}
    )
    assert check.json()["data"]["lang"] == "ar"


async def test_a_product_is_printed_by_its_own_link(house: RunningHouse) -> None:
    product = await house.make_product()
    answer = await house.shop.post(
        f"/api/v1/products/{product['id']}/print", json={"template": "table", "lang": "de"}
    )
    text = text_on(answer.content)
    assert ("Coffee" in text, "350,00" in text) == (True, True)
    opened = await house.payer.get("/L/" + codes_on(answer.content)[0].rpartition("/")[2])
    assert opened.headers["location"] == product["url"]
    known = (await house.shop.get(f"/api/v1/products/{product['id']}")).json()["data"]
    assert known["print"]["template"] == "table"


async def test_what_cannot_be_printed_is_named_all_at_once(house: RunningHouse) -> None:
    link = await house.make_link()
    assert (await refused(house, link, template="banner")).keys() == {"template"}
    assert (await refused(house, link, copies=501, lang="xx")).keys() == {"copies", "lang"}
    faults = await refused(house, link, start_at=2, placements=["nonsense", link["id"]])
    assert faults.keys() == {"start_at", "placements.0", "placements.1"}
    faults = await refused(house, link, color="#ffff00", level="X", logo_in_code=True)
    assert faults.keys() == {"level"}  # what cannot be read is judged first
    assert (await refused(house, link, color="#ffff00")).keys() == {"color"}
    assert (await refused(house, link, logo_in_code=True)).keys() == {"logo_in_code"}
    assert (await refused(house, link, placements=[])).keys() == {"placements"}
    assert (await refused(house, link, placements="all")).keys() == {"placements"}
    assert (await refused(house, link, placements="some")).keys() == {"placements"}
    assert (await house.shop.get(f"/api/v1/links/{link['id']}")).json()["data"]["print"] is None


async def test_nobody_else_prints_it(house: RunningHouse) -> None:
    link, product = await house.make_link(), await house.make_product()
    live = house.client({"x-api-key": house.merchant.api_keys["live"]})
    paths = [f"/api/v1/links/{link['id']}/print", f"/api/v1/products/{product['id']}/print"]

    def create(tx: Tx) -> str:
        crypto = house.house.crypto
        return keys.create(tx, crypto, house.merchant.id, test=True, scopes=(Scope.PAYMENTS,))[1]

    payments = house.client({"x-api-key": await house.house.db.write(create)})
    for path in [*paths, *(f"{path}/check" for path in paths)]:
        body = {"template": "table"}
        assert (await live.post(path, json=body)).status_code == 404
        assert (await payments.post(path, json=body)).status_code == 403
        assert (await house.payer.post(path, json=body)).status_code == 401
    assert (await payments.get("/api/v1/templates")).status_code == 403


async def test_templates_are_listed(house: RunningHouse) -> None:
    answer = (await house.shop.get("/api/v1/templates")).json()
    listed = {one["name"]: one for one in answer["data"]}
    table, strip = listed["table"], listed["receipt-58"]
    assert (table["width_mm"], table["height_mm"], table["per_page"]) == (105, 148, 1)
    assert (strip["width_mm"], strip["height_mm"]) == (48, None)
