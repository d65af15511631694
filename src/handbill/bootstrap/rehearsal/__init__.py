"""Plays a scenario of the sandbox acquirer against a running server, as a payer would, and watches
what becomes of it."""

from handbill.bootstrap.rehearsal.plan import Plan, find, listed
from handbill.bootstrap.rehearsal.playing import advance, play

__all__ = ["Plan", "advance", "find", "listed", "play"]
