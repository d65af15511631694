"""A link has codes of its own for each place where it hangs."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from handbill.infra.database import open_database
from handbill.infra.paging import Position
from handbill.kernel import ids
from handbill.kernel.clock import MINUTE, ManualClock
from handbill.kernel.errors import Invalid, NotFound
from handbill.links import placement_names, placement_store, placements, service, traffic
from handbill.links.model import Link
from handbill.links.placement_store import Placement
from handbill.links.placements import PLACEMENTS_MAX
from handbill.links.traffic import Traffic
from tests.support.shop import Shop

pytestmark = pytest.mark.anyio


async def made(shop: Shop, link: Link, *lines: str) -> list[Placement]:
    rows = placement_names.typed(lines)
    return await shop.write(lambda tx: placements.create(tx, shop.tenant, link.id, rows))


async def refused(shop: Shop, link: Link, *lines: str) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as told:
        await made(shop, link, *lines)
    return told.value.faults


async def change(shop: Shop, one: Placement, **changes: Any) -> Placement:
    return await shop.write(
        lambda tx: placements.change(tx, shop.tenant, one.link_id, one.id, **changes)
    )


async def remove(shop: Shop, one: Placement) -> Placement:
    return await shop.write(lambda tx: placements.remove(tx, shop.tenant, one.link_id, one.id))


async def listed(shop: Shop, link: Link, q: str | None = None) -> list[str]:
    page = await shop.db.read(
        lambda tx: placements.list_page(tx, shop.tenant, link.id, q, None, 100)
    )
    return [one.name for one in page.items]


async def told(shop: Shop, link: Link) -> list[list[dict[str, Any]]]:
    found = await shop.events(link.id)
    return [e.data["placements"] for e in found if e.type == "link.placements_changed"]


async def test_forty_tables_are_made_at_once_in_their_order(shop: Shop) -> None:
    link = await shop.link()

    tables = await made(shop, link, "Window", "Table 1..40")

    names = ["Window", *(f"Table {number}" for number in range(1, 41))]
    assert [one.name for one in tables] == await listed(shop, link) == names
    assert len({one.code for one in tables} | {link.code}) == 42
    [event] = await told(shop, link)  # one, not forty
    assert [one["name"] for one in event] == names
    assert event[3] == {
        "id": tables[3].id,
        "link": link.id,
        "code": tables[3].code,
        "name": "Table 3",
        "removed": False,
    }


async def test_all_are_made_or_none(shop: Shop) -> None:
    link, other = await shop.link(), await shop.link()
    await made(shop, link, "Table 3")

    assert await refused(shop, link, "Bar", "Table 1..4", "", "Bar") == {
        "names.1": ["“Table 3” is taken: the link has a placement of this name"],
        "names.2": ["must not be empty"],
        "names.3": ["“Bar” stands twice, first in names.0"],
    }

    assert await listed(shop, link) == ["Table 3"]
    assert len(await told(shop, link)) == 1
    await made(shop, other, "Table 3")  # names are a link's own


async def test_a_link_has_an_end_of_places_which_is_told(shop: Shop) -> None:
    link = await shop.link()
    for part in range(PLACEMENTS_MAX // 500):
        await made(shop, link, f"{part} 1..500")

    words = "“more 2” is one too many: a link has at most 2,000 placements"
    [first] = (await page_of(shop, link, None, 1)).items
    await remove(shop, first)
    assert await refused(shop, link, "more 1..3") == {"names.0": [words]}
    [one] = await made(shop, link, "more 1")

    [elsewhere] = await made(shop, await shop.link(), "more 2")
    with pytest.raises(Invalid) as full:
        await change(shop, elsewhere, to_link_id=link.id)
    assert full.value.faults == {"link": [words]}
    await change(shop, one, name="renamed")
    with pytest.raises(Invalid):
        await made(shop, link, "another")


async def page_of(shop: Shop, link: Link, after: Position | None, limit: int) -> Any:
    return await shop.db.read(
        lambda tx: placements.list_page(tx, shop.tenant, link.id, None, after, limit)
    )


async def test_a_walk_finds_each_once_while_others_are_made_and_removed(shop: Shop) -> None:
    link = await shop.link()
    tables = await made(shop, link, "Table 1..23")
    walked: list[Placement] = []
    after, more = None, True
    while more:
        page = await page_of(shop, link, after, 5)
        walked += page.items
        after, more = page.next, page.next is not None
        if len(walked) == 10:
            await remove(shop, tables[3])
            shop.clock.advance(1)
            await made(shop, link, "Late 1..2")

    assert [one.name for one in walked] == [*(one.name for one in tables), "Late 1", "Late 2"]


async def test_names_are_found_by_a_part_in_any_script_and_case(shop: Shop) -> None:
    link = await shop.link()
    await made(shop, link, "СТОЛИК 1..2", "Straße", "100%", "a_b")
    [bar] = await made(shop, link, "bar")
    await change(shop, bar, name="Тёплый БАР")

    assert await listed(shop, link, "столик") == ["СТОЛИК 1", "СТОЛИК 2"]
    assert await listed(shop, link, "STRASSE") == ["Straße"]
    assert await listed(shop, link, "0%") == ["100%"]
    assert await listed(shop, link, "_") == ["a_b"]
    assert await listed(shop, link, "тёплый") == ["Тёплый БАР"]
    assert await listed(shop, link, "bar") == []


async def test_of_two_that_make_a_name_at_once_one_wins_and_one_is_told_where(
    shop: Shop, database_url: str
) -> None:
    """In two processes, as far as the database can tell."""
    other = open_database(database_url, shop.clock)
    try:
        for number in range(8):
            link = await shop.link()
            rows = placement_names.typed([f"Mine {number}", "Table 1..3"])
            theirs = placement_names.typed(["Table 3..5", f"Theirs {number}"])

            async def make(db: Any, wanted: Any, link: Link = link) -> Any:
                return await db.write(
                    lambda tx: placements.create(tx, shop.tenant, link.id, wanted),
                    merchant=shop.merchant.id,
                )

            done = await asyncio.gather(
                make(shop.db, rows), make(other, theirs), return_exceptions=True
            )

            [lost] = [one for one in done if isinstance(one, Invalid)]
            [won] = [one for one in done if not isinstance(one, BaseException)]
            assert await listed(shop, link) == [one.name for one in won]
            words = ["“Table 3” is taken: the link has a placement of this name"]
            assert lost.faults == {"names.0" if lost is done[1] else "names.1": words}
    finally:
        other.close()


async def test_of_many_that_take_one_name_at_once_one_has_it(shop: Shop) -> None:
    link = await shop.link()
    tables = await made(shop, link, "Table 1..6")

    done = await asyncio.gather(
        *(change(shop, one, name="Window") for one in tables),
        made(shop, link, "Window"),
        return_exceptions=True,
    )

    assert sum(isinstance(one, Invalid) for one in done) == 6
    assert (await listed(shop, link)).count("Window") == 1


async def test_a_new_name_is_one_event_and_the_same_name_none(
    shop: Shop, clock: ManualClock
) -> None:
    link = await shop.link()
    [one] = await made(shop, link, "Table 1")
    clock.advance(MINUTE)

    renamed = await change(shop, one, name=" Terrace 1 ")
    assert await change(shop, renamed, name="Terrace 1", to_link_id=link.id) == renamed

    assert (renamed.name, renamed.code) == ("Terrace 1", one.code)
    assert renamed.updated_at == one.updated_at + MINUTE
    assert [[p["name"] for p in event] for event in await told(shop, link)] == [
        ["Table 1"],
        ["Terrace 1"],
    ]
    for name, words in (("", "must not be empty"), ("x" * 81, "must be at most 80 characters")):
        with pytest.raises(Invalid) as fault:
            await change(shop, renamed, name=name)
        assert fault.value.faults == {"name": [words]}


async def test_a_placement_moves_with_its_code_and_leaves_its_counts(shop: Shop) -> None:
    old, new = await shop.link(), await shop.link()
    [one] = await made(shop, old, "Table 1")
    await made(shop, new, "Table 1")
    await shop.write(lambda tx: traffic.count_start(tx, old.id, one.id))

    with pytest.raises(Invalid) as taken:
        await change(shop, one, to_link_id=new.id)
    assert list(taken.value.faults) == ["link"]
    moved = await change(shop, one, to_link_id=new.id, name="Table 1 of the terrace")

    assert (moved.link_id, moved.code) == (new.id, one.code)
    assert await listed(shop, old) == []
    assert await listed(shop, new) == [moved.name, "Table 1"]  # the older one first
    assert [event[0]["link"] for event in await told(shop, old)] == [old.id, new.id]
    assert [event[0]["name"] for event in await told(shop, new)] == ["Table 1", moved.name]
    await shop.write(lambda tx: traffic.count_start(tx, new.id, one.id))
    for link_id in (old.id, new.id):
        came = await shop.db.read(partial(traffic.totals, link_id=link_id, codes=[one.code]))
        assert came == {one.code: Traffic(starts=1)}


async def test_codes_of_a_link_that_was_deleted_can_be_moved_to_one_that_is_there(
    shop: Shop,
) -> None:
    old, new = await shop.link(), await shop.link()
    [one, two] = await made(shop, old, "Table 1..2")
    await shop.write(lambda tx: service.delete(tx, shop.tenant, old.id))

    assert await listed(shop, old) == ["Table 1", "Table 2"]
    assert (await change(shop, one, to_link_id=new.id)).link_id == new.id
    with pytest.raises(NotFound):
        await made(shop, old, "Table 3")
    await shop.write(lambda tx: service.delete(tx, shop.tenant, new.id))
    with pytest.raises(Invalid) as gone:
        await change(shop, two, to_link_id=new.id)
    assert list(gone.value.faults) == ["link"]


async def test_a_removed_placement_is_still_found_by_its_code(shop: Shop) -> None:
    link = await shop.link()
    [window, _] = await made(shop, link, "Window", "Bar")

    gone = await remove(shop, window)

    assert await shop.db.read(lambda tx: placement_store.find_by_code(tx, window.code)) == gone
    assert (gone.link_id, gone.removed_at) == (link.id, shop.clock.now())
    assert [[p["removed"] for p in event] for event in await told(shop, link)] == [
        [False, False],
        [True],
    ]
    assert await listed(shop, link) == ["Bar"]
    for act in (remove, change):
        with pytest.raises(NotFound):
            await act(shop, window)
    [again] = await made(shop, link, "Window")
    assert again.code != window.code


async def test_an_operator_finds_it_by_id_or_by_the_code_as_it_is_read_out(shop: Shop) -> None:
    [one] = await made(shop, await shop.link(), "Window")
    typed = one.code.lower().replace("0", "o").replace("1", "l")

    for text in (one.id, one.code, typed):
        assert await shop.db.read(partial(placements.get_of_anybody, typed=text)) == one
    await remove(shop, one)
    for text in (one.id, one.code, "nonsense", ids.new_id(0), ids.short_code()):
        with pytest.raises(NotFound):
            await shop.db.read(partial(placements.get_of_anybody, typed=text))


async def test_placements_of_others_are_not_there(shop: Shop, neighbour: Shop) -> None:
    link, foreign = await shop.link(), await neighbour.link()
    [one] = await made(shop, link, "Window")

    for act in (
        made(neighbour, link, "Bar"),
        listed(neighbour, link),
        change(neighbour, one, name="Bar"),
        remove(neighbour, one),
    ):
        with pytest.raises(NotFound):
            await act
    with pytest.raises(NotFound):  # there, but not at this link
        await shop.db.read(lambda tx: placements.get(tx, shop.tenant, foreign.id, one.id))
    with pytest.raises(Invalid) as refused_move:
        await change(shop, one, to_link_id=foreign.id)
    assert refused_move.value.faults == {"link": ["must be the id of a link that is here"]}
