"""Into the dashboard with a key for links alone, and out again. The browser keeps no key."""

from __future__ import annotations

import pytest

from handbill.infra.database import Tx
from handbill.kernel.clock import DAY, MINUTE
from handbill.merchants import keys, store
from tests.support.cashier import till_key
from tests.support.clerk import Clerk, dashboard_key, path_of
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio

ENDED = "Nobody is signed in here any more"
FORMS = ("/links", "/links/x/print", "/links/x/placements", "/links/x/placements/y/removal")


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database will do: nothing here depends on which."""
    return sqlite_url


async def test_a_key_opens_the_dashboard_and_stays_out_of_the_browser(house: RunningHouse) -> None:
    clerk, key = Clerk(house), await dashboard_key(house)
    assert "Open the dashboard" in (await clerk.look()).text

    answer = await clerk.sign_in(f" {key}\n")

    assert path_of(answer) == ""
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("dashboard=")
    for word in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age=2592000"):
        assert word in cookie
    page = await clerk.look()
    assert (page.status, "New link" in page.text, "Sample shop" in page.text) == (200, True, True)
    assert "Test: no money moves" in page.text
    assert key not in cookie + page.html


async def test_a_key_that_can_do_anything_else_opens_no_dashboard(house: RunningHouse) -> None:
    clerk = Clerk(house)
    for key in (house.merchant.api_keys["test"], await till_key(house), "hb_test_nothing", ""):
        answer = await clerk.sign_in(key)
        assert answer.status_code == 403
        assert "does not open the dashboard" in answer.text
        assert "set-cookie" not in answer.headers


async def test_whoever_tries_many_keys_is_slowed_down(house: RunningHouse) -> None:
    clerk = Clerk(house)
    answers = [await clerk.sign_in("hb_live_guess") for _ in range(25)]
    assert {answer.status_code for answer in answers[:20]} == {403}
    assert (answers[-1].status_code, answers[-1].headers["retry-after"]) == (429, "60")
    assert path_of(await clerk.sign_in(await dashboard_key(house))) == ""


async def test_no_session_of_the_till_opens_the_dashboard(
    house: RunningHouse, clerk: Clerk
) -> None:
    token = clerk.http.cookies["dashboard"]
    stranger = house.client({"cookie": f"till={token}"})
    assert "Open the till" in (await stranger.get("/till")).text
    await stranger.post("/till/session", data={"key": await till_key(house)})
    assert "Open the dashboard" in (await stranger.get("/dashboard")).text


async def test_a_session_that_is_over_leads_to_the_door_and_says_so(
    house: RunningHouse, clerk: Clerk
) -> None:
    house.clock.advance(30 * DAY - MINUTE)
    assert (await clerk.look("/links")).status == 200
    house.clock.advance(MINUTE)
    for path in ("/links", "/links/x", "/links/x/preview/table/small.png"):
        assert path_of(await clerk.http.get(f"/dashboard{path}")) == "?ended"
    assert ENDED in (await clerk.look("?ended")).text


async def test_revoking_the_key_ends_its_session_at_once(house: RunningHouse, clerk: Clerk) -> None:
    def revoke(tx: Tx) -> None:
        [key] = [one for one in store.list_keys(tx, house.merchant.id) if one.scopes == ("links",)]
        keys.revoke(tx, key.id)

    await house.house.db.write(revoke)

    for form in FORMS:
        assert path_of(await clerk.post(form, amount="1")) == "?ended"
    assert path_of(await clerk.http.get("/dashboard/links")) == "?ended"


async def test_signing_out_takes_the_cookie_away(clerk: Clerk) -> None:
    assert path_of(await clerk.http.post("/dashboard/session/end")) == ""
    assert "Open the dashboard" in (await clerk.look()).text


async def test_a_form_of_another_site_does_nothing(house: RunningHouse, clerk: Clerk) -> None:
    origin = clerk.http.headers.pop("origin")
    foreign: tuple[dict[str, str], ...] = (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {},
        {"origin": origin, "sec-fetch-site": "same-site"},
    )
    for headers in foreign:
        for form in ("/session", "/session/end", *FORMS):
            path = f"/dashboard{form}"
            answer = await clerk.http.post(path, data={"amount": "1"}, headers=headers)
            assert (answer.status_code, "Open it at" in answer.text) == (403, True)
    assert (await house.shop.get("/api/v1/links")).json()["data"] == []


async def test_the_dashboard_of_a_paused_shop_makes_nothing(
    house: RunningHouse, clerk: Clerk
) -> None:
    await house.pause()
    for path in ("", "/links"):
        page = await clerk.look(path)
        assert (page.status, "The shop is paused" in page.text) == (403, True)
    assert (await clerk.post("/links", by="amount", amount="1")).status_code == 403


async def test_a_language_that_is_chosen_stays(clerk: Clerk) -> None:
    assert 'lang="ru"' in (await clerk.look("/links?lang=ru")).html
    assert '<html lang="ru"' in (await clerk.look("/links")).html
    assert '<html lang="ru"' in (await clerk.look()).html
