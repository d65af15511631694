"""Judges that nobody here wrote, and the product's own commands, asked from outside."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.postgres import programs_folder
from torture.installation import Installation

HANDBILL = (sys.executable, "-m", "handbill.cli")
SECONDS = 120
INTEGRITY = (
    "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]);"
    " found = db.execute('PRAGMA integrity_check').fetchall();"
    " found += db.execute('PRAGMA foreign_key_check').fetchall();"
    " print(*found); sys.exit(found != [('ok',)])"
)


class Judges:
    """`noted`: exports of the books, taken while the servers were tortured."""

    def __init__(self, house: Installation, folder: Path) -> None:
        self._house = house
        self._folder = folder
        self.noted: list[Path] = []

    async def note_books(self) -> None:
        """Exports the books as they are now: what is in them may never change."""
        file = self._folder / f"books-{len(self.noted)}.journal"
        code, _ = await self._handbill("books", "export", str(file))
        if code == 0:
            self.noted.append(file)

    async def violations(self) -> list[str]:
        """Of the books against everything that was noted, and of the database's files."""
        await self.note_books()
        found = []
        for file in self.noted:
            code, said = await self._handbill("books", "verify", "--against", str(file))
            if code:
                found.append(f"books verify --against {file.name}: {said}")
        code, said = await _run("hledger", "check", "--strict", "-f", str(self.noted[-1]))
        if code:
            found.append(f"hledger refuses the books: {said}")
        return found + await self._of_files()

    async def _of_files(self) -> list[str]:
        url = self._house.url
        if url.startswith("sqlite"):
            file = url.removeprefix("sqlite:///")
            code, said = await _run(sys.executable, "-c", INTEGRITY, file)
            return [f"integrity_check: {said}"] if code else []
        program = programs_folder() / "pg_amcheck"
        if shutil.which(program) is None:
            return []
        where = urlsplit(url)
        code, said = await _run(
            *(str(program), "--install-missing", "--heapallindexed"),
            *("-h", str(where.hostname), "-p", str(where.port), "-U", str(where.username)),
            where.path.removeprefix("/"),
        )
        return [f"pg_amcheck: {said}"] if code else []

    async def _handbill(self, *words: str) -> tuple[int, str]:
        where = ("--data", str(self._house.folder), "--database-url", self._house.url)
        return await _run(*HANDBILL, *words, *where)


async def _run(*command: str) -> tuple[int, str]:
    """The exit code, and what was said."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(SECONDS):
        said, _ = await process.communicate()
    return process.returncode or 0, said.decode(errors="replace")[-600:].strip()
