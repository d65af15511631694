"""SBP: the code is on our page, the bank is on the payer's phone."""

from __future__ import annotations

import pytest

from handbill.kernel.clock import MINUTE
from tests.support.payers import Payer
from tests.support.roads import rewritten
from tests.support.running import CREATE, RunningHouse
from tests.unit.qr.reading import rasterised_svg, read_picture

pytestmark = pytest.mark.anyio


async def scan(house: RunningHouse, payer: Payer) -> tuple[str, str]:
    """Our page with the code, and where the code leads a bank's app."""
    link = await house.make_link(pay_config={"methods": ["sbp"]})
    status = await payer.begin(link["url"], "sbp")
    picture = await payer.http.get(f"{status}/qr.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.headers["cache-control"] == "no-store"
    return status, read_picture(rasterised_svg(picture.content)).text


async def test_the_page_shows_a_code_that_decodes_to_the_acquirers_payload(
    house: RunningHouse, payer: Payer
) -> None:
    status, bank = await scan(house, payer)

    page = await payer.look(status)
    assert page.state == "scan"
    assert f"{status}/qr.svg" in page.html
    assert page.buttons["Open my bank's app"] == bank
    assert "The code works for another 60:00 ." in page.text
    assert "crc=" in bank
    assert "Your pretend bank\u2019s app" in (await payer.look(bank)).text


async def test_a_payer_pays_in_the_banks_app(house: RunningHouse, payer: Payer) -> None:
    status, bank = await scan(house, payer)
    phone = house.new_payer()

    await phone.decide(bank, "sbp_scanned")
    await house.settle()
    assert (await payer.look(status)).state == "scan"
    assert await phone.decide(bank, "sbp_paid") == status
    await house.settle()

    assert (await payer.look(status)).state == "charged"
    assert (await payer.look(f"{status}/qr.svg")).status == 404
    assert (await house.payment())["method"] == "sbp"


async def test_a_payer_says_no_in_the_banks_app(house: RunningHouse, payer: Payer) -> None:
    status, bank = await scan(house, payer)
    await house.new_payer().decide(bank, "sbp_rejected")
    await house.settle()
    page = await payer.look(status)
    assert page.state == "declined"
    assert "Try again" in page.buttons


async def test_a_code_that_nobody_scans_runs_out(house: RunningHouse, payer: Payer) -> None:
    status, bank = await scan(house, payer)
    await house.pass_time(61 * MINUTE)

    assert (await payer.look(status)).state == "expired"
    assert [body["status"] for body in house.told] == ["cancelled"]
    assert (
        await house.new_payer().http.post(bank, data={"decision": "sbp_paid"})
    ).status_code == 409


async def test_a_script_lets_a_code_run_out_at_once(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link(
        amount={"default": 10_083, "currency": "RUB"}, pay_config={"methods": ["sbp"]}
    )
    status = await payer.begin(link["url"], "sbp")
    await house.settle()
    assert (await payer.look(status)).state == "expired"
    assert (await house.payment())["status"] == "cancelled"


async def test_a_text_that_no_code_holds_is_opened_by_its_button(
    house: RunningHouse, payer: Payer
) -> None:
    long = "https://bank.example/" + "A" * 2_400
    house.road.break_next("POST", CREATE, rewritten(qr_payload=long))
    link = await house.make_link(pay_config={"methods": ["sbp"]})
    status = await payer.begin(link["url"], "sbp")

    page = await payer.look(status)
    assert (page.state, page.buttons["Open my bank's app"]) == ("scan", long)
    assert "<img" not in page.html
    assert (await payer.look(f"{status}/qr.svg")).status == 404


async def test_a_link_in_another_currency_offers_no_code_to_scan(
    house: RunningHouse, payer: Payer
) -> None:
    both = await house.make_link(amount={"default": 500, "currency": "EUR"}, pay_config={})
    only = await house.make_link(
        amount={"default": 500, "currency": "EUR"}, pay_config={"methods": ["sbp"]}
    )
    assert (await payer.look(both["url"])).buttons == {"Pay €5.00": "card"}
    assert (await payer.look(only["url"])).state == "not_open_yet"


async def test_a_payer_without_the_app_chooses_a_card_instead(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(pay_config={"methods": ["card", "sbp"]})
    status = await payer.begin(link["url"], "sbp")
    assert (await payer.look(status)).buttons["Choose another way"] == link["url"]

    paid = await payer.decide(await payer.begin(link["url"], "card"), "approve")
    await house.settle()

    assert paid == status
    assert (await payer.look(status)).state == "charged"
    assert len(await house.payments()) == 1


async def test_a_code_whose_time_is_up_gives_way_to_a_new_one(
    house: RunningHouse, payer: Payer
) -> None:
    status, _ = await scan(house, payer)
    house.clock.advance(61 * MINUTE)  # nobody has asked the acquirer yet

    page = await payer.look(status)
    assert (page.state, page.status) == ("code_over", 200)
    assert "This code no longer works" in page.text
    assert "Get a new code" in page.buttons
    assert "<img" not in page.html
    await house.settle()  # the acquirer says so too

    page = await payer.look(status)
    assert page.state == "expired"
    new = await payer.begin(page.buttons["Get a new code"], "sbp")
    assert (await payer.look(new)).state == "scan"
