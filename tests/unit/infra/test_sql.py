"""One text for two dialects: parameters, lists, locks, and rows as values."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.infra.database.sql import bind, prepare, rows, runs

ROOT = Path(__file__).parents[3]
SQLITE, POSTGRES = "named", "pyformat"


@pytest.mark.parametrize(
    ("text", "sqlite", "postgres"),
    [
        ("SELECT :a, :b_2", "SELECT :a, :b_2", "SELECT %(a)s, %(b_2)s"),
        ("SELECT ':a' , ':b''s :c'", "SELECT ':a' , ':b''s :c'", "SELECT ':a' , ':b''s :c'"),
        ('SELECT ":a"', 'SELECT ":a"', 'SELECT ":a"'),
        ("SELECT 1 -- :a\n, :b", "SELECT 1 -- :a\n, :b", "SELECT 1 -- :a\n, %(b)s"),
        ("SELECT /* :a\n:b */ :c", "SELECT /* :a\n:b */ :c", "SELECT /* :a\n:b */ %(c)s"),
        ("SELECT x::text, :a::int", "SELECT x::text, :a::int", "SELECT x::text, %(a)s::int"),
        ("SELECT a % 2, '%'", "SELECT a % 2, '%'", "SELECT a %% 2, '%%'"),
        (
            "x IN :a OR y NOT IN :b",
            "x IN (SELECT value FROM json_each(:a)) OR y NOT IN (SELECT value FROM json_each(:b))",
            "x = ANY (%(a)s) OR y <> ALL (%(b)s)",
        ),
        ("x not  in :ids", "x not  in (SELECT value FROM json_each(:ids))", "x <> ALL (%(ids)s)"),
        ("x IN (1, :a)", "x IN (1, :a)", "x IN (1, %(a)s)"),
        ("SELECT 1 FOR UPDATE", "SELECT 1", "SELECT 1 FOR UPDATE"),
        (
            "(SELECT 1 LIMIT :a FOR UPDATE SKIP LOCKED) x",
            "(SELECT 1 LIMIT :a) x",
            "(SELECT 1 LIMIT %(a)s FOR UPDATE SKIP LOCKED) x",
        ),
        ("SELECT ' FOR UPDATE'", "SELECT ' FOR UPDATE'", "SELECT ' FOR UPDATE'"),
    ],
)
def test_a_text_is_translated(text: str, sqlite: str, postgres: str):
    assert prepare(text, SQLITE).text == sqlite
    assert prepare(text, POSTGRES).text == postgres


@pytest.mark.parametrize(
    ("text", "writes"),
    [
        ("SELECT 1", False),
        ("\n  select id FROM links FOR UPDATE", False),
        ("WITH due AS (SELECT 1) SELECT * FROM due", False),
        ("WITH due AS (SELECT 1) DELETE FROM links", True),
        ("INSERT INTO links DEFAULT VALUES", True),
        ("UPDATE links SET x = 1 RETURNING x", True),
        ("CREATE TABLE x (y TEXT)", True),
        ("-- why\nSELECT 1", True),
    ],
)
def test_a_text_tells_whether_it_may_write(text: str, writes: bool):
    assert prepare(text, SQLITE).writes is writes


def test_json_is_packed_and_nothing_stays_nothing():
    # Given
    statement = prepare("INSERT INTO x VALUES (:a_json, :b_json, :c)", SQLITE)

    # When
    bound = bind(statement, {"a_json": {"ключ": [1, None]}, "b_json": None, "c": "text"})

    # Then
    assert bound == {"a_json": '{"ключ":[1,null]}', "b_json": None, "c": "text"}


@pytest.mark.parametrize("items", [(1, 2), [1, 2], {1: "a", 2: "b"}.keys()])
def test_any_collection_is_a_list(items: Any):
    assert bind(prepare("x IN :ids", POSTGRES), {"ids": items}) == {"ids": [1, 2]}
    assert bind(prepare("x IN :ids", SQLITE), {"ids": items}) == {"ids": "[1,2]"}


def test_a_text_is_no_list():
    with pytest.raises(TypeError, match="IN :ids"):
        bind(prepare("x IN :ids", SQLITE), {"ids": "abc"})


def test_a_missing_parameter_is_named():
    with pytest.raises(KeyError, match="ids"):
        bind(prepare("x IN :ids", SQLITE), {})


@given(st.lists(st.sampled_from("abc"), max_size=20))
def test_runs_keep_the_order_and_join_neighbours(texts: list[str]):
    # Given
    writes = [(text, {"n": n}) for n, text in enumerate(texts)]

    # When
    joined = list(runs(writes))

    # Then
    assert [(text, params) for text, many in joined for params in many] == writes
    assert all(a[0] != b[0] for a, b in pairwise(joined))


class Note(msgspec.Struct, frozen=True):
    id: str
    done: bool
    extra: dict[str, int] | None = None


def test_rows_become_values():
    # Given columns as SQLite gives them
    columns = ("id", "done", "extra_json")

    # When
    found = rows(Note, columns, [("a", 1, '{"b": 2}'), ("c", 0, None)])

    # Then
    assert found == [Note("a", True, {"b": 2}), Note("c", False, None)]


def test_a_column_of_a_wrong_type_is_an_error_at_once():
    with pytest.raises(msgspec.ValidationError, match="done"):
        rows(Note, ("id", "done"), [("a", "perhaps")])


def test_threads_that_meet_a_row_type_at_once_all_get_their_rows() -> None:
    """It used to end the process now and then, just after its start."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.support.learning"], cwd=ROOT, capture_output=True, timeout=60
    )

    assert ended.returncode == 0, ended.stderr
