"""Why a file or a line of it is not imported, in words."""

from typing import Any

from admin.words import say
from schema.editing import CannotEdit
from schema.merging import CannotMerge

OF_FILE = {
    "empty": "Il n'y a rien dans ce fichier.",
    "unknown": "Sa première ligne n'est ni de football-data.co.uk, ni d'un export de gigscrapy, ni de gig-benchmark.",
    "broken": "Ce fichier est abîmé : il ne peut être lu jusqu'au bout.",
    "bytes": "Ce fichier est trop gros : 32 Mo au plus. Dans un terminal, scrapy import FICHIER n'a pas cette limite.",
    "rows": "Ce fichier a trop de lignes. Dans un terminal, scrapy import FICHIER n'a pas cette limite.",
    "columns": "Ce fichier a trop de colonnes.",
    "cell": "Une case de ce fichier est trop longue.",
    "bomb": "Ce classeur se déplie en bien plus qu'il n'est, ou fait appel à d'autres fichiers : il n'est pas ouvert.",
    "league": "Un CSV de gig-benchmark ne dit pas sa ligue : indiquez-la et envoyez-le à nouveau.",
    "incomplete": "Cet export a été interrompu : il n'est pas complet. Refaites-le.",
    "database": "La base de données ne répond pas. Ce qui est enregistré le reste ; recommencez plus tard.",
    "interrupted": "Le travail a été interrompu. Ce qui est enregistré le reste ; reprenez quand vous voulez.",
    "fault": "Une erreur s'est produite ; le journal du serveur en dit plus.",
}
OF_LINE = {
    "no-price": "aucun prix",
    "price": "un prix illisible",
    "value": "une date ou un nombre illisible",
    "league": "une ligue inconnue",
    "missing": "il manque quelque chose",
    "teams": "une équipe contre elle-même",
    "columns": "trop ou trop peu de cases",
    "name": "un nom qui ne peut être gardé",
    "market": "un marché inconnu",
    "outcome": "une issue inconnue",
    "sport": "un sport inconnu",
    "future": "un relevé dans le futur",
}


def because(error: dict[str, Any]) -> str:
    """Why a file cannot be imported."""
    return say(OF_FILE.get(error["reason"], OF_FILE["fault"]))


def of_line(reason: str) -> str:
    """Why lines are refused."""
    return say(OF_LINE[reason]) if reason in OF_LINE else reason


OF_EDIT = {
    "name": "Ce nom ne peut être gardé : il est vide, trop long ou contient des signes que nul ne voit.",
    "own": "C'est déjà son nom.",
    "taken": "C'est déjà le nom de « {other} » : s'ils ne font qu'un, fusionnez-les.",
    "known": "Le programme connaît ce nom : c'est « {other} ».",
    "number": "Un numéro est un nombre entier.",
    "address": "Une adresse commence par https:// ou http://.",
    "fixed": "Ce numéro vient avec le programme, et ne se change pas ici.",
}
OF_MERGE = {
    "itself": "C'est la même ligne.",
    "gone": "L'une des deux n'est plus là.",
    "leagues": "Deux équipes de ligues différentes ne se fusionnent pas.",
    "opponents": "Ces deux équipes se sont rencontrées : ce n'est donc pas la même.",
    "reference": "Ce bookmaker vient avec le programme : il reviendrait. Fusionnez l'autre avec lui.",
}


def of_edit(error: CannotEdit) -> str:
    """Why something cannot be so."""
    if error.reason == "taken" and not error.other:
        return say("Un autre porte déjà ce numéro.")
    return say(OF_EDIT[error.reason], other=error.other)


def of_merge(error: CannotMerge) -> str:
    """Why two rows cannot be one."""
    return say(OF_MERGE[error.reason])
