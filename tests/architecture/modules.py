"""Handbill as it is imported: every module, and every class of errors that they define."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType

import handbill
from handbill.kernel.errors import HandbillError

# Alembic runs these; they act when they are imported.
ACTING = "handbill.infra.migrations."


@cache
def modules() -> list[ModuleType]:
    names = [one.name for one in pkgutil.walk_packages(handbill.__path__, "handbill.")]
    return [
        importlib.import_module(name)
        for name in names
        if not name.startswith(ACTING) and not name.endswith("__main__")
    ]


@cache
def errors() -> list[type[HandbillError]]:
    """The whole tree, leaves that slices add included; not those that a test makes up."""
    modules()
    found: list[type[HandbillError]] = []
    waiting: list[type[HandbillError]] = [HandbillError]
    while waiting:
        one = waiting.pop(0)
        found.append(one)
        waiting += one.__subclasses__()
    return [one for one in found if one.__module__.startswith("handbill.")]
