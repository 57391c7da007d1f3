"""Every table as a list: its columns, what it can be asked, and where its rows lead."""

from admin.exporting.columns import Column, of_prices
from admin.views import choices
from admin.views.asked import Asked
from admin.views.base import Lead, TableView
from admin.views.filters import (
    AtLeast,
    AtMost,
    Choice,
    ChoiceOfText,
    Contains,
    From,
    Is,
    IsSaid,
    PlaysAtAll,
    Until,
    YesNo,
)
from admin.words import Phrase, spoken

_TEAMS = ("home_team.name", "home_team.name_key", "away_team.name", "away_team.name_key")
_RUNS_OF_TASK = Lead(Phrase("Relevés"), "runs", {"task": "task_id"})
_OF_ODDS = {"match": "match_id", "market": "market_id", "bookmaker": "bookmaker_id", "outcome": "outcome"}


class SportsView(TableView):
    about = Phrase("Les sports du site.")
    called = Phrase("Sport")
    column_list = ("itself", "code", "created_at")
    column_details_list = ("id", "code", "name", "created_at", "updated_at")
    column_sortable_list = (("itself", "name"), "code")
    column_searchable_list = ("code", "name")
    column_default_sort = ("name", False)
    leads = (
        Lead(Phrase("Ligues"), "leagues", {"sport": "id"}),
        Lead(Phrase("Matchs"), "matches", {"sport": "id"}),
    )


class MarketNamesView(TableView):
    about = Phrase("Les paris possibles : le résultat du match, la double chance, …")
    called = Phrase("Marché")
    column_list = ("itself", "sport", "code", "created_at")
    column_details_list = ("id", "sport", "code", "name", "created_at")
    column_sortable_list = (("itself", "name"), ("sport", "sport.name"), "code")
    column_searchable_list = ("code", "name")
    column_filters = (Choice("sport", Phrase("Sport"), "sport", choices.sports),)
    leads = (Lead(Phrase("Dernières cotes"), "latestodds", {"market": "id"}),)


class LeaguesView(TableView):
    about = Phrase("Les compétitions dont des matchs ont été lus.")
    called = Phrase("Ligue")
    column_list = ("itself", "sport", "country", "code", "created_at")
    column_details_list = ("id", "sport", "name", "country", "code", "created_at", "updated_at")
    column_sortable_list = (("itself", "name"), ("sport", "sport.name"), "country", "code", "created_at")
    column_searchable_list = ("name", "name_key", "country")
    column_default_sort = ("name", False)
    column_filters = (
        Choice("sport", Phrase("Sport"), "sport", choices.sports),
        ChoiceOfText("country", Phrase("Pays"), "country", choices.countries),
    )
    leads = (
        Lead(Phrase("Matchs"), "matches", {"league": "id"}),
        Lead(Phrase("Équipes"), "teams", {"league": "id"}),
    )


class TeamsView(TableView):
    details_template = "data/known.html"
    about = Phrase("Les équipes, et au tennis les joueurs, chacune dans sa ligue.")
    called = Phrase("Équipe")
    column_list = ("itself", "league", "league.sport", "created_at")
    column_details_list = ("id", "name", "league", "league.sport", "created_at", "updated_at")
    column_sortable_list = (("itself", "name"), ("league", "league.name"), "created_at")
    column_searchable_list = ("name", "name_key", "league.name", "league.name_key")
    column_filters = (
        Choice("sport", Phrase("Sport"), "league.sport", choices.sports),
        Choice("league", Phrase("Ligue"), "league", choices.leagues),
    )
    leads = (Lead(Phrase("Matchs"), "matches", {"team": "id"}),)


class BookmakersView(TableView):
    details_template = "data/known.html"
    about = Phrase("Les bookmakers vus. « Vérifié : non » est un nom nouveau, que personne n'a encore regardé.")
    called = Phrase("Bookmaker")
    column_list = ("itself", "code", "website", "site_id", "reviewed", "created_at")
    column_details_list = ("id", "name", "code", "website", "site_id", "reviewed", "created_at", "updated_at")
    column_sortable_list = (("itself", "name"), "code", "site_id", "created_at")
    column_searchable_list = ("code", "name", "website")
    column_default_sort = ("name", False)
    column_filters = (YesNo("reviewed", Phrase("Vérifié"), "reviewed", choices.yes_no),)
    leads = (
        Lead(Phrase("Dernières cotes"), "latestodds", {"bookmaker": "id"}),
        Lead(Phrase("Toutes les cotes"), "odds", {"bookmaker": "id"}),
    )


class MatchesView(TableView):
    about = Phrase("Les rencontres, les plus tardives d'abord.")
    called = Phrase("Match")
    column_list = ("itself", "match_date", "league", "league.sport", "status", "seen_at", "url")
    column_details_list = (
        "id",
        "home_team",
        "away_team",
        "league",
        "league.sport",
        "match_date",
        "match_date_seen_at",
        "status",
        "url",
        "source",
        "site_id",
        "match_key",
        "seen_at",
        "created_at",
        "updated_at",
    )
    column_sortable_list = (("itself", "home_team.name"), "match_date", ("league", "league.name"), "seen_at")
    column_searchable_list = _TEAMS
    column_default_sort = ("match_date", True)
    column_filters = (
        Choice("sport", Phrase("Sport"), "league.sport", choices.sports),
        Choice("league", Phrase("Ligue"), "league", choices.leagues),
        ChoiceOfText("status", Phrase("Statut"), "status", choices.statuses),
        From("from", Phrase("Coup d'envoi à partir du"), "match_date"),
        Until("until", Phrase("Coup d'envoi jusqu'au"), "match_date"),
        PlaysAtAll("team", Phrase("N° d'équipe"), ""),
    )
    leads = (
        Lead(Phrase("Dernières cotes"), "latestodds", {"match": "id"}),
        Lead(Phrase("Toutes les cotes"), "odds", {"match": "id"}),
    )


class _PricesView(TableView):
    """Odds and LatestOdds: the same columns, asked the same."""

    column_list = (
        "match",
        "outcome",
        "odd_value",
        "bookmaker",
        "trj",
        "market",
        "match.match_date",
        "scraped_at",
        "suspect",
        "run",
        "page.url",
    )
    column_details_list = (
        "match",
        "match.match_date",
        "match.league",
        "market",
        "line",
        "outcome",
        "odd_value",
        "bookmaker",
        "trj",
        "published_trj",
        "partial",
        "suspect",
        "scraped_at",
        "run",
        "page.url",
        "page.parser",
    )
    column_searchable_list = tuple(f"match.{path}" for path in _TEAMS)
    column_filters = (
        Choice("bookmaker", Phrase("Bookmaker"), "bookmaker", choices.bookmakers),
        Choice("market", Phrase("Marché"), "market", choices.markets),
        ChoiceOfText("outcome", Phrase("Issue"), "outcome", choices.outcomes),
        Choice("league", Phrase("Ligue"), "match.league", choices.leagues),
        AtLeast("price_min", Phrase("Cote à partir de"), "odd_value"),
        AtMost("price_max", Phrase("Cote jusqu'à"), "odd_value"),
        AtLeast("trj_min", Phrase("TRJ à partir de"), "trj"),
        AtMost("trj_max", Phrase("TRJ jusqu'à"), "trj"),
        From("from", Phrase("Relevée à partir du"), "scraped_at"),
        Until("until", Phrase("Relevée jusqu'au"), "scraped_at"),
        YesNo("partial", Phrase("Tirée d'une liste"), "partial", choices.yes_no),
        IsSaid("suspected", Phrase("Suspecte"), "suspect", choices.yes_no),
        Contains("suspect", Phrase("Règle enfreinte"), "suspect"),
        Choice("run", Phrase("Relevé"), "run", choices.runs),
        Is("match", Phrase("N° de match"), "match"),
    )

    def export_columns(self) -> list[Column]:
        """Those that an import reads."""
        return of_prices(spoken())


class OddsView(_PricesView):
    about = Phrase("Tous les prix relevés, les plus récents d'abord.")
    column_sortable_list = ("scraped_at",)
    column_default_sort = ("scraped_at", True)
    export_order = ("scraped_at", "id")

    def export_index(self, asked: Asked) -> str | None:
        """Of one match or one run the prices are few; else the newest first, of one bookmaker or of all."""
        if {"match", "run"} & asked.filters.keys():
            return None
        return "odds_bookmaker_id_scraped_at" if "bookmaker" in asked.filters else "odds_scraped_at"


class LatestOddsView(_PricesView):
    about = Phrase("La dernière cote connue de chaque issue chez chaque bookmaker.")
    export_desc = False
    leads = (Lead(Phrase("Historique"), "odds", _OF_ODDS),)


class TasksView(TableView):
    about = Phrase("Ce qui a été demandé et pris en charge : chaque tâche, et les relevés qu'elle a donnés.")
    called = Phrase("Demande")
    column_list = ("itself", "requested_by", "received_at", "runs", "joined")
    column_details_list = ("said", "task_id", "requested_by", "received_at", "runs", "joined")
    column_sortable_list = ("received_at",)
    column_searchable_list = ("said", "requested_by", "task_id")
    column_default_sort = ("received_at", True)
    column_filters = (
        From("from", Phrase("Reçue à partir du"), "received_at"),
        Until("until", Phrase("Reçue jusqu'au"), "received_at"),
    )
    leads = (_RUNS_OF_TASK,)


class FiringsView(TableView):
    about = Phrase("Chaque fois qu'une planification était due : envoyée, manquée ou sautée, et pourquoi.")
    called = Phrase("Échéance")
    column_list = ("itself", "state", "note", "decided_at", "sent_at")
    column_details_list = ("schedule", "due_at", "state", "note", "decided_at", "sent_at", "task_id")
    column_sortable_list = ("state", "decided_at")
    column_searchable_list = ("note", "task_id", "schedule.name")
    column_filters = (
        Choice("schedule", Phrase("Planification"), "schedule", choices.schedules),
        ChoiceOfText("state", Phrase("État"), "state", choices.firing_states),
        From("from", Phrase("Prévu à partir du"), "due_at"),
        Until("until", Phrase("Prévu jusqu'au"), "due_at"),
    )
    leads = (_RUNS_OF_TASK,)


class VisitsView(TableView):
    about = Phrase("Les passages voulus avant chaque coup d'envoi, et ce qu'ils sont devenus.")
    called = Phrase("Passage")
    column_list = ("itself", "due_at", "state", "schedule", "match.match_date", "decided_at")
    column_details_list = (
        "match",
        "match.match_date",
        "minutes",
        "due_at",
        "state",
        "schedule",
        "decided_at",
        "task_id",
    )
    column_sortable_list = ("due_at",)
    column_searchable_list = tuple(f"match.{path}" for path in _TEAMS)
    column_default_sort = ("due_at", True)
    column_filters = (
        Choice("schedule", Phrase("Planification"), "schedule", choices.schedules),
        ChoiceOfText("state", Phrase("État"), "state", choices.firing_states),
        From("from", Phrase("Prévu à partir du"), "due_at"),
        Until("until", Phrase("Prévu jusqu'au"), "due_at"),
        Is("match", Phrase("N° de match"), "match"),
    )
    leads = (_RUNS_OF_TASK,)


class PagesView(TableView):
    called = Phrase("Adresse")
    about = Phrase("Les pages dont viennent les cotes, et le lecteur qui les a comprises.")
    column_list = ("itself", "url", "parser", "created_at")
    column_details_list = ("id", "url", "parser", "created_at")
    column_sortable_list = ("parser", "created_at")
    column_searchable_list = ("url", "parser")
