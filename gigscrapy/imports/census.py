"""What the parts of a workbook hold, counted before any of them is made into objects.

By its bytes a part may be small enough, and yet be millions of empty elements, which whoever reads it keeps in memory
all at once: the styles as a whole, a sheet by the row, the texts one by one. They are counted as they go by.
"""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from xml.parsers import expat

from gigscrapy.imports import BadFile

PIECE = 1 << 16
DEEPEST = 64
TOKEN = 1 << 20
"""Bytes of one tag, one comment or one text: a cell is far shorter, and each is kept whole."""
ELEMENTS = 200_000
"""Of a part that is read as a whole, or of a sheet beside its rows."""
TEXTS = 3_000_000
"""Elements of the texts that cells refer to."""
OF_A_CELL = 8
"""Elements that one cell has at most."""
XML = (".xml", ".rels")

KNOWN_PLACES = {"sheet.main+xml": "/xl/workbook.xml", "sharedStrings+xml": "/xl/sharedStrings.xml"}
"""By the end of its kind, where a part is that is read in a way of its own: else it could be called a sheet here."""


def count(archive: zipfile.ZipFile, part: zipfile.ZipInfo, columns: int) -> None:
    """Look through one part. What is no XML is passed over: nobody reads it.

    :param columns: of a sheet, at most. :raises BadFile: when it holds too much, a document type, or broken XML.
    """
    counter = _Counter(part.filename, columns)
    parser = counter.parser
    fed = 0
    try:
        with archive.open(part) as file:
            while piece := file.read(PIECE):
                fed += len(piece)
                parser.Parse(piece, False)
                if fed - max(parser.CurrentByteIndex, 0) > TOKEN:
                    raise BadFile("bomb", "token")
            parser.Parse(b"", True)
    except expat.ExpatError:
        if part.filename.lower().endswith(XML):
            raise BadFile("broken", "ExpatError") from None


@dataclass(slots=True)
class _Counter:
    name: str
    columns: int
    depth: int = 0
    elements: int = 0
    text: int = 0
    row: int | None = None
    """Elements of the row that is open; ``None``: none is."""
    is_sheet: bool = False
    most: int = ELEMENTS

    @property
    def parser(self) -> expat.XMLParserType:
        made = expat.ParserCreate()
        made.buffer_text = True
        made.StartElementHandler = self.start
        made.EndElementHandler = self.end
        made.CharacterDataHandler = self.say
        made.StartDoctypeDeclHandler = self.declare
        return made

    def declare(self, *_said: object) -> None:
        """No spreadsheet has a document type: it could name entities, or other files."""
        raise BadFile("bomb", "DOCTYPE")

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        local = name.rpartition(":")[2]
        if not self.depth:
            self._begin(local)
        self.depth += 1
        self.text = 0
        if self.depth > DEEPEST:
            raise BadFile("bomb", "depth")
        if self.row is not None:
            self.row += 1
            if self.row > OF_A_CELL * (self.columns + 1):
                raise BadFile("columns", str(self.columns))
        elif self.is_sheet and self.depth == 3 and local == "row":
            self.row = 0
        else:
            self.elements += 1
            if self.elements > self.most:
                raise BadFile("bomb", "elements")
            self._place(local, attributes)

    def end(self, _name: str) -> None:
        self.depth -= 1
        self.text = 0
        if self.depth == 2:
            self.row = None

    def say(self, text: str) -> None:
        self.text += len(text)
        if self.text > TOKEN:
            raise BadFile("bomb", "text")

    def _begin(self, root: str) -> None:
        self.is_sheet = self.name.startswith("xl/worksheets/") and root == "worksheet"
        if self.name == "xl/sharedStrings.xml" and root == "sst":
            self.most = TEXTS

    def _place(self, local: str, attributes: Mapping[str, str]) -> None:
        if local == "Override":
            kind, place = attributes.get("ContentType", ""), attributes.get("PartName", "")
            if any(kind.endswith(end) and place != known for end, known in KNOWN_PLACES.items()):
                raise BadFile("unknown", place[:80])
        target = attributes.get("Target", "")
        if local == "Relationship" and "chartsheet" in attributes.get("Type", "") and "worksheets" in target:
            raise BadFile("unknown", target[:80])
