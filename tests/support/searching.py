"""Searches a whole database, whichever it is: every column of every row of every table."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import psycopg
from psycopg import sql


def tables_with(url: str, *words: str) -> set[str]:
    """The tables in which one of the words stands, in any case."""
    wanted = [word.casefold() for word in words]
    return {
        table
        for table, text in _texts(url).items()
        if any(word in text.casefold() for word in wanted)
    }


def _texts(url: str) -> dict[str, str]:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as db:
            names = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            return {name: str(db.execute(f"SELECT * FROM {name}").fetchall()) for (name,) in names}
    with psycopg.connect(url) as postgres:
        names = postgres.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        rows = "SELECT t::text FROM {} AS t"
        return {
            name: str(postgres.execute(sql.SQL(rows).format(sql.Identifier(name))).fetchall())
            for (name,) in names
        }
