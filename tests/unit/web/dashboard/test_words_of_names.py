"""Every fault of a list of names meets the sentence that is meant for it."""

from __future__ import annotations

import pytest

from handbill.links import placement_names, placement_tables
from handbill.links.placement_names import AT_ONCE_MAX, NAME_MAX, Row
from handbill.links.placement_tables import FILE_MAX, ROWS_MAX
from handbill.web.dashboard import drafts, words

CODES = words.CODES
BAR = Row("codes.0", "Bar")


@pytest.mark.parametrize(
    ("rows", "meant"),
    [
        ([BAR, BAR], CODES["stands twice"]),
        (placement_names.listed(["Bar", "Bar"]), CODES["stands twice"]),
        (placement_names.listed(["Taken"]), CODES["is taken"]),
        (placement_names.listed([" "]), CODES["empty"]),
        (placement_names.listed(["x" * (NAME_MAX + 1)]), CODES["at most"]),
        (placement_names.listed(["a\x01b"]), CODES["printable"]),
        (placement_names.listed(["x"] * (AT_ONCE_MAX + 1)), CODES["names at once"]),
        (placement_names.typed([f"Table 1..{AT_ONCE_MAX + 1}"]), CODES["names at once"]),
        (placement_names.typed(["Table 1..\u0663"]), CODES["digits"]),
        (placement_names.typed(["Table 1..1234567890"]), CODES["digits"]),
        (placement_names.typed(["Table 9..1"]), CODES["upwards"]),
        (placement_names.typed(["Table 1..Chair 9"]), CODES["range"]),
        (placement_tables.opened(b"x" * (FILE_MAX + 1)), CODES["KiB"]),
        (placement_tables.opened(b"\xff\xfa"), CODES["UTF-8"]),
        (placement_tables.read(""), CODES["at least one"]),
        (placement_tables.read("Bar,Door\n"), CODES["column"]),
        (placement_tables.read('Bar\n"Do"or\n'), CODES["quotes"]),
        (placement_tables.read("Bar\n" + "\n" * ROWS_MAX + "Door\n"), CODES["rows are read"]),
    ],
)
def test_a_fault_is_said_in_its_own_sentence(rows: list[Row], meant: str) -> None:
    found = placement_names.faults(rows, {"Taken"})
    [fault] = {one for faults in found.values() for one in faults}
    assert drafts.meant(fault) == meant


def test_what_nobody_foresaw_is_said_of_the_name() -> None:
    assert drafts.meant("is a surprise") == words.WRONG_CODE
