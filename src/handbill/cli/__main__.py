"""`python -m handbill.cli` is the command `handbill`."""

from __future__ import annotations

from handbill.cli import main

main()
