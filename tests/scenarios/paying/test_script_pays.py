"""A script pays a test link with one request: the ending is named by metadata or by the amount."""

from __future__ import annotations

import pytest

from handbill.kernel.clock import HOUR, MINUTE
from tests.support.running import HTML, JSON, RunningHouse

pytestmark = pytest.mark.anyio

ENDINGS = {
    "approve": (61, "charged", None),
    "decline_insufficient_funds": (62, "failed", "insufficient_funds"),
    "decline_generic": (63, "failed", "card_declined"),
    "decline_fraud": (64, "failed", "do_not_honour"),
    "3ds_ok": (71, "charged", None),
    "3ds_fail": (72, "failed", "3ds_failed"),
    "3ds_abandon": (73, "cancelled", None),
    "pending_then_success": (91, "charged", None),
    "pending_then_fail": (92, "failed", "card_declined"),
    "sbp_paid": (81, "charged", None),
    "sbp_rejected": (82, "failed", "do_not_honour"),
    "sbp_deadline": (83, "cancelled", None),
    "sbp_scanned": (84, "cancelled", None),
}


async def test_a_link_ends_as_its_metadata_or_the_end_of_its_amount_says(
    house: RunningHouse,
) -> None:
    wanted = {}
    for name, (digits, status, code) in ENDINGS.items():
        config = {"methods": ["sbp" if name.startswith("sbp") else "card"]}
        named = await house.make_link(metadata={"sandbox_scenario": name}, pay_config=config)
        amount = {"default": 10_000 + digits, "currency": "RUB"}
        by_amount = await house.make_link(amount=amount, pay_config=config)
        for link in (named, by_amount):
            answer = await house.payer.post(link["url"], headers=JSON)
            assert answer.status_code == 201, answer.text
            data = answer.json()["data"]
            assert data.keys() == {"id", "status", "payment_url"}
            wanted[data["id"]] = (status, code)
            await house.settle()

    await house.pass_time(31 * MINUTE)
    await house.pass_time(2 * HOUR)

    found = {one["id"]: (one["status"], one["error_code"]) for one in await house.payments()}
    assert found == wanted
    assert {body["id"]: body["status"] for body in house.told} == {
        payment: status for payment, (status, _) in wanted.items()
    }
    assert len(house.told) == len(wanted)


async def test_each_request_is_a_payment_of_its_own_and_a_token_makes_it_one(
    house: RunningHouse,
) -> None:
    link = await house.make_link()
    token = (await house.new_payer().look(link["url"])).token
    for _ in range(2):
        await house.payer.post(link["url"], headers=JSON)
        await house.payer.post(link["url"], headers=JSON, data={"attempt": token})
        await house.payer.post(link["url"], headers=JSON, json={"attempt": token, "method": "card"})
    assert len(await house.payments()) == 3


async def test_where_to_go_is_the_acquirer_or_the_page_of_the_payment(house: RunningHouse) -> None:
    link = await house.make_link(pay_config={"methods": ["card", "sbp"]})
    card = await house.payer.post(link["url"], headers=JSON, json={"method": "card"})
    sbp = await house.payer.post(link["url"], headers=JSON, json={"method": "sbp"})

    assert card.json()["data"]["payment_url"].startswith(f"{house.url}/sandbox/pay/")
    page = sbp.json()["data"]["payment_url"]
    assert page.startswith(f"{house.url}/pay/status/")
    read = await house.payer.get(page, headers=JSON)
    assert read.json() == {"data": {"id": sbp.json()["data"]["id"], "status": "pending"}}


async def test_a_browser_that_takes_json_too_is_still_a_browser(house: RunningHouse) -> None:
    link = await house.make_link()
    answer = await house.payer.post(
        link["url"], headers={"accept": "text/html, application/json;q=0.9"}
    )
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_a_form_that_cannot_be_read_starts_nothing(house: RunningHouse) -> None:
    link = await house.make_link()
    form, json = "application/x-www-form-urlencoded", "application/json"
    for kind, content, status in (
        ("text/plain", b"method=card", 415),
        (json, b"[1]", 400),
        (json, b'{"method": ["card"]}', 400),
        (json, b'{"amount": 1.5}', 400),
        (form, b"a=1&" * 60, 400),
        (form, b"a" * 20_000, 413),
        (form, b"method=\xff", 400),
    ):
        for accept in (JSON, HTML):
            headers = {"content-type": kind, **accept}
            answer = await house.payer.post(link["url"], headers=headers, content=content)
            assert answer.status_code == status
    assert await house.payments() == []
