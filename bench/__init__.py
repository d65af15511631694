"""How fast Handbill is, measured beside something known. `bin/bench` runs it; no test does.

Every server that is measured is started here, listens on loopback and ends with the run.
"""
