"""Names of columns and codes as people read them: ``X`` is ``N`` in French, ``too-few`` is a sentence."""

from decimal import Decimal

from admin import formats
from admin.words import Phrase, say
from schema import runs
from schema.ledger import Balance, Gap

COLUMNS = {
    "itself": "Nom",
    "account": "Compte",
    "arguments": "Arguments",
    "attempts": "Tentatives",
    "away_team": "Extérieur",
    "body": "Message reçu",
    "bookmaker": "Bookmaker",
    "bookmakers": "Bookmakers lus",
    "cancel_asked_at": "Arrêt demandé le",
    "chosen": "Rejouer",
    "code": "Code",
    "country": "Pays",
    "created_at": "Créé le",
    "cron": "Cron (heure de Paris)",
    "current": "Match en cours",
    "decided_at": "Décidé le",
    "decided_until": "Décidé jusqu'au",
    "detail": "Explication",
    "discovered": "Matchs voulus",
    "due_at": "Prévu le",
    "duplicates": "Doublons ignorés",
    "enabled": "Active",
    "error_count": "Erreurs",
    "every_minutes": "Toutes les (min)",
    "exit_code": "Code de sortie",
    "fetched": "Pages reçues",
    "finished_at": "Fin",
    "first_seen": "Reçu d'abord le",
    "home_team": "Domicile",
    "id": "N°",
    "joined": "Déjà demandés",
    "kickoff": "Avant le coup d'envoi",
    "last_seen": "Reçu le",
    "league": "Ligue",
    "left": "Reste environ",
    "line": "Ligne",
    "listed": "Matchs annoncés",
    "market": "Marché",
    "match": "Match",
    "match_date": "Coup d'envoi",
    "match_date_seen_at": "Coup d'envoi lu le",
    "match_key": "Clé du match",
    "minutes": "Minutes avant",
    "name": "Nom",
    "next_due": "Prochaine fois",
    "node": "Nœud",
    "not_before": "Pas avant le",
    "note": "Remarque",
    "odd_value": "Cote",
    "outcome": "Issue",
    "pace": "Pages par minute",
    "page": "Page d'origine",
    "pages": "Pages demandées",
    "parsed": "Matchs lus",
    "parser": "Lecteur",
    "partial": "Tirée d'une liste",
    "prices": "Prix enregistrés",
    "progress": "Avancement",
    "published": "Cotes publiées",
    "published_trj": "TRJ affiché",
    "queue": "File",
    "reason": "Motif",
    "received_at": "Reçue le",
    "refused": "Refusées",
    "replayed_at": "Rejoué le",
    "replays": "Fois rejoué",
    "reported_at": "Dernier signe",
    "requested_at": "Demandé le",
    "requested_by": "Demandé par",
    "retries": "Reprises",
    "reviewed": "Vérifié",
    "run": "Relevé",
    "run_id": "Relevé",
    "runs": "Relevés",
    "said": "Demande",
    "schedule": "Planification",
    "scraped_at": "Relevée le",
    "seen_at": "Vu le",
    "sent_at": "Envoyé le",
    "sentence": "Verdict en détail",
    "site": "Site",
    "site_id": "N° sur le site",
    "size": "Octets",
    "source": "Source",
    "spider": "Robot",
    "sport": "Sport",
    "started_at": "Début",
    "state": "État",
    "status": "Statut",
    "stored": "Cotes enregistrées",
    "suspect": "Suspecte",
    "switch": "Activer",
    "suspects": "Cotes suspectes",
    "task_id": "Tâche",
    "times": "Fois",
    "trj": "TRJ du bookmaker",
    "trj_differs": "TRJ différents",
    "unknown_bookmakers": "Bookmakers inconnus",
    "updated_at": "Modifié le",
    "url": "Page",
    "verdict": "Verdict",
    "waiting": "En attente",
    "website": "Site",
    "what": "Quoi",
    "when": "Quand",
    "yielded": "Cotes lues",
}

VERDICTS = {
    "complete": "complet",
    "incomplete": "incomplet",
    "nothing-listed": "aucun match annoncé",
    "too-few": "moins de matchs que prévu",
    "unusual": "relevé inhabituel",
    "not-durable": "cotes non transmises",
    "interrupted": "interrompu",
    "page-changed": "page devenue illisible",
    "robots": "interdit par robots.txt",
    "rate-limited": "trop de requêtes (429)",
    "site-error": "erreur du site (5xx)",
    "refused": "page refusée (4xx)",
    "unreachable": "site injoignable",
    "timed-out": "délai dépassé",
    "truncated": "réponse tronquée",
    "moved": "adresse déplacée",
    "too-large": "page trop longue",
    "no-browser": "navigateur non démarré",
    "endless": "liste trop longue",
    "no-node": "aucun nœud disponible",
    "node-refused": "refusé par le nœud",
    "no-prices": "page sans cotes",
    "not-read": "erreur interne",
}
"""Every code of :mod:`gigscrapy.verdict`, and those of a run that no node took (:mod:`gigscrapy.worker`)."""

STATES = {
    runs.QUEUED: "attend son tour",
    runs.SCHEDULED: "confié à un nœud",
    runs.RUNNING: "en cours",
    runs.FINISHED: "terminé",
    runs.LOST: "perdu de vue",
    runs.CANCELLED: "annulé",
    runs.FAILED: "pris par aucun nœud",
}

FIRING_STATES = {
    "due": "à envoyer",
    "sent": "envoyé",
    "missed": "manqué",
    "skipped": "sauté",
}
"""Of one time that a schedule was due, and of a visit before a kick-off."""

LETTER_STATES = {"waiting": "en attente", "settled": "en route ou réglé"}
"""Of a dead letter: whether it waits for somebody, or was replayed and has not come back."""

ACCOUNTS = {
    Gap.NOT_BEGUN: "pas commencé",
    Gap.NOT_REPORTED: "pas de compte final",
    Gap.NOT_REACHED: "matchs non atteints : {count}",
    Gap.NOT_READ: "matchs non lus : {count}",
    Gap.NOT_PUBLISHED: "cotes non publiées : {count}",
    Gap.ON_THEIR_WAY: "cotes en route (file, réserve ou boîte d'envoi) : {count}",
    Gap.TOO_MANY: "messages en trop : {count}",
}
"""What a run's account leaves over."""

STATUSES = {"scheduled": "à venir", "live": "en direct", "finished": "terminé", "postponed": "reporté"}


def column_label(path: str) -> Phrase:
    """The heading of a column; of ``match.match_date`` that of ``match_date``."""
    return Phrase(COLUMNS[path.rpartition(".")[2]])


def outcome_label(outcome: str, language: str) -> str:
    """An outcome code as it is printed: the draw is ``N`` in French, also within double chance (``1N``)."""
    return outcome.replace("X", "N") if language == "fr" else outcome


def verdict_mark(verdict: str | None) -> str:
    """Whether nothing is missing, by shape."""
    return "✓" if verdict == "complete" else "✗"


def verdict_label(verdict: str, language: str | None = None) -> str:
    """A verdict in a few words; a code nobody knows as it is."""
    return say(VERDICTS.get(verdict, verdict), language)


def account_label(balance: Balance) -> str:
    """Whether a run's account adds up; where it does not, what is missing and where it is."""
    if balance.adds_up:
        return f"✓\N{NO-BREAK SPACE}{say('juste')}"
    if balance.missing[0].gap is Gap.NOT_BEGUN:
        return say(ACCOUNTS[Gap.NOT_BEGUN])
    told = ", ".join(say(ACCOUNTS[missing.gap], count=missing.count) for missing in balance.missing)
    return f"✗\N{NO-BREAK SPACE}{told}"


def waiting_label(*, is_waiting: bool) -> str:
    """Where a dead letter stands."""
    return say(LETTER_STATES["waiting" if is_waiting else "settled"])


REASONS = {
    "argument": "argument inconnu",
    "future": "relevé dans l'avenir",
    "malformed": "illisible",
    "market": "marché inconnu",
    "missing": "il manque un champ",
    "name": "nom impossible",
    "no-price": "aucune cote",
    "outcome": "issue inconnue",
    "price": "cote impossible",
    "sport": "sport inconnu",
    "teams": "équipes impossibles",
    "too-large": "trop long",
    "value": "valeur impossible",
    "version": "version inconnue",
    "wrong-type": "champ d'une autre sorte",
}
"""Why a message was refused, by the code that it is counted and filtered by."""


def reason_label(reason: str) -> str:
    """Why a message was refused; nothing for a code that has no words yet."""
    return say(REASONS[reason]) if reason in REASONS else ""


def state_label(state: str) -> str:
    """Where a run stands, or what became of a time that was due."""
    return say((STATES | FIRING_STATES).get(state, state))


def requester_label(requested_by: str | None) -> str:
    """Who asked for a run: a person by name, a schedule as one."""
    schedule = (requested_by or "").removeprefix("schedule ")
    if requested_by and schedule != requested_by:
        return say("planification « {name} »", name=schedule)
    return requested_by or formats.DASH


def status_label(status: str) -> str:
    """Where a match stands."""
    return say(STATUSES.get(status, status))


def share_label(share: float, language: str) -> str:
    """By how much something is more or less than usual: ``+12 %``."""
    return formats.change(Decimal(round(share * 100)), language, places=0) + (
        "\N{NO-BREAK SPACE}%" if language == "fr" else "%"
    )
