"""Every kind of file, line by line; the real ones where they are there."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from gigscrapy.imports import BadFile, Line, Stated
from gigscrapy.imports.football_data import collected_before, kickoff_of
from gigscrapy.imports.ours import guarded, in_paris, unguarded
from gigscrapy.imports.reading import FOOTBALL_DATA, GIG, OURS, read
from tests import SHARED

REAL = SHARED / "football-data"
HEADER = "Div,Date,Time,HomeTeam,AwayTeam,FTHG,B365H,B365D,B365A,VCH,VCD,VCA,MaxH,MaxD,MaxA,XXH,XXD,XXA,VCCH,VCCD,VCCA"
OUR_HEADER = "Sport;Ligue;Domicile;Extérieur;Marché;Issue;Bookmaker;Cote;Relevée le;Coup d'envoi"


def lines(tmp_path: Path, text: str, stated: Stated | None = None, name: str = "file.csv") -> tuple[str, list[Line]]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    reading = read(path, stated)
    return reading.kind, list(reading.lines)


def reasons(line: Line) -> list[str]:
    return [refusal.reason for refusal in line.refusals]


class TestFootballData:
    def test_a_line(self, tmp_path: Path) -> None:
        row = "F1,16/08/2024,19:45,Le Havre,Paris SG,1,7,4.75,1.42,7.1,4.8,1.4,9,9,9,8,8,8,8.5,5.2,1.4"
        kind, [line] = lines(tmp_path, f"{HEADER}\n{row}\n")
        assert (kind, line.number, line.refusals) == (FOOTBALL_DATA, 2, ())
        bet365, _, closing = line.items
        assert (bet365.league, bet365.country, bet365.home, bet365.away) == (
            "Ligue 1",
            "France",
            "Le Havre",
            "Paris SG",
        )
        assert bet365.kickoff == datetime(2024, 8, 16, 18, 45, tzinfo=UTC)
        assert bet365.scraped_at == datetime(2024, 8, 16, 14, tzinfo=UTC), "a Friday: at three, in London"
        assert closing.scraped_at == closing.kickoff
        assert [(item.bookmaker, list(item.prices.values())) for item in line.items] == [
            ("Bet365", [Decimal(7), Decimal("4.75"), Decimal("1.42")]),
            ("BetVictor", [Decimal("7.1"), Decimal("4.8"), Decimal("1.4")]),
            ("BetVictor", [Decimal("8.5"), Decimal("5.2"), Decimal("1.4")]),
        ]
        assert {item.source for item in line.items} == {"football-data"}

    def test_who_is_not_read_is_told(self, tmp_path: Path) -> None:
        path = tmp_path / "file.csv"
        path.write_text(HEADER)
        assert read(path).unread == ["XX"]

    @pytest.mark.parametrize(
        ("row", "said"),
        [
            ("F1,16/08/2024,19:45,A,B,1,0,0,0,-,,,9,9,9", ["no-price"]),
            ("F1,16/08/2024,19:45,A,B,1,x,4,5,2,3,4", ["price"]),
            ("F1,16/08/2024,19:45,A,B,1,999999,4,5", ["price"]),
            ("F1,31/02/2024,19:45,A,B,1,2,3,4", ["value"]),
            ("F1,16/08/2024,25:45,A,B,1,2,3,4", ["value"]),
            ("F1,,,A,B,1,2,3,4", ["value"]),
            ("F9,16/08/2024,19:45,A,B,1,2,3,4", ["league"]),
            ("F1,16/08/2024,19:45,A,,1,2,3,4", ["missing"]),
            ("F1,16/08/2024,19:45,A,a,1,2,3,4", ["teams"]),
            ("F1,16/08/1999,19:45,A,B,1,2,3,4", ["value"]),
            ("F1,16/08/2024,19:45,A,B,1,2,3,4" + "," * 20 + "x", ["columns"]),
            ("F1,16/08/2124,19:45,A,B,1,2,3,4", ["value"]),
            (",,,,", None),
        ],
    )
    def test_what_cannot_be_kept_has_a_reason(self, tmp_path: Path, row: str, said: list[str] | None) -> None:
        _, found = lines(tmp_path, f"{HEADER}\n{row}\n")
        assert [reasons(line) for line in found] == ([] if said is None else [said])

    def test_a_cell_refuses_its_bookmaker_alone(self, tmp_path: Path) -> None:
        _, [line] = lines(tmp_path, f"{HEADER}\nF1,16/08/2024,19:45,A,B,1,x,4,5,2,3,4\n")
        assert [item.bookmaker for item in line.items] == ["BetVictor"]

    def test_times(self) -> None:
        assert kickoff_of("01/08/03", "") == datetime(2003, 8, 1, 11, tzinfo=UTC)
        assert kickoff_of("19.05.2012", "22:30") == datetime(2012, 5, 19, 21, 30, tzinfo=UTC)
        assert kickoff_of("2024-12-26 00:00:00", "15:00:00") == datetime(2024, 12, 26, 15, tzinfo=UTC)
        assert kickoff_of("30/07/99", "") == datetime(1999, 7, 30, 11, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("kickoff", "seen"),
        [
            ("2023-12-26T15:00", "2023-12-22T15:00"),  # a Tuesday at three: not at the kick-off itself
            ("2023-12-26T17:30", "2023-12-26T15:00"),
            ("2024-01-01T12:00", "2023-12-29T15:00"),
            ("2024-04-02T19:00", "2024-04-02T14:00"),  # summer time has begun since the Friday before
            ("2024-03-31T13:00", "2024-03-29T15:00"),
        ],
    )
    def test_when_prices_were_collected(self, kickoff: str, seen: str) -> None:
        assert collected_before(datetime.fromisoformat(f"{kickoff}+00:00")) == datetime.fromisoformat(f"{seen}+00:00")

    def test_a_suspect_price_is_marked(self, tmp_path: Path) -> None:
        header = "Div,Date,HomeTeam,AwayTeam," + ",".join(
            f"{b}{s}" for b in ("B365", "BW", "IW", "WH", "LB") for s in "HDA"
        )
        row = "F1,16/08/2024,A,B," + ",".join(["2,3,4"] * 4 + ["2,3,40"])
        _, [line] = lines(tmp_path, f"{header}\n{row}")
        assert {item.bookmaker: item.suspect for item in line.items if item.suspect} == {"Ladbrokes": "far-from-panel"}

    @pytest.mark.parametrize("path", sorted(REAL.glob("*.csv")), ids=lambda path: path.stem)
    def test_real_files(self, path: Path) -> None:
        """Every match of every file; only those without any price are refused."""
        reading = read(path)
        found = list(reading.lines)
        assert reading.kind == FOOTBALL_DATA
        refused = Counter(reason for line in found for reason in reasons(line))
        without = {"F1_9900": 306, "NEW_BRA_semicolon_decimalcomma": 1}.get(path.stem, 0)
        assert refused == Counter({"no-price": without} if without else {})
        assert len(found) == {"E0": 380, "EC": 173, "I1": 380, "SP1": 380, "NEW": 5477}.get(
            path.stem.split("_")[0], 306 if path.stem[3:] in ("2324", "2425", "9900") else 380
        )
        for item in (item for line in found for item in line.items):
            assert item.kickoff
            assert item.scraped_at <= item.kickoff

    def test_a_workbook_is_read_as_its_csv(self, tmp_path: Path) -> None:
        rows = [HEADER.split(","), ["F1", datetime(2024, 8, 16), "19:45", "A", "B", 1, 2, 3.25, 4]]
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(tmp_path / "book.xlsx")
        _, [line] = lines(tmp_path, f"{HEADER}\nF1,16/08/2024,19:45,A,B,1,2,3.25,4")
        assert [one.items for one in read(tmp_path / "book.xlsx").lines] == [line.items]


class TestGig:
    EXPORT = (
        '\ufeffDate;Match;"Home Team";"Away team";Bookmaker;Home;Draw;Away;"RTP (%)"\n'
        '"\t10/11/2025 20:45";"PSG - OM";PSG;OM;PMU;2.10;3.40;3.50;92,31\n'
        '"\t10/11/2025 20:45";"PSG - OM";PSG;OM;Unibet;2.10;-;3.50;0,00\n'
        '"\t10/11/2025 20:45";"PSG - OM";PSG;OM;Bwin;-;-;-;0,00\n'
        '"\thier";"PSG - OM";PSG;OM;Bwin;2;3;4;0,00\n'
    )

    def test_nine_columns(self, tmp_path: Path) -> None:
        kind, found = lines(tmp_path, self.EXPORT, Stated("Ligue 1"), "odds_export_2025-11-10_184500.csv")
        assert kind == GIG
        [first], [second], [], [] = (line.items for line in found)
        assert (first.home, first.away, first.league, first.market) == ("PSG", "OM", "Ligue 1", "1X2")
        assert first.kickoff == datetime(2025, 11, 10, 19, 45, tzinfo=UTC)
        assert first.scraped_at == datetime(2025, 11, 10, 17, 45, tzinfo=UTC)
        assert first.prices == {"1": Decimal("2.1"), "X": Decimal("3.4"), "2": Decimal("3.5")}
        assert second.prices == {"1": Decimal("2.1"), "X": None, "2": Decimal("3.5")}
        assert [reasons(line) for line in found[2:]] == [["no-price"], ["value"]]

    def test_seen_at_the_kick_off_unless_somebody_says(self, tmp_path: Path) -> None:
        _, found = lines(tmp_path, self.EXPORT, Stated("Ligue 1"))
        assert found[0].items[0].scraped_at == found[0].items[0].kickoff
        at = datetime(2025, 11, 9, tzinfo=UTC)
        assert lines(tmp_path, self.EXPORT, Stated("Ligue 1", seen_at=at))[1][0].items[0].scraped_at == at

    def test_a_league_must_be_stated(self, tmp_path: Path) -> None:
        with pytest.raises(BadFile) as refused:
            lines(tmp_path, self.EXPORT)
        assert refused.value.reason == "league"


class TestOurs:
    def test_prices_become_quotes_again(self, tmp_path: Path) -> None:
        text = OUR_HEADER + "".join(
            f"\nFootball;Ligue 1;PSG;OM;1X2;{outcome};{book};{price};21/11/2025 10:00:00;21/11/2025 20:45:00"
            for outcome, price in (("1", "1,85"), ("X", "3,4"), ("2", "4,5"))
            for book in ("Unibet", "'=1+1")
        )
        kind, found = lines(tmp_path, text)
        assert kind == OURS
        assert [[item.bookmaker for item in line.items] for line in found] == [["Unibet"], ["=1+1"]]
        assert found[0].items[0].prices == {"1": Decimal("1.85"), "X": Decimal("3.4"), "2": Decimal("4.5")}
        assert found[0].items[0].scraped_at == datetime(2025, 11, 21, 9, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("row", "said"),
        [
            ("Football;Ligue 1;PSG;OM;1X2;3;Unibet;2;21/11/2025 10:00:00;", "outcome"),
            ("Football;Ligue 1;PSG;OM;1Y2;1;Unibet;2;21/11/2025 10:00:00;", "market"),
            ("Football;Ligue 1;PSG;OM;1X2;1;Unibet;1;21/11/2025 10:00:00;", "price"),
            ("Football;Ligue 1;PSG;OM;1X2;1;Unibet;2;31/11/2025 10:00:00;", "value"),
            ("Football;Ligue 1;PSG;OM;1X2;1;Unibet;2;2025-11-21T10:00:00;", "value"),
            ("Curling;Ligue 1;PSG;OM;1X2;1;Unibet;2;21/11/2025 10:00:00;", "sport"),
            ("Football;Ligue 1;PSG;;1X2;1;Unibet;2;21/11/2025 10:00:00;", "missing"),
            ("Football;Ligue 1;PSG;OM;1X2;1;Unibet;2;21/11/2095 10:00:00;", "future"),
        ],
    )
    def test_what_cannot_be_kept_has_a_reason(self, tmp_path: Path, row: str, said: str) -> None:
        _, [line] = lines(tmp_path, f"{OUR_HEADER}\n{row}")
        assert reasons(line) == [said]

    @pytest.mark.parametrize("text", [f"{OUR_HEADER}\n### Export interrompu", '{"sport": "x"}\n{"incomplete": 3}'])
    def test_one_that_was_broken_off_is_refused_whole(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(BadFile) as refused:
            lines(tmp_path, text)
        assert refused.value.reason == "incomplete"

    @pytest.mark.parametrize("text", ["=1+1", "'=1+1", "''@x", "-", "\tx", "'s-Gravenhage", "plain", "", "＝1"])
    def test_a_guard_is_taken_off_again(self, text: str) -> None:
        assert unguarded(guarded(text)) == text
        assert guarded(text)[:1] not in tuple("=+-@\t\r＝")

    def test_the_hour_that_comes_twice(self) -> None:
        first, second = datetime(2026, 10, 25, 0, 30), datetime(2026, 10, 25, 1, 30, 0, 5)
        assert in_paris(first) == "25/10/2026 02:30:00"
        assert in_paris(second) == "25/10/2026 02:30:00,000005 +01:00"


@pytest.mark.parametrize("text", ["a;b\n1;2\n", "<html>", "\x00\x01"])
def test_what_nobody_knows(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadFile) as refused:
        lines(tmp_path, text)
    assert refused.value.reason == "unknown"
