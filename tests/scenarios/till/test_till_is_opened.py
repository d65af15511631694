"""Into the till with a key of its own, and out again. The browser keeps no key."""

from __future__ import annotations

import pytest

from handbill.kernel.clock import DAY, MINUTE
from handbill.merchants import keys, service, store
from tests.support.cashier import Cashier, path_of, till_key
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database will do: nothing here depends on which."""
    return sqlite_url


async def test_a_key_opens_the_till_and_stays_out_of_the_browser(house: RunningHouse) -> None:
    cashier, key = Cashier(house), await till_key(house)
    door = await cashier.look()
    assert "Open the till" in door.text

    answer = await cashier.sign_in(f" {key}\n")

    assert path_of(answer) == ""
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("till=")
    for word in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age=2592000"):
        assert word in cookie
    page = await cashier.look()
    assert (page.status, "New sale" in page.text, "Sample shop" in page.text) == (200, True, True)
    assert key not in cookie + page.html
    assert page.headers["referrer-policy"] == "same-origin"
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]


async def test_a_till_of_test_money_says_so(cashier: Cashier) -> None:
    for path in ("", "/sales", "/places"):
        assert "Test: no money moves" in (await cashier.look(path)).text


async def test_without_a_session_every_page_leads_to_the_door(house: RunningHouse) -> None:
    for path in ("/sales", "/places", "/sales/x", "/sales/x/refund", "/live"):
        assert path_of(await Cashier(house).http.get(f"/till{path}")) == ""


async def test_a_key_that_can_do_more_than_sell_opens_no_till(house: RunningHouse) -> None:
    cashier = Cashier(house)
    for key in (house.merchant.api_keys["test"], "hb_test_nothing", ""):
        answer = await cashier.sign_in(key)
        assert answer.status_code == 403
        assert "does not open a till" in answer.text
        assert "set-cookie" not in answer.headers


async def test_whoever_tries_many_keys_is_slowed_down(house: RunningHouse) -> None:
    cashier = Cashier(house)
    answers = [await cashier.sign_in("hb_live_guess") for _ in range(25)]
    assert {answer.status_code for answer in answers[:20]} == {403}
    assert answers[-1].status_code == 429
    assert answers[-1].headers["retry-after"] == "60"
    assert path_of(await cashier.sign_in(await till_key(house))) == ""


async def test_revoking_the_key_ends_its_session_at_once(
    house: RunningHouse, cashier: Cashier
) -> None:
    def revoke_all(tx) -> None:
        for key in store.list_keys(tx, house.merchant.id):
            if key.scopes == ("till",):
                keys.revoke(tx, key.id)

    await house.house.db.write(revoke_all)

    assert path_of(await cashier.http.get("/till/sales")) == ""
    assert path_of(await cashier.post("/sales", amount="1")) == ""
    assert "Open the till" in (await cashier.look()).text


async def test_a_session_ends_after_thirty_days(house: RunningHouse, cashier: Cashier) -> None:
    house.clock.advance(30 * DAY - MINUTE)
    assert (await cashier.look("/sales")).status == 200
    house.clock.advance(MINUTE)
    assert path_of(await cashier.http.get("/till/sales")) == ""


async def test_a_forged_cookie_opens_nothing(house: RunningHouse, cashier: Cashier) -> None:
    crypto = house.house.crypto
    token = crypto.sign("payer", "019ca8d7-2d00-7098-9f04-adb140211064", 10**15)
    for value in (token, token[:-1], ""):
        stranger = house.client({"cookie": f"till={value}"})
        assert path_of(await stranger.get("/till/sales")) == ""


async def test_closing_the_till_takes_the_cookie_away(cashier: Cashier) -> None:
    assert path_of(await cashier.post("/session/end")) == ""
    assert "Open the till" in (await cashier.look()).text


async def test_a_form_of_another_site_does_nothing(house: RunningHouse, cashier: Cashier) -> None:
    del cashier.http.headers["origin"]
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {}):
        for path in ("/sales", "/session", "/session/end", "/sales/x/refund", "/places/x/release"):
            answer = await cashier.http.post(f"/till{path}", data={"amount": "1"}, headers=headers)
            assert answer.status_code == 403
            assert f"Open it at {house.url}/till" in answer.text
    assert await house.payments() == []


async def test_the_till_of_a_paused_shop_sells_nothing(
    house: RunningHouse, cashier: Cashier
) -> None:
    await house.house.db.write(lambda tx: service.set_paused(tx, house.merchant.id, paused=True))
    page = await cashier.look()
    assert (page.status, "The shop is paused" in page.text) == (403, True)
    assert (await cashier.post("/sales", amount="1")).status_code == 403
