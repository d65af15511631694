"""Cursors lead back to where they were taken, and nothing else is one."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.infra.paging import Position
from handbill.web.cursors import read_cursor, write_cursor

POSITIONS = st.builds(
    Position, st.integers(0, (1 << 48) - 1), st.uuids().map(lambda u: str(uuid.UUID(int=u.int)))
)


@given(POSITIONS)
def test_a_cursor_leads_back_to_its_position(position: Position) -> None:
    assert read_cursor(write_cursor(position)) == position


@given(POSITIONS)
def test_a_cursor_needs_no_escaping_in_an_address(position: Position) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]+", write_cursor(position))


@given(st.text() | st.none() | st.integers())
def test_whatever_else_is_refused_in_words(text: Any) -> None:
    with pytest.raises(ValueError, match="is not a cursor"):
        read_cursor(text)


@given(POSITIONS, st.data())
def test_a_changed_cursor_is_refused_or_is_another_whole_one(
    position: Position, data: st.DataObject
) -> None:
    cursor = write_cursor(position)
    at = data.draw(st.integers(0, len(cursor) - 1))
    changed = cursor[:at] + data.draw(st.sampled_from("Aa0_-=. ")) + cursor[at + 1 :]
    try:
        again = write_cursor(read_cursor(changed))
    except ValueError:
        again = changed

    assert again == changed
