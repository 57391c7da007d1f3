"""``python -m benchmarks.screenshots [FOLDER]``: every room of the admin at two widths, in light and in dark.

The day they show is made here (:mod:`tests.admin.lively`, and Ligue 1 as the look-alike has it): no page of anybody
else's is in them. Run it again after a change that is seen; the files keep their names.
"""

import argparse
import base64
import logging
import os
import struct
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page, sync_playwright

from admin import create_app
from benchmarks import machine, played
from gigscrapy.browser import launch_options
from gigscrapy.onlyone import ALERTING, take
from gigscrapy.scheduler import LOCK
from schema.database import hang_up
from schema.models import Leagues, Matches, Odds, now
from tests import ROOT
from tests.admin import signed_cookie, signed_in
from tests.admin.visitor import Visitor, served
from tests.admin.walk import walked

FOLDER = ROOT / "docs" / "screenshots"
WIDTHS = {375: 812, 1440: 900}
"""Each width with the height of its window: a picture shows what is seen first."""
SCHEMES = ("light", "dark")
MOST_BYTES = 4 * 2**20
ROOMS = {
    "dashboard": "dashboard.index",
    "matches": "finder.index",
    "gig": "finder.gig",
    "match": "finder.match",
    "movements": "movements.index",
    "benchmark": "benchmark.index",
    "analyst": "benchmark.table",
    "crawls": "crawls.index",
    "run": "crawls.run",
    "alerts": "alerts.index",
    "new-alert": "alerts.new",
    "webhooks": "webhooks.index",
    "webhook": "webhooks.details",
    "tables": "admin.index",
    "odds": "odds.index_view",
    "bookmaker": "data.row_page",
    "import": "data.import_form",
    "account": "account.index",
    "team": "team.index",
    "audit": "team.audit",
    "sign-in": "signing.sign_in",
}
"""The name of each picture, and the endpoint it shows."""
PREVIEW = "?kind=move&direction=drop&threshold=7&minutes=60&at_least=2&preview=1"
"""A rule that would have told something."""
SETTLED = """
() => document.fonts.ready.then(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))))
"""


IN_FRENCH = """
() => {
  const written = (value, none) => value ? value.replace(/(\\d+)-(\\d+)-(\\d+)T?/, "$3/$2/$1 ").trim() : none;
  for (const field of document.querySelectorAll("input[type=date], input[type=datetime-local]"))
  {
    const {value, clientWidth, type} = field;
    field.style.width = `${clientWidth + 2}px`;
    field.type = "text";
    field.value = written(value, type === "date" ? "jj/mm/aaaa" : "jj/mm/aaaa --:--");
  }
  for (const field of document.querySelectorAll("input[type=file]"))
    field.outerHTML = "<div><button>Choisir un fichier</button> Aucun fichier choisi</div>";
}
"""
"""What a browser writes itself is in the language that it was installed in, English where these pictures are taken:
fields of dates and files are put as a French one has them.
"""


class Picture(NamedTuple):
    path: Path
    size: int


def taken(folder: Path) -> Iterator[Picture]:
    """Every picture, as soon as it is taken. :raises LookupError: where a room is not there to be shown."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        app = create_app(home=home)
        database = Odds._meta.database.obj  # noqa: SLF001 - Peewee's own name for it
        played.fill(app, database, Path(home))
        walk = walked(signed_in(app))
        pages = {endpoint: path for endpoint, (path, _) in walk.others.items()} | walk.pages
        match = Matches.select(Matches.id).join(Leagues).where(Leagues.name == "Ligue 1")
        match = match.where(Matches.match_date > now()).order_by(Matches.match_date).first()
        pages |= {"finder.match": f"/matches/{match.id}/", "finder.gig": f"{pages['finder.gig']}?when=past"}
        pages["alerts.new"] += PREVIEW
        cookie = signed_cookie(app)
        with database.connection_context() if database.is_closed() else nullcontext():
            played.name_browsers()
        held = [take(database, Path(home), name) for name in (LOCK, ALERTING)]  # as if both were at work
        hang_up(database)
        with served(app) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(**launch_options(address, os.environ.get("CHROMIUM")))
            drawing = browser.new_page()
            for width, height in WIDTHS.items():
                for scheme in SCHEMES:
                    visitor = Visitor(browser, address, width, scheme, cookie=cookie)
                    visitor.page.set_viewport_size({"width": width, "height": height})
                    yield from _in_one_window(visitor, drawing, pages, folder, f"{width}-{scheme}")
            browser.close()
        for lock in held:
            assert lock
            lock.release()


def _in_one_window(
    visitor: Visitor, drawing: Page, pages: Mapping[str, str], folder: Path, how: str
) -> Iterator[Picture]:
    visitor.page.emulate_media(reduced_motion="reduce")
    for name, endpoint in ROOMS.items():
        if endpoint == "signing.sign_in":
            visitor.page.context.clear_cookies()
        path = folder / f"{name}-{how}.png"
        _take(visitor.open(pages[endpoint]), path)
        shrink(drawing, path)
        yield Picture(path, path.stat().st_size)
    visitor.page.context.close()


def _take(page: Page, path: Path) -> None:
    if page.locator("header nav").count():  # how many alerts ring is asked for once the page is there
        page.locator("header .ringing:not(:empty)").wait_for()
    page.evaluate(IN_FRENCH)
    page.evaluate(SETTLED)
    path.write_bytes(page.screenshot(animations="disabled", caret="hide"))


# -- small in bytes ----------------------------------------------------------------------------------------------------

DRAWN = """
async picture => {
  const image = new Image();
  image.src = "data:image/png;base64," + picture;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height), context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer), counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const palette = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 256).map(([pixel]) => pixel);
  const place = new Map(palette.map((pixel, index) => [pixel, index]));
  const apart = (a, b) => [0, 8, 16].reduce((sum, bits) => sum + ((a >> bits & 255) - (b >> bits & 255)) ** 2, 0);
  for (const pixel of counts.keys()) if (!place.has(pixel)) {
    const far = palette.map(one => apart(pixel, one));
    place.set(pixel, far.indexOf(Math.min(...far)));
  }
  let said = "";
  for (let y = 0; y < image.height; y++)
  {
    const line = pixels.subarray(y * image.width, (y + 1) * image.width);
    said += String.fromCharCode(...Uint8Array.from(line, pixel => place.get(pixel)));
  }
  return {width: image.width, height: image.height, palette, pixels: btoa(said)};
}
"""
"""A picture's pixels as places in a palette: its 256 most frequent colours, for the others the nearest of these."""


def shrink(drawing: Page, path: Path) -> None:
    """Write a picture again with a palette, where that is smaller: it is a third."""
    drawn = drawing.evaluate(DRAWN, base64.b64encode(path.read_bytes()).decode())
    width, height, pixels = drawn["width"], drawn["height"], base64.b64decode(drawn["pixels"])
    colours = b"".join(pixel.to_bytes(4, "little", signed=False)[:3] for pixel in drawn["palette"])
    lines = b"".join(b"\0" + pixels[start : start + width] for start in range(0, width * height, width))
    small = b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", colours),
            _chunk(b"IDAT", zlib.compress(lines, 9)),
            _chunk(b"IEND", b""),
        )
    )
    if len(small) < path.stat().st_size:
        path.write_bytes(small)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screenshots", description="The pictures in docs.")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    asked = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    began, pictures = time.monotonic(), list(taken(asked.folder))
    size = sum(picture.size for picture in pictures)
    machine.console.print(
        f"{len(pictures)} pictures, {size / 2**20:.1f} MiB, {time.monotonic() - began:.0f} s, in {asked.folder}"
    )
    machine.console.print(machine.bound(f"{size / 2**20:.1f} MiB", "less than 4", size < MOST_BYTES))


if __name__ == "__main__":
    main()
