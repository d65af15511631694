"""One field of a request: whether its value is right, and if not, why, in words for people.

Each rule is a step made once from the declared type; the steps of a whole body are put together
in `validation`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from msgspec import inspect

from handbill.kernel.errors import Faults, Invalid, NotYet
from handbill.kernel.warnings import Warned

NOT_YET = "is not in this version yet"
IGNORED_MAX = 20

# No text of ours has a use for these: PostgreSQL refuses the first, and terminals obey some.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class Report:
    """What was found on the way through one value."""

    __slots__ = ("early", "faults", "ignored")

    def __init__(self) -> None:
        self.faults: Faults = {}
        self.early: list[str] = []
        """Paths of the fields that are not in this version yet."""
        self.ignored: list[str] = []

    def refuse(self, path: str, words: str) -> Any:
        """Gives None, so that a step can end with it."""
        self.faults.setdefault(path or "body", []).append(words)
        return None

    def settle(self) -> list[Warned]:
        """Raises what stands against the value; gives what is worth a warning."""
        if self.faults:
            only_early = len(self.early) == len(self.faults)
            raise (NotYet if only_early else Invalid)(self.faults)
        if not self.ignored:
            return []
        names = tuple(self.ignored[:IGNORED_MAX])
        return [Warned("unknown_fields", "These fields are not known and were ignored.", names)]


Step = Callable[[Any, str, Report], Any]
"""(raw value, path of the field, report) -> value. Meaningless once the report has a fault."""


def text(info: inspect.StrType) -> Step:
    least, most = info.min_length or 0, info.max_length
    pattern = re.compile(info.pattern) if info.pattern else None

    def step(value: Any, path: str, report: Report) -> Any:
        if type(value) is not str:
            report.refuse(path, wrong(value, "a string"))
        elif len(value) < least:
            words = "must not be empty" if least == 1 else f"must have at least {least} characters"
            report.refuse(path, words)
        elif most is not None and len(value) > most:
            report.refuse(path, f"must be at most {most} characters")
        elif _UNFIT.search(value):
            report.refuse(path, "must not have control characters")
        elif pattern is not None and not pattern.search(value):
            report.refuse(path, f"must match {pattern.pattern}")
        return value

    return step


def integer(info: inspect.IntType) -> Step:
    least, most = info.ge, info.le

    def step(value: Any, path: str, report: Report) -> Any:
        if type(value) is not int:
            report.refuse(path, wrong(value, "an integer"))
        elif least is not None and value < least:
            report.refuse(path, f"must be at least {least}")
        elif most is not None and value > most:
            report.refuse(path, f"must be at most {most}")
        return value

    return step


def flag(value: Any, path: str, report: Report) -> Any:
    if type(value) is not bool:
        report.refuse(path, wrong(value, "true or false"))
    return value


def choice(names: list[str], make: Callable[[str], Any]) -> Step:
    values = {name: make(name) for name in names}
    words = "must be one of: " + ", ".join(names)

    def step(value: Any, path: str, report: Report) -> Any:
        if type(value) is str and value in values:
            return values[value]
        return report.refuse(path, words)

    return step


def custom(read: Callable[[Any], Any]) -> Step:
    def step(value: Any, path: str, report: Report) -> Any:
        if isinstance(value, str) and _UNFIT.search(value):
            return report.refuse(path, "must not have control characters")
        try:
            return read(value)
        except ValueError as error:
            return report.refuse(path, str(error))

    return step


def checked(inner: Step, check: Callable[[Any], str | None]) -> Step:
    def step(value: Any, path: str, report: Report) -> Any:
        before = len(report.faults)
        value = inner(value, path, report)
        if len(report.faults) == before and (words := check(value)):
            report.refuse(path, words)
        return value

    return step


def early(value: Any, path: str, report: Report) -> None:
    report.early.append(path)
    report.refuse(path, NOT_YET)


def wrong(value: Any, wanted: str) -> str:
    return "must not be null" if value is None else f"must be {wanted}"
