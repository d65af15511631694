"""The shapes of a code: dark modules grown together, for the vector formats.

Drawing whole shapes and not single modules leaves no hairlines between neighbours in a viewer
that smooths edges, and makes smaller files.
"""

from __future__ import annotations

from collections.abc import Iterator

from handbill.qr.code import QUIET_ZONE, Code

Point = tuple[int, int]
"""Modules to the right and down from the upper left corner of the quiet zone."""


def outlines(code: Code) -> Iterator[list[Point]]:
    """The corners of every dark shape and of every hole in one; only right angles.

    Shapes run clockwise and holes the other way, so that both fill rules draw the same.
    """
    edges = _edges(code)
    while edges:
        start = next(iter(edges))
        corners = [start]
        before, here = start, _leave(edges, start)
        while here != start:
            after = _leave(edges, here)
            if (before[0] == here[0]) != (here[0] == after[0]):
                corners.append(here)
            before, here = here, after
        yield corners


def _leave(edges: dict[Point, list[Point]], here: Point) -> Point:
    """Takes one edge that begins here and gives its end. Where two shapes touch at a corner two
    edges begin; either will do, for both loops close in the end."""
    ends = edges[here]
    end = ends.pop()
    if not ends:
        del edges[here]
    return end


def _edges(code: Code) -> dict[Point, list[Point]]:
    """Sides of dark modules that touch light ones, with the dark on the right: start to ends."""
    rows = code.framed()
    edges: dict[Point, list[Point]] = {}
    for y in range(QUIET_ZONE, code.side - QUIET_ZONE):
        above, row, below = rows[y - 1], rows[y], rows[y + 1]
        for x in range(QUIET_ZONE, code.side - QUIET_ZONE):
            if not row[x]:
                continue
            if not above[x]:
                edges.setdefault((x, y), []).append((x + 1, y))
            if not row[x + 1]:
                edges.setdefault((x + 1, y), []).append((x + 1, y + 1))
            if not below[x]:
                edges.setdefault((x + 1, y + 1), []).append((x, y + 1))
            if not row[x - 1]:
                edges.setdefault((x, y + 1), []).append((x, y))
    return edges
