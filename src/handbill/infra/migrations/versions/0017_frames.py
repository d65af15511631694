"""The sites that may show a merchant's pages in a frame: none, until the merchant names some."""

from __future__ import annotations

from handbill.infra.migrations import dialect

revision = "0017"
down_revision = "0015"


def upgrade() -> None:
    dialect.run(
        "ALTER TABLE merchants ADD COLUMN frame_origins_json {json} NOT NULL DEFAULT '[]'",
    )


def downgrade() -> None:
    dialect.run("ALTER TABLE merchants DROP COLUMN frame_origins_json")
