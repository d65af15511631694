"""The child process of `runner`: the only place that imports Alembic (35 MiB)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config


def main() -> None:
    verb, revision = sys.argv[1:3]
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["url"] = os.environ["HANDBILL_MIGRATION_URL"]
    if verb == "up":
        command.upgrade(config, revision)
    else:
        command.downgrade(config, revision)


if __name__ == "__main__":
    main()
