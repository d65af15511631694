"""The print page of a link: what it shows, what Print gives, and what it refuses. On SQLite alone:
what both databases have to do with it, the tests of the stores say."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from PIL import Image

from handbill.bootstrap.first_start import open_merchant
from handbill.kernel.clock import ManualClock
from handbill.qr.papers import TEMPLATES
from handbill.web.dashboard import words
from handbill.web.dashboard.printing import FIELDS_MAX
from handbill.web.dashboard.snapshots import ROWS_MAX
from tests.support.clerk import Clerk, dashboard_key, faults_in, path_of
from tests.support.paper import codes_on, text_on
from tests.support.payers import Seen, seen
from tests.support.running import RunningHouse, running_house

pytestmark = pytest.mark.anyio

PUBLIC = "https://pay.example.com"


@pytest.fixture
async def house(sqlite_url: str, tmp_path: Path, clock: ManualClock) -> AsyncIterator[RunningHouse]:
    """Its public address is one that phones can open."""
    async with running_house(sqlite_url, tmp_path / "data", clock, public_url=PUBLIC) as running:
        yield running


def placement_ids(page: Seen) -> list[str]:
    return re.findall(r'name="place-([0-9a-f-]+)"', page.html)


def previews(page: Seen) -> list[str]:
    found = re.findall(r'src="https://pay\.example\.com(/dashboard/[^"]+)"', page.html)
    return [one.replace("&amp;", "&") for one in found]


def further(page: Seen) -> str:
    """Where the next codes are."""
    found = re.search(r'href="[^"]*/dashboard(/links/[^"#]+\?cursor=[^"#]+)', page.html)
    assert found is not None
    return found[1]


async def test_every_named_code_is_printed_and_remembered(clerk: Clerk) -> None:
    link = await clerk.make(amount="450", title="Table service", codes="Table 1..3")
    before = await clerk.look(link)
    answer = await clerk.print(link)

    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'inline; filename="table-service-table.pdf"'
    assert answer.headers["cache-control"] == "no-store"
    assert len({*codes_on(answer.content)}) == 3
    assert "Table 3" in text_on(answer.content)
    assert before.text.count("not yet") == 4
    assert (await clerk.look(link)).text.count("not yet") == 1


async def test_those_that_are_ticked_or_the_one_without_a_name(clerk: Clerk) -> None:
    link = await clerk.make(amount="450", codes="Window\nBar")
    page = await clerk.look(link)
    _, bar = placement_ids(page)

    ticked = await clerk.print(link, which="some", **{f"place-{bar}": "on"})
    assert len(codes_on(ticked.content)) == 1
    assert "Bar" in text_on(ticked.content)
    own = await clerk.print(link, which="link")
    [code] = codes_on(own.content)
    assert code.rpartition("/")[2] in page.text

    none = seen(await clerk.print(link, which="some"))
    assert (none.status, list(faults_in(none))) == (422, ["placements"])


async def test_a_whole_page_is_ticked(clerk: Clerk) -> None:
    link = await clerk.make(amount="450", codes=f"Table 1..{ROWS_MAX}")
    ticks = {f"place-{one}": "on" for one in placement_ids(await clerk.look(link))}
    assert len(ticks) == ROWS_MAX
    answer = await clerk.print(link, which="some", template="shelf", **ticks)
    assert answer.headers["content-type"] == "application/pdf"
    assert f"Table {ROWS_MAX}" in text_on(answer.content)

    beyond = {f"place-{number}": "on" for number in range(FIELDS_MAX)}
    page = seen(await clerk.print(link, which="some", **beyond))
    assert (page.status, "That was not possible" in page.text) == (400, True)


async def test_the_page_shows_each_template_as_it_will_be(
    house: RunningHouse, clerk: Clerk
) -> None:
    link = await clerk.make(amount="450", codes="Bar")
    page = await clerk.look(link)

    assert {*TEMPLATES} <= {*re.findall(r'name="template" value="([\w-]+)"', page.html)}
    large, *small = previews(page)
    assert len(small) == len(TEMPLATES)
    for path in (large, small[0]):
        answer = await clerk.http.get(path)
        assert answer.headers["content-type"] == "image/png"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        picture = Image.open(io.BytesIO(answer.content))
        shown = re.search(
            rf'src="[^"]*{re.escape(path.partition("?")[0])}[^"]*" width="(\d+)"', page.html
        )
        assert shown is not None
        assert abs(picture.width - int(shown[1])) <= 1
    stranger = house.client({"origin": PUBLIC})
    assert path_of(await stranger.get(large)) == "?ended"
    assert (await clerk.look(f"{link}/preview/none/small.png")).status == 404
    assert (await clerk.look(f"{link}/preview/table/huge.png")).status == 404


def test_every_template_has_a_name_in_words() -> None:
    named = {name for name, template in TEMPLATES.items() if template.labels is None}
    assert named == {*words.TEMPLATES}


async def test_what_is_chosen_is_printed_and_shown_again(clerk: Clerk) -> None:
    link = await clerk.make(amount="450")
    chosen = {"filled": "1", "print_lang": "ru", "color": "#0b5b48", "template": "flyer"}
    page = await clerk.look(f"{link}?{urlencode(chosen)}")
    assert 'value="flyer" checked' in page.html
    assert 'value="ru" lang="ru" selected' in page.html
    assert 'name="price" checked' not in page.html
    answer = await clerk.print(link, print_lang="ru")
    assert "Платёж 450,00 ₽" in text_on(answer.content)
    for _ in range(20):  # each waits for it a while
        if "Reads from up to" in page.text:
            return
        page = await clerk.look(f"{link}?{urlencode(chosen)}")
    pytest.fail("The distance was never said.")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"template": "sheet-of-nothing"}, "template"),
        ({"color": "#ffff00"}, "color"),
        ({"color": "other", "own_color": "red"}, "color"),
        ({"template": "shelf", "start_at": "21"}, "start_at"),
        ({"template": "shelf", "start_at": "x"}, "start_at"),
        ({"template": "shelf", "copies": "501"}, "copies"),
    ],
)
async def test_what_is_refused_is_said_beside_its_field(
    clerk: Clerk, fields: dict[str, str], field: str
) -> None:
    page = seen(await clerk.print(await clerk.make(amount="5"), **fields))
    assert (page.status, list(faults_in(page))) == (422, [field])


async def test_paper_with_an_old_price_is_called_stale(house: RunningHouse, clerk: Clerk) -> None:
    link = await clerk.make(amount="450", codes="Window\nBar")
    await clerk.print(link)
    assert "stale" not in (await clerk.look(link)).text
    body = {"amount": {"default": 50_000}}
    await house.shop.patch(f"/api/v1{link}", json=body)

    page = await clerk.look(link)
    assert "since 2 codes were printed" in page.text
    assert page.text.count("says ₽450.00") == 2


async def test_stale_paper_is_told_of_wherever_its_code_is_listed(
    house: RunningHouse, clerk: Clerk
) -> None:
    link = await clerk.make(amount="450", codes=f"Table 1..{ROWS_MAX + 1}")
    [last] = placement_ids(await clerk.look(further(await clerk.look(link))))
    await clerk.print(link, which="some", **{f"place-{last}": "on"})
    await house.shop.patch(f"/api/v1{link}", json={"amount": {"default": 50_000}})
    assert "since 1 code was printed" in (await clerk.look(link)).text


async def test_further_codes_stay_on_the_page_with_what_was_chosen(clerk: Clerk) -> None:
    link = await clerk.make(amount="450", codes=f"Table 1..{ROWS_MAX + 2}")
    here = further(await clerk.look(link))
    _, last = placement_ids(await clerk.look(here))
    chosen = {"filled": "1", "which": "some", f"place-{last}": "on"}
    cursor = here.partition("?cursor=")[2]

    # As the button of the form asks: the fields take the place of what its address had.
    page = await clerk.look(f"{link}?{urlencode({**chosen, 'cursor': cursor})}")
    assert f'name="cursor" value="{cursor}"' in page.html
    assert f'name="place-{last}" form="print" checked' in page.html
    assert f"place-{last}" in previews(page)[0]
    assert (await clerk.http.get(previews(page)[0])).status_code == 200

    actions = re.findall(r'action="[^"]*/dashboard(/links/[^"]+)"', page.html)
    [printing] = [one for one in actions if "/print?" in one]
    refused = seen(await clerk.post(printing, **chosen, copies="x"))
    assert f'name="place-{last}" form="print" checked' in refused.html
    renaming, removal = [one for one in actions if last in one]
    taken = seen(await clerk.post(renaming, name="Table 1"))
    assert (taken.status, "named “Table 1” already" in taken.text) == (422, True)
    assert path_of(await clerk.post(renaming, name="Bar")) == f"{here}#codes"
    assert previews(await clerk.look(f"{here}&{urlencode(chosen)}"))[0] != previews(page)[0]
    assert path_of(await clerk.post(removal)) == f"{here}#codes"


async def test_codes_are_added_renamed_and_removed(clerk: Clerk) -> None:
    link = await clerk.make(amount="450")
    assert "A code for each place" in (await clerk.look(link)).text
    assert (
        path_of(await clerk.post(f"{link}/placements", codes="Bar\nTable 1..2")) == f"{link}#codes"
    )
    bar, _, table = placement_ids(await clerk.look(link))

    twice = seen(await clerk.post(f"{link}/placements", codes="Bar\nDoor"))
    assert faults_in(twice)["codes"] == ["This link has a code named “Bar” already."]
    assert "Bar\nDoor</textarea>" in twice.html
    nothing = seen(await clerk.post(f"{link}/placements", codes=" "))
    assert faults_in(nothing)["codes"] == [
        "Type at least one name, or a range such as Table 1..40."
    ]

    before = previews(await clerk.look(link))[0]
    await clerk.post(f"{link}/placements/{bar}", name="Counter")
    assert previews(await clerk.look(link))[0] != before
    taken = seen(await clerk.post(f"{link}/placements/{table}", name="Counter"))
    assert (taken.status, "named “Counter” already" in taken.text) == (422, True)
    await clerk.post(f"{link}/placements/{table}/removal")
    page = await clerk.look(link)
    assert ("Counter" in page.text, "Table 2" in page.text) == (True, False)


async def test_a_link_of_somebody_else_is_not_there(house: RunningHouse, clerk: Clerk) -> None:
    db, crypto = house.house.db, house.house.crypto
    other = await db.write(lambda tx: open_merchant(tx, crypto, "Other", None, sandbox=True))
    link = await clerk.make(amount="450", codes="Bar")
    [bar] = placement_ids(await clerk.look(link))
    stranger, live = Clerk(house), Clerk(house)
    await stranger.sign_in(await dashboard_key(house, merchant=other.id))
    await live.sign_in(await dashboard_key(house, test=False))

    for one in (stranger, live):
        mine = await one.make(amount="1")
        for path in (link, f"{link}/preview/table/small.png", "/links/x"):
            assert (await one.look(path)).status == 404
        for form in ("print", "placements", f"placements/{bar}", f"placements/{bar}/removal"):
            answer = await one.post(f"{link}/{form}", codes="X", name="X", filled="1")
            assert (answer.status_code, form) == (404, form)
        # Nor does a link of one's own lead to somebody else's placement.
        for form in (f"placements/{bar}", f"placements/{bar}/removal"):
            assert (await one.post(f"{mine}/{form}", name="X")).status_code == 404
        assert (await one.print(mine, which="some", **{f"place-{bar}": "on"})).status_code == 422
    assert placement_ids(await clerk.look(link)) == [bar]
    assert "Bar" in (await clerk.look(link)).text


@pytest.fixture
async def clerk_at_home(
    sqlite_url: str, tmp_path: Path, clock: ManualClock
) -> AsyncIterator[Clerk]:
    """Of a house whose address only this machine can open."""
    async with running_house(sqlite_url, tmp_path / "home", clock) as running:
        clerk = Clerk(running)
        await clerk.sign_in(await dashboard_key(running))
        yield clerk


async def test_an_address_that_phones_cannot_open_is_refused_with_its_remedy(
    clerk_at_home: Clerk,
) -> None:
    link = await clerk_at_home.make(amount="450")
    assert "HANDBILL_PUBLIC_URL" in (await clerk_at_home.look(link)).text

    refused = seen(await clerk_at_home.print(link, print_lang="ru"))
    assert (refused.status, "Nothing was printed" in refused.text) == (409, True)
    assert 'value="ru" lang="ru" selected' in refused.html
    assert "not yet" in refused.text
    trial = await clerk_at_home.print(link, force="on")
    assert trial.headers["content-type"] == "application/pdf"


async def test_what_came_by_each_code_is_counted(clerk_at_home: Clerk) -> None:
    house, link = clerk_at_home.house, await clerk_at_home.make(amount="450")
    payer = house.new_payer()
    await payer.decide(await payer.begin(f"/pay{link.replace('links', 'link')}"), "approve")
    await house.settle()

    row = (await clerk_at_home.look(link)).html.partition("Without a name")[2]
    assert re.findall(r"<td data-head[^>]*>(\d+)</td>", row)[:3] == ["0", "1", "1"]
