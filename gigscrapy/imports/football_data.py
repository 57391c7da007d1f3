"""Files of football-data.co.uk: a match a line, three columns a bookmaker, before the match and at its start.

What the files do not say is settled so, the same each time (a file that is imported twice changes nothing):

* times are London's; a file without times has its matches at noon;
* prices before the match are those of the last Friday or Tuesday, 15:00 in London, before it: the site collects them
  "Friday afternoons" and "Tuesday afternoons"; those at its start are of the kick-off itself;
* maxima and averages are nobody's prices, and an exchange's are before its commission: they are left out.

Goals, handicaps and totals are not read: there is no market for them yet, and no place for results.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from gigscrapy.imports import BadFile, Line
from gigscrapy.imports.sheets import Sheet, is_blank
from schema.markets import MARKETS
from schema.messages import OddsItem, Refused
from schema.plausibility import suspects
from schema.prices import PRICE_LIMIT, usable

SOURCE = "football-data"
LONDON = ZoneInfo("Europe/London")
NOON = "12:00"
COLLECTED_AT = 15
"""O'clock in London."""
COLLECTED_ON = (1, 4)
"""Tuesday and Friday."""
MARKET = MARKETS["1X2"]
SIDES = {"1": "H", "X": "D", "2": "A"}
CLOSING = "C"

BOOKMAKERS = {
    "1XB": "1xBet",
    "B365": "Bet365",
    "BF": "Betfair",
    "BFD": "Betfred",
    "BMGM": "BetMGM",
    "BS": "Blue Square",
    "BV": "BetVictor",
    "BW": "Bwin",
    "CL": "Coral",
    "GB": "Gamebookers",
    "IW": "Interwetten",
    "LB": "Ladbrokes",
    "P": "Pinnacle",
    "PS": "Pinnacle",
    "SB": "Sportingbet",
    "SJ": "Stan James",
    "SO": "Sporting Odds",
    "SY": "Stanleybet",
    "VC": "BetVictor",
    "WH": "William Hill",
}
NOBODY = ("Max", "Avg", "BbMx", "BbAv", "BFE")

DIVISIONS = {
    "E0": ("Premier League", "Angleterre"),
    "E1": ("Championship", "Angleterre"),
    "E2": ("League One", "Angleterre"),
    "E3": ("League Two", "Angleterre"),
    "EC": ("National League", "Angleterre"),
    "SC0": ("Premiership Ecosse", "Écosse"),
    "SC1": ("Championship Ecosse", "Écosse"),
    "SC2": ("League One Ecosse", "Écosse"),
    "SC3": ("League Two Ecosse", "Écosse"),
    "D1": ("Bundesliga", "Allemagne"),
    "D2": ("Bundesliga 2", "Allemagne"),
    "I1": ("Serie A", "Italie"),
    "I2": ("Serie B", "Italie"),
    "SP1": ("La Liga", "Espagne"),
    "SP2": ("Liga Adelante", "Espagne"),
    "F1": ("Ligue 1", "France"),
    "F2": ("Ligue 2", "France"),
    "N1": ("Casino Eredivisie", "Pays-Bas"),
    "B1": ("Jupiler Pro Ligue", "Belgique"),
    "P1": ("Primeira Liga", "Portugal"),
    "T1": ("Super Ligi", "Turquie"),
    "G1": ("Super League Grèce", "Grèce"),
}
"""By its code, a league's title and country, as in the catalogue (leagues.csv) where that has it."""
ELSEWHERE = {
    ("Argentina", "Liga Profesional"): ("Primera Division Argentine", "Argentine"),
    ("Austria", "Bundesliga"): ("Bundesliga Autriche", "Autriche"),
    ("Brazil", "Serie A"): ("Brasileirao", "Brésil"),
    ("China", "Super League"): ("Super League Chine", "Chine"),
    ("Denmark", "Superliga"): ("Superligaen", "Danemark"),
    ("Finland", "Veikkausliiga"): ("Veikkausliiga", "Finlande"),
    ("Ireland", "Premier Division"): ("Premier Division Irlande", "République d'Irlande"),
    ("Japan", "J1 League"): ("J. League", "Japon"),
    ("Mexico", "Liga MX"): ("Liga MX", "Mexique"),
    ("Norway", "Eliteserien"): ("Eliteserien", "Norvège"),
    ("Poland", "Ekstraklasa"): ("Orange Ekstraklasa", "Pologne"),
    ("Romania", "Liga 1"): ("Liga 1 Roumanie", "Roumanie"),
    ("Romania", "Superliga"): ("Liga 1 Roumanie", "Roumanie"),
    ("Sweden", "Allsvenskan"): ("Allsvenskan", "Suède"),
    ("Switzerland", "Super League"): ("Super League Suisse", "Suisse"),
    ("USA", "MLS"): ("Major League Soccer", "États-Unis"),
}
"""By country and league, as the site's other files name them."""

_NEEDED = (("Div", "HomeTeam", "AwayTeam"), ("Country", "League", "Home", "Away"))
_DAY = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{2}|\d{4})", re.ASCII)
_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?: \d{2}:\d{2}:\d{2})?", re.ASCII)
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2})?", re.ASCII)
_NUMBER = re.compile(r"\d{1,7}(?:[.,]\d{1,9})?", re.ASCII)
_NOTHING = ("", "-", "0")


@dataclass(frozen=True, slots=True)
class _Triple:
    """Three columns: a bookmaker's prices, at the start of the match (``closing``) or before it."""

    bookmaker: str
    closing: bool
    places: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where in a row what stands."""

    places: Mapping[str, int]
    triples: Sequence[_Triple]
    width: int

    def cell(self, row: Sequence[str], *names: str) -> str:
        place = next((self.places[name] for name in names if name in self.places), None)
        return row[place] if place is not None and place < len(row) else ""


def is_one(header: Sequence[str]) -> bool:
    """Whether a sheet with this header is of football-data.co.uk."""
    names = set(header)
    return any({"Date", *needed} <= names for needed in _NEEDED)


def unread(header: Sequence[str]) -> list[str]:
    """The bookmakers of the header that nobody here knows, by the beginning of their columns."""
    return [name for name, _ in _beginnings(header) if _known(name) is None and not name.startswith(NOBODY)]


def read(sheet: Sheet) -> Iterator[Line]:
    """The lines of a sheet; blank ones are left out. :raises BadFile: when it has no league we know."""
    columns = _columns(sheet.header)
    for number, row in sheet.rows:
        if not is_blank(row):
            yield _line(columns, number, row)


def _line(columns: _Columns, number: int, row: Sequence[str]) -> Line:
    said = " ".join(filter(None, row[:6]))[:80]
    try:
        if any(row[columns.width :]):
            raise Refused("columns", f"the line has {len(row)} cells, the header {columns.width}")
        match = _match(columns, row)
    except Refused as refusal:
        return Line(number, said, refusals=(refusal,))
    items: list[OddsItem] = []
    refusals: list[Refused] = []
    for closing in (False, True):
        panel = _panel(columns, row, refusals, closing=closing)
        marks = suspects(panel, MARKET)
        kickoff = match.kickoff
        assert kickoff
        seen_at = kickoff if closing else collected_before(kickoff)
        items += [
            replace(match, bookmaker=name, prices=prices, scraped_at=seen_at, suspect=marks.get(name))
            for name, prices in panel.items()
        ]
    if not items and not refusals:
        refusals.append(Refused("no-price", "no column of a bookmaker has a price"))
    return Line(number, said, tuple(items), tuple(refusals))


def _match(columns: _Columns, row: Sequence[str]) -> OddsItem:
    """The line without its prices. :raises Refused: when it does not tell who meets, when and in which league."""
    home, away = columns.cell(row, "HomeTeam", "Home"), columns.cell(row, "AwayTeam", "Away")
    if not home or not away:
        raise Refused("missing", "the line names no two teams")
    league, country = _league(columns, row)
    return OddsItem(
        sport="football",
        league=league,
        country=country,
        home=home,
        away=away,
        bookmaker="",
        prices={},
        scraped_at=datetime.min.replace(tzinfo=UTC),
        kickoff=kickoff_of(columns.cell(row, "Date"), columns.cell(row, "Time")),
        source=SOURCE,
        parser=SOURCE,
    )


def _league(columns: _Columns, row: Sequence[str]) -> tuple[str, str | None]:
    division = columns.cell(row, "Div")
    if division:
        if division not in DIVISIONS:
            raise Refused("league", f"division {division!r:.40} is not one of {', '.join(DIVISIONS)}")
        return DIVISIONS[division]
    country, league = columns.cell(row, "Country"), columns.cell(row, "League")
    if not country or not league:
        raise Refused("league", "the line names no league")
    return ELSEWHERE.get((country, league), (f"{league} ({country})", country))


def kickoff_of(day: str, at: str) -> datetime:
    """Aware UTC. :raises Refused: when it is no day (D/M/Y, or Y-M-D) or no time."""
    moment = _TIME.fullmatch(at or NOON)
    try:
        year, month, date = _day(day)
        if not moment:
            raise ValueError(at)
        if not 1900 <= year < 2200:  # of the first and the last of all years some instants are none elsewhere
            raise ValueError(day)
        local = datetime(year, month, date, int(moment[1]), int(moment[2]), tzinfo=LONDON)
    except ValueError:
        raise Refused("value", f"date {day[:40]!r}, time {at[:40]!r} cannot be read") from None
    return local.astimezone(UTC)


def _day(text: str) -> tuple[int, int, int]:
    if found := _ISO_DAY.fullmatch(text):
        return int(found[1]), int(found[2]), int(found[3])
    if found := _DAY.fullmatch(text):
        year = int(found[3])
        if year < 100:
            year += 1900 if year >= 70 else 2000
        return year, int(found[2]), int(found[1])
    raise ValueError(text)


def collected_before(kickoff: datetime) -> datetime:
    """When the prices before a match are taken to be seen: the last such afternoon before its kick-off."""
    local = kickoff.astimezone(LONDON)
    at = local.replace(hour=COLLECTED_AT, minute=0, second=0, microsecond=0)
    while at.weekday() not in COLLECTED_ON or at >= local:
        at = (at - timedelta(days=1)).replace(hour=COLLECTED_AT)
    return at.astimezone(UTC)


# -- columns and cells -------------------------------------------------------------------------------------------------


def _columns(header: Sequence[str]) -> _Columns:
    places: dict[str, int] = {}
    for place, name in enumerate(header):
        places.setdefault(name, place)
    triples = []
    for name, three in _beginnings(header):
        known = _known(name)
        if known and not name.startswith(NOBODY):
            triples.append(_Triple(*known, three))
    if not triples and not places:
        raise BadFile("unknown")
    return _Columns(places, triples, len(header))


def _beginnings(header: Sequence[str]) -> Iterator[tuple[str, dict[str, int]]]:
    """What begins the names of three columns that end with H, D and A, and where they are."""
    places = {name: place for place, name in reversed(list(enumerate(header)))}
    for name in header:
        three = {outcome: places.get(name[:-1] + side) for outcome, side in SIDES.items()}
        if name.endswith(SIDES["1"]) and len(name) > 1 and None not in three.values():
            yield name[:-1], {outcome: place for outcome, place in three.items() if place is not None}


def _known(name: str) -> tuple[str, bool] | None:
    """The bookmaker of these columns, and whether they are of the start of the match."""
    if name in BOOKMAKERS:
        return BOOKMAKERS[name], False
    if name.endswith(CLOSING) and name[:-1] in BOOKMAKERS:
        return BOOKMAKERS[name[:-1]], True
    return None


def _panel(
    columns: _Columns, row: Sequence[str], refusals: list[Refused], *, closing: bool
) -> dict[str, dict[str, Decimal | None]]:
    """Each bookmaker's prices at that time; of one that stands twice the first. What cannot be read is refused."""
    panel: dict[str, dict[str, Decimal | None]] = {}
    for triple in columns.triples:
        if triple.closing is not closing or triple.bookmaker in panel:
            continue
        try:
            prices = {
                outcome: _price(triple.bookmaker, row[place] if place < len(row) else "")
                for outcome, place in triple.places.items()
            }
        except Refused as refusal:
            refusals.append(refusal)
            continue
        if any(prices.values()):
            panel[triple.bookmaker] = prices
    return panel


def _price(bookmaker: str, text: str) -> Decimal | None:
    """A price; up to 1 it is how the files say that there is none. :raises Refused: when it is no number."""
    if text in _NOTHING:
        return None
    if not _NUMBER.fullmatch(text):
        raise Refused("price", f"{bookmaker}: {text[:40]!r} is not a price")
    value = Decimal(text.replace(",", "."))
    if value >= PRICE_LIMIT:
        raise Refused("price", f"{bookmaker}: {text[:40]} is out of range")
    return usable(value)
