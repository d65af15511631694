"""Tortures an installation and judges it afterwards. `bin/torture` runs it, and `bin/test --slow`.

Two servers on one database are given load and then killed, stopped, starved of disk and cut off
from PostgreSQL at random moments. Whatever one of them acknowledged must be there afterwards, once.
Every process here was started here, listens on loopback, and ends with the run.
"""
