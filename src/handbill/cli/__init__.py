"""The command `handbill`: thin, one file for each noun. Prints for people, or JSON on request."""

from handbill.cli.main import main

__all__ = ["main"]
