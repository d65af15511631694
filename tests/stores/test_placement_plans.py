"""However many placements an installation has, a link's own are found by an index and in order."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any, cast

import pytest

from handbill.infra.database import Tx
from handbill.infra.database.sql import bind, prepare
from handbill.infra.paging import Position
from handbill.links import placement_store, traffic

AFTER = Position(1, "019ca8d7-2d00-7d36-9e8c-c23afd234f10")


class Asked:
    """In the place of a transaction: keeps what is asked of it, and finds nothing."""

    def __init__(self) -> None:
        self.sql, self.params = "", dict[str, Any]()

    def all(self, kind: type[Any], sql: str, /, **params: Any) -> list[Any]:
        self.sql, self.params = sql, params
        return []

    def value(self, sql: str, /, **params: Any) -> int:
        self.sql, self.params = sql, params
        return 0


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (lambda tx: placement_store.list_page(tx, "l", None, 100), "placements_link"),
        (lambda tx: placement_store.list_page(tx, "l", AFTER, 100), "placements_link"),
        (lambda tx: placement_store.list_page(tx, "l", AFTER, 100, "bar"), "placements_link"),
        (lambda tx: placement_store.names_taken(tx, "l", ["Bar"]), "placements_name"),
        (lambda tx: placement_store.count(tx, "l"), "placements_"),
        (lambda tx: traffic.totals(tx, "l", ["A"]), "sqlite_autoindex_traffic_1"),
    ],
)
def test_no_question_reads_more_than_the_link_has(
    ask: Callable[[Tx], object], index: str, sqlite_url: str
) -> None:
    asked = Asked()
    ask(cast("Tx", asked))
    statement = prepare(asked.sql, "named")

    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as db:
        text = f"EXPLAIN QUERY PLAN {statement.text}"
        plan = [row[3] for row in db.execute(text, bind(statement, asked.params)).fetchall()]

    of_tables = [line for line in plan if "placements" in line or "traffic" in line]
    assert len(of_tables) == 1
    assert of_tables[0].startswith("SEARCH")
    assert index in of_tables[0]
    assert not any("TEMP B-TREE FOR ORDER BY" in line for line in plan)
