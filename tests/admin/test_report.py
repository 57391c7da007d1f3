"""``python -m admin.report``: the table a person reads, and the exit code a script does."""

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from admin.report import WIDTH, main
from schema.database import connect, hang_up
from schema.messages import Message, OddsItem, RunReport
from schema.models import use
from schema.store import Store
from tests.schema.laid import lay
from tests.schema.letters import KICKOFF, NOON, REPORT, letters, prices, quote

Fill = Callable[..., None]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIGSCRAPY_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def fill(home: Path) -> Fill:
    """``fill(message, …)`` stores messages, or bodies."""

    def store(*messages: Message | bytes) -> None:
        database = connect(None, home)
        use(database)
        lay(database)
        Store(database).store(letters(*messages))
        hang_up(database)

    return store


def run_of(number: int, **home_prices: str) -> list[OddsItem]:
    """What run ``number`` read of one match: of each bookmaker the home price, the others always the same."""
    return [
        quote(
            3600 * number,
            run_id=f"run-{number}",
            bookmaker=name,
            bookmaker_id=None,
            prices=prices(price, "4.75", "1.42"),
        )
        for name, price in home_prices.items()
    ]


def finished(number: int, quotes: int, **changes: Any) -> RunReport:
    counts = {"discovered": 1, "parsed": 1, "yielded": quotes, "published": quotes, **changes.pop("counts", {})}
    return replace(
        REPORT,
        run_id=f"run-{number}",
        state="finished",
        **{"verdict": "complete", "exit_code": 0, "sentence": "1 of 1 matches read", **changes},
        counts=counts,
    )


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What was printed, with usual spaces: :mod:`tests.admin.test_words` tells the others."""
    return [line.rstrip().replace("\N{NO-BREAK SPACE}", " ") for line in capsys.readouterr().out.splitlines()]


def test_the_best_price_of_each_outcome_and_who_offers_it(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    fill(*run_of(1, Betsson="7", Winamax="7.00", Zebet="6.5"), finished(1, 3))
    assert main(["--run", "run-1"]) == 0
    assert lines(capsys) == [
        "Relevé ligue1, ven. 17/10/2025 14:00",
        "",
        "Ligue 1 – Résultat du match",
        "Match                Coup d'envoi      1                N                2                TRJ marché  Books",
        "─" * 108,
        "Le Havre – Paris SG  ven. 17/10 20:45  7,00 Betsson +1  4,75 Betsson +2  1,42 Betsson +2     94,55 %      3",
        "",
        "Matchs découverts : 1, lus : 1. Cotes lues : 3, publiées : 3, enregistrées : 3, refusées : 0.",
        "✓ complet",
    ]


def met_together(newer: str, older: str) -> list[Message]:
    """Two finished runs of one batch, each with a quote; the ids they get follow their names, not their times."""
    hours = {newer: 15, older: 13}
    return [
        message
        for name, hour in hours.items()
        for message in (
            replace(run_of(1, Betsson="7")[0], run_id=name, scraped_at=NOON.replace(hour=hour, minute=1)),
            replace(finished(1, 1), run_id=name, started_at=NOON.replace(hour=hour)),
        )
    ]


@pytest.mark.parametrize(("newer", "older"), [("a-newer", "b-older"), ("b-newer", "a-older")])
@pytest.mark.parametrize("asked", [[], ["--league", "ligue1"], ["--league", "Ligue 1"]])
def test_the_newest_run_is_the_one_that_started_last(
    fill: Fill, capsys: pytest.CaptureFixture[str], asked: list[str], newer: str, older: str
) -> None:
    fill(*met_together(newer, older))
    assert main(asked) == 0
    assert lines(capsys)[0] == "Relevé ligue1, ven. 17/10/2025 17:00"


def test_the_newest_runs_are_named_first_and_those_without_a_report_last(
    fill: Fill, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(*met_together("a-newer", "b-older"), replace(run_of(9, Betsson="7")[0], run_id="c-unreported"))
    assert main(["--run", "none"]) == 2
    assert "a-newer, b-older, c-unreported" in capsys.readouterr().err


def test_what_moved_since_the_run_before(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    fill(*run_of(1, Betsson="7", Winamax="6"), finished(1, 2))
    fill(*run_of(2, Betsson="6.8", Winamax="6.5"), finished(2, 2))
    assert main([]) == 0
    told = lines(capsys)
    assert "6,80 Betsson" in told[5]
    assert told[6].strip() == "▼ 7,00"
    assert told[8] == "1 prix sur 3 a bougé depuis ven. 17/10/2025 15:00 (▲ ▼ : le prix d'avant)."
    fill(*run_of(3, Betsson="6.9"), finished(3, 1))
    assert main([]) == 0
    assert lines(capsys)[6].strip() == "▲ 6,80"
    fill(*run_of(4, Betsson="6.9"), finished(4, 1))
    assert main([]) == 0
    assert "Aucun prix sur 3 n'a bougé depuis ven. 17/10/2025 17:00." in lines(capsys)
    fill(replace(run_of(5, Betsson="6.9")[0], prices=prices("7", "4.7", "1.42")), finished(5, 1))
    assert main([]) == 0
    assert "2 prix sur 3 ont bougé depuis ven. 17/10/2025 18:00 (▲ ▼ : le prix d'avant)." in lines(capsys)


def suspect(price: str, bookmaker: str = "Zebet", hour: int = 1, rule: str = "far-from-panel") -> OddsItem:
    """What a bookmaker offered, its home price in doubt, in the run of that hour."""
    [item] = run_of(hour, **{bookmaker: price})
    return replace(item, suspect=rule)


def test_a_suspect_quote_is_left_out_and_named(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    fill(*run_of(1, Betsson="7"), suspect("70"), finished(1, 2))
    assert main(["--run", "run-1"]) == 0
    told = lines(capsys)
    shown = told[5].split("17/10 20:45")[1].split()
    assert shown == ["7,00", "Betsson", "4,75", "Betsson", "1,42", "Betsson", "94,55", "%", "2"]
    assert told[7:9] == [
        "1 cote suspecte écartée des meilleurs prix :",
        "  Le Havre – Paris SG, Zebet (1 70,00 · N 4,75 · 2 1,42) : un prix loin de ceux des autres bookmakers",
    ]


def test_a_suspect_quote_that_was_seen_again_is_shown(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    fill(*run_of(1, Betsson="7"), suspect("70"), finished(1, 2), suspect("70", hour=2))
    assert main(["--run", "run-1"]) == 0
    told = lines(capsys)
    assert "70,00 Zebet" in told[5]
    assert not any("suspecte" in line for line in told)


def test_of_many_suspect_quotes_the_first_are_named(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("Bwin", "Netbet", "Pmu", "Unibet", "Vbet", "Winamax", "Zebet")
    fill(*(suspect("7", name, rule="read-by-structure") for name in names), suspect("9", "Joa", rule="retired-rule"))
    assert main(["--run", "run-1"]) == 1
    told = lines(capsys)
    start = told.index("8 cotes suspectes écartées des meilleurs prix :")
    assert [line.split(" (")[0] for line in told[start + 1 : start + 6]] == [
        f"  Le Havre – Paris SG, {name}" for name in ("Bwin", "Joa", "NetBet", "Pmu", "Unibet")
    ]
    assert told[start + 1].endswith(" : lue d'après la seule structure de la page")
    assert told[start + 2].endswith(" : retired-rule")
    assert told[start + 6] == "  … et 3 autres"
    assert told[5].split("20:45")[1].split() == ["–", "–", "–", "–", "8"]


def test_in_english(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    fill(*run_of(1, Betsson="7"), finished(1, 1))
    assert main(["--lang", "en"]) == 0
    told = lines(capsys)
    assert told[0] == "Run ligue1, Fri 17/10/2025 14:00"
    assert told[3].split() == ["Match", "Kick-off", "1", "X", "2", "Market", "TRJ", "Books"]
    assert told[5].split()[-7:] == ["7.00", "Betsson", "4.75", "Betsson", "1.42", "Betsson", "94.55%", "1"][-7:]
    assert told[-1] == "✓ complete: 1 of 1 matches read"


def test_a_suspect_quote_is_named_in_english(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    fill(*run_of(1, Betsson="7"), suspect("70"), finished(1, 2))
    assert main(["--lang", "en"]) == 0
    assert lines(capsys)[7:9] == [
        "1 suspect quote left out of the best prices:",
        "  Le Havre – Paris SG, Zebet (1 70.00 · X 4.75 · 2 1.42): a price far from the other bookmakers'",
    ]


def test_other_markets_have_tables_of_their_own(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    double_chance = quote(
        market="DC", partial=True, prices={"1X": prices("2", "3", "4")["1"], "12": prices("2", "3", "4")["X"]}
    )
    fill(quote(), double_chance, finished(1, 2))
    assert main([]) == 0
    told = lines(capsys)
    assert told.index("Ligue 1 – Résultat du match") < told.index("Ligue 1 – Double chance")
    head, _, row = told[told.index("Ligue 1 – Double chance") + 1 :][:3]
    assert head.split()[-6:] == ["1N", "N2", "12", "TRJ", "marché", "Books"]
    assert row.split()[-7:] == ["2,00", "Winamax", "–", "3,00", "Winamax", "–", "liste"]


def test_matches_come_by_their_kick_off_and_need_none(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    late = quote(match_id="2", home="Nice", away="Lyon", kickoff=KICKOFF.replace(day=18))
    nobody_knows = quote(match_id="3", home="Brest", away="Metz", kickoff=None)
    fill(nobody_knows, late, quote(), finished(1, 3))
    assert main([]) == 0
    rows = [line for line in lines(capsys) if " – " in line][1:]
    assert [row.split(" – ")[0] for row in rows] == ["Le Havre", "Nice", "Brest"]
    assert rows[2].split()[3] == "–"


def test_a_long_name_is_folded_and_never_cut(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    home, away = (
        "Borussia Verein für Leibesübungen 1900 Mönchengladbach",
        "Wolverhampton Wanderers [reserves] " + "x" * 60,
    )
    fill(quote(home=home, away=away, bookmaker="Pokerstars Sport", bookmaker_id=None), finished(1, 1))
    assert main([]) == 0
    told = lines(capsys)
    assert max(map(len, told)) <= WIDTH
    assert "…" not in "".join(told)
    shown = "".join(line[:26].rstrip() + " " for line in told)
    for word in f"{home} {away}".split():
        assert word in shown or word.startswith("xxx")
    assert "".join(told).count("x") >= 60


@pytest.mark.parametrize(
    ("changes", "quotes", "said"),
    [
        ({}, 2, "✗ Cotes qui attendent d'être enregistrées : 1 (scrapy consume)"),
        ({"counts": {"published": 0}}, 1, "✗ Cotes non publiées : 1"),
        (
            {"verdict": "page-changed", "exit_code": 21, "sentence": "nobody knows this page"},
            1,
            "✗ page devenue illisible : nobody knows this page",
        ),
        ({"state": "running", "verdict": None, "exit_code": None}, 1, "✗ Ce relevé n'est pas terminé"),
    ],
)
def test_what_is_missing_is_said_and_fails(
    fill: Fill, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], quotes: int, said: str
) -> None:
    report = replace(finished(1, quotes, **{k: v for k, v in changes.items() if k != "state"}))
    fill(quote(), replace(report, state=changes.get("state", "finished")))
    assert main([]) == 1
    assert any(line.startswith(said) for line in lines(capsys))


@pytest.mark.parametrize("yielded", [1, 2])
def test_a_refused_message_fails_the_run(fill: Fill, capsys: pytest.CaptureFixture[str], yielded: int) -> None:
    broken = letters(quote(60))[0].body.replace(b'"1X2"', b'"1X3"')
    fill(quote(), broken, finished(1, yielded))
    assert main([]) == 1
    told = lines(capsys)
    assert "✗ Messages refusés : 1 (python -m admin dit pourquoi)" in told
    assert not any("attendent" in line for line in told)


def test_what_was_delivered_twice_is_no_loss(fill: Fill) -> None:
    fill(quote(), quote(), quote(), finished(1, 1))
    fill(quote(), finished(1, 1))
    assert main([]) == 0


def test_what_was_delivered_twice_hides_no_loss(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        fill(*run_of(1, Betsson="7", Winamax="6"), finished(1, 4))
    assert main([]) == 1
    told = lines(capsys)
    assert told[-2:] == ["✗ incomplet", "✗ Cotes qui attendent d'être enregistrées : 2 (scrapy consume)"]


@pytest.mark.parametrize("counts", [{"yielded": 0}, {"yielded": 0, "published": 0}])
def test_counts_that_do_not_agree_are_not_complete(
    fill: Fill, capsys: pytest.CaptureFixture[str], counts: dict[str, int]
) -> None:
    fill(quote(), finished(1, 1, counts=counts))
    assert main([]) == 1
    assert lines(capsys)[-2:] == ["✗ incomplet", "✗ Les comptes de ce relevé ne s'accordent pas."]


def test_a_run_that_found_nothing_says_so(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    sentence = "the page lists no match: out of season"
    fill(finished(1, 0, verdict="nothing-listed", sentence=sentence, counts={"discovered": 0, "parsed": 0}))
    assert main([]) == 0
    told = lines(capsys)
    assert "Aucune cote dans ce relevé." in told
    assert told[-1] == "✗ aucun match annoncé"


@pytest.mark.parametrize("name", ["Ligue 1", "LIGUE  1", "ligue1"])
def test_the_newest_run_of_a_league(fill: Fill, capsys: pytest.CaptureFixture[str], name: str) -> None:
    fill(*run_of(1, Betsson="7"), finished(1, 1))
    fill(*run_of(2, Betsson="7"), finished(2, 1, started_at=NOON.replace(hour=15)))
    other = quote(
        9999,
        match_id="2",
        run_id="run-3",
        sport="tennis",
        league="ATP",
        market="12",
        prices=prices("1.8", "2", outcomes="12"),
    )
    fill(other, finished(3, 1, spider="atp"))
    assert main(["--league", name]) == 0
    assert lines(capsys)[0] == "Relevé ligue1, ven. 17/10/2025 17:00"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--run", "run-7"], "Le relevé « run-7 » n'existe pas. Il y a : run-2, run-1"),
        (["--league", "Lgue 1"], "Aucun relevé de la ligue « Lgue 1 ». Il y a : Ligue 1"),
        (["--league", "nothing like it", "--lang", "en"], "No run of the league “nothing like it”. There is: Ligue 1"),
    ],
)
def test_what_is_not_there_names_what_is(
    fill: Fill, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    fill(*run_of(1, Betsson="7"), finished(1, 1), *run_of(2, Betsson="7"), finished(2, 1))
    assert main(arguments) == 2
    assert capsys.readouterr().err.strip().replace("\N{NO-BREAK SPACE}", " ") == said


def test_no_run_at_all_says_how_to_start(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "scrapy crawl ligue1" in capsys.readouterr().err


def test_a_database_that_cannot_be_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://user:secret@127.0.0.1:1/name")
    assert main([]) == 2
    said = capsys.readouterr().err
    assert "the database says" in said
    assert "secret" not in said


def test_a_home_that_cannot_be_is_no_traceback(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "file").touch()
    monkeypatch.setenv("GIGSCRAPY_HOME", str(home / "file"))
    assert main([]) == 2
    assert str(home / "file") in capsys.readouterr().err


# -- on a terminal -----------------------------------------------------------------------------------------------------


def on_a_terminal(home: Path, **environment: str) -> str:
    """What the report prints where somebody sits before it."""
    ours, theirs = pty.openpty()
    told = b""
    with subprocess.Popen(
        [sys.executable, "-m", "admin.report"],
        env={**os.environ, "GIGSCRAPY_HOME": str(home), "TERM": "xterm-256color", "COLUMNS": "80", **environment},
        stdout=theirs,
    ) as process:
        os.close(theirs)
        try:
            while part := os.read(ours, 65536):
                told += part
        except OSError:  # the terminal of a process that is gone
            pass
    os.close(ours)
    assert process.returncode == 0
    return told.decode()


def test_colours_are_for_a_terminal_that_wants_them(fill: Fill, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(*run_of(1, Betsson="7"), finished(1, 1))
    told = on_a_terminal(home)
    assert "\x1b[32m✓ complet" in told
    assert max(map(len, told.replace("\x1b", "").splitlines())) < 200
    assert "\x1b" not in on_a_terminal(home, NO_COLOR="1")
    assert main([]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_eighty_columns_cut_nothing(fill: Fill, home: Path) -> None:
    fill(*run_of(1, Betsson="7", Winamax="7"), finished(1, 2))
    told = on_a_terminal(home, NO_COLOR="1").splitlines()
    assert max(map(len, told)) <= 80
    assert all(word in " ".join(told) for word in ("Le Havre", "SG", "7,00", "Betsson", "+1", "94,55", "20:45"))
    assert "…" not in "".join(told)


def test_a_terminal_that_cannot_write_every_name_gets_the_rest(fill: Fill, home: Path) -> None:
    fill(quote(home="Étoile 😀"), finished(1, 1))
    told = subprocess.run(
        [sys.executable, "-m", "admin.report"],
        env={**os.environ, "GIGSCRAPY_HOME": str(home), "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=True,
    ).stdout.decode("latin-1")
    assert "Étoile ?" in told
