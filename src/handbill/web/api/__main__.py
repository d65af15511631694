"""Writes the OpenAPI document to standard output, for the committed copy of it:
`python -m handbill.web.api > docs/reference/openapi.json`.
"""

from __future__ import annotations

import sys

from handbill.kernel.addresses import Addresses
from handbill.web import openapi
from handbill.web.api import describe

if __name__ == "__main__":
    sys.stdout.buffer.write(openapi.write(describe(Addresses("http://localhost:8000"))) + b"\n")
