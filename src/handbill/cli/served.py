"""`handbill serve` as a server is started: its options are the settings, read without typer.

Typer and what it loads take 9 MiB that a server would carry for months. Whatever is not plainly a
list of settings (help, a mistake, another command) is left to typer.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from handbill.bootstrap import premises, serving
from handbill.cli.refusals import told
from handbill.infra import settings as settings_module

FLAGS = frozenset({"sandbox", "worker"})


def main() -> None:
    with told():
        serve(read(sys.argv[1:]) or {})


def serve(given: Mapping[str, object]) -> None:
    """Until the server is told to end."""
    settings = settings_module.load(given, os.environ)
    # The port first: where another server has it, nothing else is touched. Whoever connects while
    # the schema is migrated waits.
    with serving.listen(settings) as listener:
        premises.prepare(settings)
        with premises.occupied(settings):
            serving.run(settings, listener)


def read(arguments: Sequence[str]) -> dict[str, object] | None:
    """The settings that the arguments name; None where typer is to judge them."""
    if not arguments or arguments[0] != "serve":
        return None
    options, flags = _options()
    given: dict[str, object] = {}
    words = iter(arguments[1:])
    for word in words:
        option, equals, value = word.partition("=")
        if word in flags:
            name, is_on = flags[word]
            given[name] = is_on
        elif option not in options:
            return None
        else:
            value = value if equals else next(words, "-")
            if value.startswith("-"):
                return None
            given[options[option]] = value
    return given


def _options() -> tuple[dict[str, str], dict[str, tuple[str, bool]]]:
    """Options with a value, by their spelling; and flags, on and off."""
    options, flags = {}, {}
    for one in settings_module.describe():
        if one.name in FLAGS:
            flags[one.option] = one.name, True
            flags[f"--no-{one.option[2:]}"] = one.name, False
        else:
            options[one.option] = one.name
    return options, flags
