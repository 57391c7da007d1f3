"""Import by upload, and who is who: what is shown is what is done, and nothing is done by accident."""

import io
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from parsel import Selector
from werkzeug.datastructures import FileStorage

from admin.pages.data import uploads
from schema.checksum import checksum
from schema.models import AuditLog, BookmakerAliases, Bookmakers, Odds, TeamAliases, Teams
from tests.admin import page, text_of, token_of
from tests.admin.conftest import current
from tests.schema.letters import prices, quote

Fill = Callable[..., None]
HEADER = "Div,Date,HomeTeam,AwayTeam,B365H,B365D,B365A,WHH,WHD,WHA\n"
LINE = "F1,16/08/2024,{},OM,2,3,4,2.1,3.1,4.1\n"
GIG = "Date;Match;Home Team;Away team;Bookmaker;Home;Draw;Away;RTP (%)\n10/11/2025 20:45;A - B;A;B;PMU;2;3;4;90,00\n"


def post(client: FlaskClient, address: str, **said: Any) -> Any:
    return client.post(address, data=said, headers={"X-CSRFToken": token_of(client)})


def upload(client: FlaskClient, body: str | bytes, name: str = "F1.csv", **said: str) -> Any:
    data = {"file": (io.BytesIO(body if isinstance(body, bytes) else body.encode()), name), "sport": "football", **said}
    return post(client, "/data/import/", **data)


def uploaded(client: FlaskClient, body: str | bytes, **said: str) -> tuple[str, Selector]:
    """The address of the upload's page, and the page once it is read."""
    answer = upload(client, body, **said)
    assert answer.status_code == 303, answer.text
    return answer.location, settled(client, answer.location)


def settled(client: FlaskClient, address: str) -> Selector:
    for _ in range(100):
        found = page(client, address)
        if not found.xpath("//*[@data-live]"):
            return found
        time.sleep(0.05)
    raise AssertionError("it goes on and on")


def notes() -> list[tuple[str, str, str, str]]:
    return [(row.actor, row.action, row.object_type, row.object_id) for row in AuditLog.select().order_by(AuditLog.id)]


def kinds(found: Selector) -> dict[str, tuple[str, str]]:
    rows = found.xpath("//table[contains(@class, 'narrow')]/tbody/tr")
    return {text_of(row.xpath("./th")[0]): tuple(map(text_of, row.xpath("./td"))) for row in rows}  # type: ignore[misc]


class TestImport:
    def test_seen_then_stored_then_there(self, client: FlaskClient, app: Flask) -> None:
        before = checksum(current())
        address, found = uploaded(client, HEADER + LINE.format("PSG") + "F1,oops,PSG,OM,2,3,4,2,3,4\n")
        assert kinds(found) == {
            "Nouvelles": ("1", "6"),
            "Autre prix": ("0", "0"),
            "Déjà là": ("0", "0"),
            "Refusées": ("1", "–"),
        }
        assert "William Hill" in found.xpath("string(//main)").get()  # type: ignore[operator]
        assert "une date ou un nombre illisible" in text_of(found.xpath("//main")[0])
        assert checksum(current()) == before, "looking writes nothing"
        assert post(client, f"{address}store/").status_code == 303
        done = text_of(settled(client, address).xpath("//main")[0])
        assert "Cotes enregistrées6" in done
        assert Odds.select().count() == 6
        folder = app.config["QUEUES"].home / "imports"
        assert [path.name for path in folder.glob("*/*")] == ["state.json"], "the file is let go"
        assert [note[1:] for note in notes()] == [("import", "file", "F1.csv"), ("imported", "file", "F1.csv")]
        assert {note[0] for note in notes()} == {"admin"}
        _, again = uploaded(client, HEADER + LINE.format("PSG"))
        assert kinds(again)["Déjà là"] == ("1", "6")
        assert not again.xpath("//form[@id='store']//button")

    def test_an_unknown_team_is_another_name(self, client: FlaskClient, fill: Fill) -> None:
        fill(quote(match_id=None, home="Paris Saint-Germain", away="OM"))
        [team] = Teams.select().where(Teams.name == "Paris Saint-Germain")
        address, found = uploaded(client, HEADER + LINE.format("Paris SG"))
        assert found.xpath("//select[@name='teams-0']/option/text()").getall() == [
            "un nom nouveau",
            "un autre nom de Paris Saint-Germain",
        ]
        post(client, f"{address}store/", **{"teams-0": str(team.id), "teams-1": "1", "bookmakers-0": "999"})
        settled(client, address)
        assert [(alias.name, alias.team_id) for alias in TeamAliases.select()] == [("Paris SG", team.id)]
        assert Teams.get_or_none(Teams.name == "Paris SG") is None
        assert BookmakerAliases.select().count() == 0
        assert ("admin", "add", "team alias", "Paris SG") in notes()

    def test_what_a_file_of_gig_benchmark_does_not_say(self, client: FlaskClient) -> None:
        _, found = uploaded(client, GIG)
        assert "ne dit pas sa ligue" in text_of(found.xpath("//p[@role='alert']")[0])
        _, found = uploaded(client, GIG, league="Ligue 1", seen_at="2025-11-10T18:45")
        assert kinds(found)["Nouvelles"] == ("1", "3")
        for field, said in (
            ("sport", "curling"),
            ("seen_at", "hier"),
            ("seen_at", "0001-01-01T00:00"),
            ("league", "x" * 101 + "\x07"),
        ):
            answer = upload(client, GIG, **({"league": "Ligue 1"} | {field: said}))
            assert answer.status_code in (303, 422)
            if field != "league":
                assert Selector(answer.text).xpath("//*[@role='alert']"), field

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            ("", "rien dans ce fichier"),
            ("a;b\n", "Sa première ligne"),
            (b"PK\x03\x04x", "abîmé"),
            ("### x\n", "Sa première"),
        ],
    )
    def test_a_file_that_is_none(self, client: FlaskClient, body: str | bytes, said: str) -> None:
        _, found = uploaded(client, body)
        assert said in text_of(found.xpath("//p[@role='alert']")[0])
        assert not found.xpath("//form[@id='store']")

    def test_no_file(self, client: FlaskClient) -> None:
        assert post(client, "/data/import/", sport="football").status_code == 422

    def test_one_too_large_is_refused_before_it_is_read(self, client: FlaskClient, monkeypatch: Any) -> None:
        from admin.pages.data import imports

        monkeypatch.setattr(imports, "AROUND", -imports.UPLOAD.size + 100_000)
        assert upload(client, "x" * 200_000).status_code == 413
        assert upload(client, HEADER + LINE.format("PSG") + " " * 70_000).status_code == 303, (
            "more than other forms may"
        )
        assert client.post("/data/bookmakers/1/", data={"name": "x" * 70_000}).status_code in (400, 413)

    def test_its_own_and_nobody_elses(self, client: FlaskClient, as_role: Callable[[str], FlaskClient]) -> None:
        address, _ = uploaded(client, HEADER + LINE.format("PSG"))
        other = as_role("operator")
        assert other.get(address).status_code == 404
        assert post(other, f"{address}store/").status_code == 404
        assert as_role("viewer").get("/data/import/").status_code == 403
        assert client.get("/data/import/..%2F..%2Fetc/").status_code == 404
        assert "F1.csv" not in other.get("/data/import/").text
        assert "F1.csv" in client.get("/data/import/").text

    def test_put_aside_it_is_gone(self, client: FlaskClient, app: Flask) -> None:
        address, _ = uploaded(client, HEADER + LINE.format("PSG"))
        assert post(client, f"{address}discard/").status_code == 303
        assert client.get(address).status_code == 404
        assert not list((app.config["QUEUES"].home / "imports").iterdir())

    def test_one_that_nobody_decides_on_is_let_go(self, client: FlaskClient, monkeypatch: Any) -> None:
        address, _ = uploaded(client, HEADER + LINE.format("PSG"))
        monkeypatch.setattr(uploads, "KEPT", timedelta(0))
        uploaded(client, HEADER + LINE.format("OL"))
        assert client.get(address).status_code == 404

    def test_one_whose_process_has_gone_goes_on(self, client: FlaskClient, app: Flask) -> None:
        address, _ = uploaded(client, HEADER + LINE.format("PSG"))
        [path] = (app.config["QUEUES"].home / "imports").glob("*/state.json")
        path.write_text(json.dumps(json.loads(path.read_text()) | {"state": "storing", "at": str(datetime.now(UTC))}))
        assert "interrompu" in client.get(address).text
        post(client, f"{address}store/")
        assert "Cotes enregistrées6" in text_of(settled(client, address).xpath("//main")[0])

    @pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
    def test_a_day_out_of_all_years_is_refused_and_the_others_are_read(self, client: FlaskClient, day: str) -> None:
        _, found = uploaded(client, HEADER + LINE.format("PSG") + f"F1,{day},PSG,OM,2,3,4,2,3,4\n")
        assert (kinds(found)["Nouvelles"][0], kinds(found)["Refusées"][0]) == ("1", "1")

    def test_one_that_cannot_be_kept_keeps_nobody_from_the_next(
        self, client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        app.config["PROPAGATE_EXCEPTIONS"] = False
        with monkeypatch.context() as disk:
            disk.setattr(FileStorage, "save", full)
            for _ in range(uploads.AT_ONCE + 1):
                assert upload(client, HEADER + LINE.format("PSG")).status_code == 500
        assert not list((app.config["QUEUES"].home / "imports").glob("*"))
        assert upload(client, HEADER + LINE.format("PSG")).status_code == 303

    @pytest.mark.parametrize("name", ["../../etc/passwd", "a\tb\x1b[2J.csv", "..\\..\\x.csv", "<b>.csv", "=1+1.csv"])
    def test_what_a_file_is_called_leads_nowhere(self, client: FlaskClient, app: Flask, name: str) -> None:
        answer = upload(client, HEADER + LINE.format("PSG"), name=name)
        found = settled(client, answer.location)
        assert not found.xpath("//main//b[not(node())] | //main//b[.='.csv']")
        [folder] = (app.config["QUEUES"].home / "imports").glob("*")
        assert {path.name for path in folder.iterdir()} == {"file", "state.json"}
        assert "\x1b" not in (folder / "state.json").read_text()
        assert json.loads((folder / "state.json").read_text())["name"].isprintable()

    def test_what_a_file_says_is_only_text(self, client: FlaskClient) -> None:
        script = "<script>alert(1)</script>"
        _, found = uploaded(
            client,
            HEADER + LINE.format(script) + f"F1,{script},A,B,2,3,4\n",
        )
        assert not found.xpath("//main//script")
        assert script in text_of(found.xpath("//main")[0])


class TestWhoIsWho:
    def test_a_bookmaker_is_corrected(self, client: FlaskClient, fill: Fill) -> None:
        fill(quote(bookmaker="Nouveau"))
        row = Bookmakers.get(Bookmakers.name == "Nouveau")
        address = f"/data/bookmakers/{row.id}/"
        assert post(client, address, name="Nouveau Bet", website="https://x.fr", site_id="77").status_code == 303
        row = Bookmakers.get_by_id(row.id)
        assert (row.name, row.website, row.site_id, row.reviewed, row.code) == (
            "Nouveau Bet", "https://x.fr", 77, True, "NOUVEAU",
        )  # fmt: skip
        [note] = AuditLog.select().where(AuditLog.object_type == "bookmaker")
        assert json.loads(note.before) == {"name": "Nouveau", "reviewed": False, "site_id": None, "website": None}
        fill(quote(9, bookmaker="Nouveau"), quote(10, bookmaker="Bookmaker 77", bookmaker_id=77))
        assert Bookmakers.get_by_id(row.id).name == "Nouveau Bet"
        assert Odds.select().where(Odds.bookmaker == row.id).count() == 9

    @pytest.mark.parametrize(
        ("said", "told"),
        [
            ({"name": ""}, "Ce nom ne peut"),
            ({"name": "Unibet"}, "Le programme connaît ce nom"),
            ({"name": "Autre"}, "déjà le nom de « Autre »"),
            ({"website": "javascript:alert(1)"}, "Une adresse commence"),
            ({"website": "https://"}, "Une adresse commence"),
            ({"site_id": "x"}, "nombre entier"),
            ({"site_id": "20"}, "déjà ce numéro"),
            ({"site_id": "99999999999"}, "nombre entier"),
        ],
    )
    def test_what_cannot_be_so(self, client: FlaskClient, fill: Fill, said: dict[str, str], told: str) -> None:
        fill(quote(bookmaker="Nouveau"), quote(1, bookmaker="Autre"))
        row = Bookmakers.get(Bookmakers.name == "Nouveau")
        before = checksum(current())
        answer = post(
            client, f"/data/bookmakers/{row.id}/", **({"name": "Nouveau", "website": "", "site_id": ""} | said)
        )
        assert answer.status_code == 422
        assert told in text_of(Selector(answer.text).xpath("//*[@role='alert']")[0]).replace("\N{NO-BREAK SPACE}", " ")
        assert (checksum(current()), notes()) == (before, [])

    def test_other_names_come_and_go(self, client: FlaskClient, fill: Fill) -> None:
        fill(quote(match_id=None, home="PSG", away="OM"))
        team = Teams.get(Teams.name == "PSG")
        address = f"/data/teams/{team.id}/"
        assert post(client, f"{address}aliases/", alias="Paris SG").status_code == 303
        for name, told in (
            ("paris sg", "déjà le nom"),
            ("OM", "déjà le nom de « OM »"),
            ("psg", "déjà son nom"),
            ("", "Ce nom"),
        ):
            answer = post(client, f"{address}aliases/", alias=name)
            assert answer.status_code == 422
            assert told in answer.text.replace("\N{NO-BREAK SPACE}", " ").replace("&#39;", "'"), name
        [alias] = TeamAliases.select()
        assert post(client, f"{address}aliases/{alias.id + 1}/remove/").status_code == 404
        assert post(client, f"{address}aliases/{alias.id}/remove/").status_code == 303
        assert TeamAliases.select().count() == 0
        assert [note[1:3] for note in notes()] == [("add", "team alias"), ("remove", "team alias")]

    def test_two_teams_are_merged_by_the_name_that_goes(self, client: FlaskClient, fill: Fill) -> None:
        fill(
            quote(0, match_id=None, home="PSG", away="OM"),
            quote(1, match_id=None, home="Paris Saint-Germain", away="OM", prices=prices("2", "3", "4")),
        )
        psg, paris = Teams.get(Teams.name == "PSG"), Teams.get(Teams.name == "Paris Saint-Germain")
        address = f"/data/teams/{psg.id}/merge/"
        before = checksum(current())
        found = page(client, f"{address}?into={paris.id}")
        counts = {text_of(row.xpath("./th")[0]): text_of(row.xpath("./td")[0]) for row in found.xpath("//tbody/tr")}
        assert counts == {"Matchs": "1", "Cotes": "3", "Dernières cotes": "3"}
        assert "ne peut être défait" in text_of(found.xpath("//main")[0])
        for typed in ("", "Paris Saint-Germain", "PSG!"):
            assert post(client, address, into=paris.id, name=typed).status_code == 422
        assert (checksum(current()), notes()) == (before, [])
        assert post(client, address, into=paris.id, name="psg").status_code == 303
        assert Teams.get_or_none(Teams.id == psg.id) is None
        [note] = AuditLog.select()
        assert (note.action, note.object_type, note.object_id) == ("merge", "team", "PSG")
        after = json.loads(note.after)
        assert (after["into"], after["Odds"], after["joined"]) == ("Paris Saint-Germain", 3, 1)
        assert post(client, address, into=paris.id, name="PSG").status_code == 404

    def test_what_cannot_be_merged_says_why(self, client: FlaskClient, fill: Fill) -> None:
        fill(quote(home="PSG", away="OM"))
        psg, om = Teams.get(Teams.name == "PSG"), Teams.get(Teams.name == "OM")
        found = page(client, f"/data/teams/{psg.id}/merge/?into={om.id}")
        assert "se sont rencontrées" in text_of(found.xpath("//main")[0])
        assert not found.xpath("//main//form")
        assert post(client, f"/data/teams/{psg.id}/merge/", into=om.id, name="PSG").status_code == 409
        one, two = Bookmakers.select().limit(2)
        assert "vient avec le programme" in client.get(f"/data/bookmakers/{one.id}/merge/?into={two.id}").text

    @pytest.mark.parametrize(
        "address", ["/data/teams/999/", "/data/leagues/1/", "/data/teams/1/merge/?into=oops", f"/data/teams/{2**40}/"]
    )
    def test_what_is_not_there(self, client: FlaskClient, fill: Fill, address: str) -> None:
        fill(quote())
        assert client.get(address).status_code == 404

    def test_a_viewer_neither_sees_nor_does(self, as_role: Callable[[str], FlaskClient], fill: Fill) -> None:
        fill(quote())
        viewer = as_role("viewer")
        assert viewer.get("/data/teams/1/").status_code == 403
        assert post(viewer, "/data/teams/1/aliases/", alias="x").status_code == 403
        assert "/data/teams/1/" not in viewer.get("/admin/teams/details/?id=1").text
        assert "/data/teams/1/" in as_role("operator").get("/admin/teams/details/?id=1").text
        assert "Importer" not in viewer.get("/admin/").text


def test_nothing_of_this_deletes_a_row_by_accident() -> None:
    """No address of ours removes anything but by a POST, and no table can be deleted from."""
    from admin.views.base import TableView

    assert not TableView.can_delete


def test_tables_stand_together_and_none_is_left_out(client: FlaskClient) -> None:
    found = page(client, "/admin/")
    assert [text_of(title) for title in found.xpath("//h2")] == ["Les cotes", "Qui est qui", "Les relevés"]
    assert len(found.xpath("//div[@id='tables']//a")) == 15
