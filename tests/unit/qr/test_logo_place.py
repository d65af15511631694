"""A logo stands in the middle, is small, and never lies on what phones find a code by."""

from __future__ import annotations

import pytest
from segno import consts

from handbill.kernel.errors import Invalid
from handbill.qr.code import Code, make
from handbill.qr.logo_place import PAD, SHARE_MAX, cleared, place

WITHOUT_ROOM = {*range(7, 14), 15, 16, *range(21, 41)}


def blank(version: int) -> Code:
    side = 17 + 4 * version
    return Code("", version, "H", (b"\x01" * side,) * side)


def patterns(version: int) -> set[tuple[int, int]]:
    """Modules of finders with what lies along them, of timing and of alignment patterns."""
    side = 17 + 4 * version
    reach = 9 if version < 7 else 11  # the number of the version, where it is written
    edges = [*range(9), *range(side - reach, side)]
    finders = {(x, y) for x in edges for y in edges}
    timing = {(6, at) for at in range(side)} | {(at, 6) for at in range(side)}
    lines = consts.ALIGNMENT_POS[version - 2] if version > 1 else ()
    near = range(-2, 3)
    alignments = {(x + i, y + j) for x in lines for y in lines for i in near for j in near}
    return finders | timing | alignments


@pytest.mark.parametrize("version", sorted({*range(2, 41)} - WITHOUT_ROOM))
def test_a_logo_and_its_pad_leave_every_pattern_alone(version: int) -> None:
    code = blank(version)
    side = len(code.rows)

    logo = place(code)
    changed = {
        (x, y) for y, row in enumerate(cleared(code).rows) for x in range(side) if not row[x]
    }

    assert logo.start + logo.end == side
    assert 0 < logo.side <= SHARE_MAX * side
    assert len(changed) == (logo.side + 2 * PAD) ** 2
    assert not changed & patterns(version)


@pytest.mark.parametrize("version", sorted(WITHOUT_ROOM))
def test_a_code_with_a_pattern_in_its_middle_gets_none(version: int) -> None:
    with pytest.raises(Invalid) as refused:
        place(blank(version))

    assert refused.value.faults.keys() == {"logo"}


def test_the_address_of_a_host_of_58_characters_still_has_room() -> None:
    host = "pay.".ljust(55, "x") + ".io"
    assert len(host) == 58

    assert place(make(f"https://{host.upper()}/L/ABCDEFGHJK", "H")).side == 7
