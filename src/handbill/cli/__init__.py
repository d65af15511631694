"""The command `handbill`: thin, one file for each noun. Prints for people, or JSON on request."""

import sys

from handbill.cli import served

if served.read(sys.argv[1:]) is None:
    from handbill.cli.main import main
else:  # a server, which must not carry typer
    from handbill.cli.served import main

__all__ = ["main"]
