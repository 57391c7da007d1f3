"""What others wrote and the pages carry is what they published, byte for byte."""

import hashlib
from pathlib import Path

import admin

VENDORED = Path(admin.__file__).parent / "static" / "vendor"


def test_every_file_is_as_it_was_published() -> None:
    sums = dict(line.split("  ")[::-1] for line in (VENDORED / "SHA256SUMS").read_text().splitlines())
    found = {
        str(path.relative_to(VENDORED)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDORED.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    assert found == sums
    assert len(found) == 8


def test_each_comes_with_its_licence() -> None:
    for folder in VENDORED.iterdir():
        text = (folder / "LICENSE").read_text().split() if folder.is_dir() else []
        assert not folder.is_dir() or text[:3] in (["The", "MIT", "License"], ["Apache", "License", "Version"])
