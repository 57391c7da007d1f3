"""Sentences that programs write in English, for whoever reads pages in French.

Schedules, tasks, services and the notes of what was due speak to a shell and to the tables; here is what each of their
sentences is in French. What stands in braces is what the sentence is about, and stays as it is.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from markupsafe import Markup

from admin.words import say, spoken

FRENCH: Mapping[str, str] = {
    # -- of a schedule, or of what is asked for ------------------------------------------------------------------------
    "say when in one way: by cron, or every so many minutes, or before kick-offs": "dites quand, d'une seule façon : cron, toutes les tant de minutes, ou avant les coups d'envoi",
    "it is never due: say when in one way: by cron, or every so many minutes, or before kick-offs": "elle ne serait jamais due : dites quand, par cron, toutes les tant de minutes, ou avant les coups d'envoi",
    "what is to be crawled takes {count} characters: name a sport, a country or all": "ce qui est à relever tient en {count} caractères : nommez un sport, un pays ou all",
    "{name}= is not for a schedule before kick-offs: it names the matches itself": "{name}= n'est pas pour une planification avant les coups d'envoi : elle nomme les matchs elle-même",
    "arguments take {count} characters": "les arguments tiennent en {count} caractères",
    "another schedule has this name": "une autre planification porte ce nom",
    "it is no whole number of minutes": "ce n'est pas un nombre entier de minutes",
    "the name is empty": "le nom est vide",
    "the name is longer than {count} characters": "le nom dépasse {count} caractères",
    "the name holds the character {code}, which is no part of a name": "le nom contient le caractère {code}, qui n'a rien à faire dans un nom",
    "every so many minutes is 1 to {most} (a week), not {given}": "l'intervalle va de 1 à {most} minutes (une semaine), pas {given}",
    "{given} has {count} fields; cron has five: minute, hour, day of the month, month, day of the week, such as 0 */6 * * *": "{given} a {count} champs ; cron en a cinq : minute, heure, jour du mois, mois, jour de la semaine, comme 0 */6 * * *",
    "{given} is no minute of cron": "{given} n'est pas une minute de cron",
    "{given} is no hour of cron": "{given} n'est pas une heure de cron",
    "{given} is no day of cron": "{given} n'est pas un jour du mois de cron",
    "{given} is no month of cron": "{given} n'est pas un mois de cron",
    "{given} is no day of week of cron": "{given} n'est pas un jour de la semaine de cron",
    "{given} is no cron expression: {why}": "{given} n'est pas une expression cron ({why})",
    "{given} never comes: no year has that day": "{given} n'arrive jamais : aucune année n'a ce jour",
    "{given} is no day of the week: 0 to 7 (both are Sunday), or {days}": "{given} n'est pas un jour de la semaine : de 0 à 7 (dimanche est l'un et l'autre), ou {days}",
    "{given} is no time before a kick-off; write 24h 6h 1h 15m 5m": "{given} n'est pas une durée avant un coup d'envoi ; écrivez 24h 6h 1h 15m 5m",
    "no time before the kick-off is named; write 24h 6h 1h 15m 5m": "aucune durée avant le coup d'envoi n'est dite ; écrivez 24h 6h 1h 15m 5m",
    "up to {most} times can be named, each from 1m to {longest}d": "jusqu'à {most} durées peuvent être dites, chacune de 1m à {longest}d",
    "no league is named: write a name (`scrapy leagues` lists them), sport:…, country:… or all": "aucune ligue n'est nommée : écrivez un nom (scrapy leagues les donne tous), sport:…, country:… ou all",
    "no sport is called {given}; sports are {known}": "aucun sport ne s'appelle {given} ; les sports sont {known}",
    "no league is of {given}; sports are {known}; countries {countries}": "aucune ligue n'est de {given} ; les sports sont {known} ; les pays {countries}",
    "no league is called {given}; did you mean {near}?": "aucune ligue ne s'appelle {given} ; vouliez-vous dire {near} ?",
    "no league is called {given}; `scrapy leagues` lists all": "aucune ligue ne s'appelle {given} ; scrapy leagues les donne toutes",
    "arguments are {known}, not {given}": "les arguments sont {known}, pas {given}",
    "{count} characters of arguments, at most {most}: ask for fewer": "{count} caractères d'arguments, au plus {most} : demandez-en moins",
    "match is a number, or the address of a match page, not {given}": "match est un numéro, ou l'adresse de la page d'un match, pas {given}",
    "depth is {known}, not {given}": "depth est {known}, pas {given}",
    "days is a number of days, not {given}": "days est un nombre de jours, pas {given}",
    "the markets of {league} are {known}; {given} is none of them": "les marchés de {league} sont {known} ; {given} n'en est pas un",
    "{where} has no league {given}; {advice}": "{where} n'a pas de ligue {given} ; {advice}",
    # -- of how a run ended, clause by clause --------------------------------------------------------------------------
    "the page is built in a way no parser knows: docs/adding-a-page.md": "la page est faite comme aucun lecteur ne la connaît : docs/adding-a-page.md",
    "robots.txt keeps us out": "robots.txt l'interdit",
    "this is obeyed": "c'est respecté",
    "the site asks for fewer requests (429)": "le site demande moins de requêtes (429)",
    "raise DOWNLOAD_DELAY": "augmentez DOWNLOAD_DELAY",
    "the site answered with an error of its own (5xx)": "le site a répondu par une erreur à lui (5xx)",
    "come back later": "revenez plus tard",
    "the site refused the page (4xx)": "le site a refusé la page (4xx)",
    "no connection, or it broke": "pas de connexion, ou elle s'est rompue",
    "check SITE_URL and the network": "vérifiez SITE_URL et le réseau",
    "no answer in time": "pas de réponse à temps",
    "raise DOWNLOAD_TIMEOUT or come back later": "augmentez DOWNLOAD_TIMEOUT, ou revenez plus tard",
    "the answer broke off before its end": "la réponse s'est arrêtée avant sa fin",
    "nothing of it is believed": "rien n'en est cru",
    "the page came without its prices": "la page est venue sans ses cotes",
    "raise PRICES_TIMEOUT or look at it in a browser": "augmentez PRICES_TIMEOUT, ou regardez-la dans un navigateur",
    "the address leads elsewhere now, and what stands there is not believed: `scrapy discover`": "l'adresse mène ailleurs à présent, et ce qui s'y trouve n'est pas cru : scrapy discover",
    "the browser did not start: check CHROMIUM and CHROMIUM_SANDBOX": "le navigateur n'a pas démarré : vérifiez CHROMIUM et CHROMIUM_SANDBOX",
    "the list has more pages than are followed": "la liste a plus de pages qu'on n'en suit",
    "the page is longer than DOWNLOAD_MAXSIZE": "la page dépasse DOWNLOAD_MAXSIZE",
    "nothing of it is read": "rien n'en est lu",
    "an error of ours": "une erreur de notre fait",
    "the log has it, please report it": "le journal la donne ; signalez-la",
    "{count} quotes could not be made durable": "cotes qui n'ont pu être mises en sûreté : {count}",
    "see the log": "voyez le journal",
    "stopped ({reason}) after {count} of {total} matches": "arrêté ({reason}) après {count} matchs sur {total}",
    "the league page was not read: {why}": "la page de la ligue n'a pas été lue : {why}",
    "none of {total} matches was read: {why}": "aucun des {total} matchs n'a été lu : {why}",
    "the page lists no match: out of season": "la page n'annonce aucun match : hors saison",
    "the page lists no match, at least {least} were expected": "la page n'annonce aucun match ; au moins {least} étaient attendus",
    "the page lists {count} matches, at least {least} were expected": "la page annonce {count} matchs ; au moins {least} étaient attendus",
    "the match asked for is not among the {count} listed": "le match demandé n'est pas parmi les {count} annoncés",
    "none of the {asked} matches asked for is among the {count} listed": "aucun des {asked} matchs demandés n'est parmi les {count} annoncés",
    "{count} matches are listed, none on the days asked for": "{count} matchs sont annoncés, aucun aux jours demandés",
    "{count} matches read, none has a price to use": "{count} matchs lus, aucun n'a de cote utilisable",
    "{count} of {total} quotes were taken, sent by {who} with the key {name}": "{count} cotes prises sur {total}, envoyées par {who} avec la clé {name}",
    "{count} of {total} matches read, {quotes} quotes sent": "{count} matchs lus sur {total}, {quotes} cotes envoyées",
    "{count} of the {asked} matches asked for, which are not listed": "{count} des {asked} matchs demandés, qui ne sont pas annoncés",
    "{count} of {total} matches": "{count} matchs sur {total}",
    "{count} list pages": "{count} pages de la liste",
    "{count} rows that cannot be told apart": "{count} lignes qu'on ne peut distinguer",
    "any match of market {market}": "tout match du marché {market}",
    "{count} rows without a price": "{count} lignes sans cote",
    "{count} best prices without a bookmaker": "{count} meilleures cotes sans bookmaker",
    "{count} matches that nobody prices yet": "{count} matchs que personne ne cote encore",
    "{count} markets below the first": "{count} marchés sous le premier",
    "{count} matches whose best prices the list shows otherwise": "{count} matchs dont la liste montre d'autres meilleures cotes",
    "no node took it in {seconds} s, {count} times tried: {why}": "aucun nœud ne l'a pris en {seconds} s, après {count} essais : {why}",
    # -- of a time that was due ----------------------------------------------------------------------------------------
    "the schedule was changed before it was sent": "la planification a été modifiée avant l'envoi",
    "a later one was due before this one could be sent": "une autre était due avant que celle-ci pût être envoyée",
    "nobody was there in time": "personne n'était là à temps : scrapy scheduler ne tournait pas",
    "the one before ({task}) still waits in the queue: is `scrapy worker` running?": "la précédente ({task}) attend encore dans la file : scrapy worker tourne-t-il ?",
    "of the one before ({task}) {count} runs go on": "de la précédente ({task}), {count} relevés durent encore",
    "the queue was away too long": "la file n'a pas répondu assez tôt",
    "a later one was due by the time somebody was there": "une autre était due quand quelqu'un fut là",
    "a later one was due by the time somebody was there; so were {count} before this one, which are not noted one by one": "une autre était due quand quelqu'un fut là ; {count} avant celle-ci l'étaient aussi, qui ne sont pas notées une à une",
    # -- of a message that was refused ---------------------------------------------------------------------------------
    "not JSON in UTF-8: {error}": "ce n'est pas du JSON en UTF-8 ({error})",
    "nested too deeply": "trop de niveaux les uns dans les autres",
    "a JSON object was expected, not {kind}": "un objet JSON était attendu, pas {kind}",
    "a key occurs twice": "une clé s'y trouve deux fois",
    "{name} is not a number": "{name} n'est pas un nombre",
    "schema_version {version} is not one this program reads (1, or none)": "schema_version {version} n'est pas de celles que ce programme lit (1, ou aucune)",
    "{given} bytes, at most {limit} are read": "{given} octets ; {limit} au plus sont lus",
    "cotes is missing or empty": "cotes manque, ou est vide",
    "outcomes is missing or not an object": "outcomes manque, ou n'est pas un objet",
    "market {market} is not one of {known}": "le marché {market} n'est pas de ceux-ci : {known}",
    "market {market} has no outcome {outcome}": "le marché {market} n'a pas d'issue {outcome}",
    "counts must be whole numbers by name": "counts doit donner un nombre entier à chaque nom",
    "state {state} is not one of {known}": "l'état {state} n'est pas de ceux-ci : {known}",
    "{team} plays itself": "{team} joue contre soi-même",
    "scraped_at {at} lies more than a day after it was received": "scraped_at {at} est plus d'un jour après sa réception",
    "no outcome has a price above 1": "aucune issue n'a de cote au-dessus de 1",
    "sport {sport} is not one of {known}": "le sport {sport} n'est pas de ceux-ci : {known}",
    "match {title} does not split into two teams at ' - '": "match {title} ne se coupe pas en deux équipes à « - »",
    "outcome {outcome}: a price is a number, not {kind}": "issue {outcome} : une cote est un nombre, pas {kind}",
    "outcome {outcome}: {value} is out of range": "issue {outcome} : {value} est hors limites",
    "outcome {outcome}: {value} is not a price": "issue {outcome} : {value} n'est pas une cote",
    "{key} is missing": "{key} manque",
    "{key} must be a string, not {kind}": "{key} doit être un texte, pas {kind}",
    "{key} cannot be read": "{key} ne peut être lu",
    "{key} is longer than {limit} characters, has spaces around it or cannot be printed": "{key} dépasse {limit} caractères, a des espaces autour, ou ne peut s'écrire",
    "{key} is longer than {limit} characters": "{key} dépasse {limit} caractères",
    "{key} is empty": "{key} est vide",
    "{key} holds the character {code}, which is no part of a name": "{key} contient le caractère {code}, qui n'a rien à faire dans un nom",
    "{key} must be a whole number": "{key} doit être un nombre entier",
    "{key} must be text": "{key} doit être un texte",
    "it names nothing to crawl: what, scraper, spider, sport, country or league": "il ne nomme rien à relever : what, scraper, spider, sport, country ou league",
    "args must be an object": "args doit être un objet",
    "args: {name} must be text or a number": "args : {name} doit être un texte ou un nombre",
    "args may be {known}, not {name}": "args peut avoir {known}, pas {name}",
    "task_id is up to 64 letters, digits, '.', '_', ':' and '-', not {given}": "task_id a 64 signes au plus : lettres, chiffres, « . », « _ », « : » et « - », pas {given}",
    # -- of the services -----------------------------------------------------------------------------------------------
    "one is at work": "au travail",
    "none is at work, and no schedule is on (`scrapy scheduler`)": "aucun au travail, et aucune planification n'est active (scrapy scheduler)",
    "{count} schedules are on and nobody heeds them: start `scrapy scheduler`": "planifications actives : {count}, et personne ne les suit ; lancez scrapy scheduler",
    "{count} at work": "au travail : {count}",
    "{count} messages wait and nobody reads them: start `{command}`": "messages qui attendent sans que personne les lise : {count} ; lancez {command}",
    "none is seen at work, and nothing waits for it (`{command}`)": "aucun n'est vu au travail, et rien ne l'attend ({command})",
    "it is away, and no run waits for a node (`scrapy scrapyd`)": "absent, et aucun relevé ne l'attend (scrapy scrapyd)",
    "it is away, and runs wait for a node: start `scrapy scrapyd`": "absent, et des relevés l'attendent : lancez scrapy scrapyd",
    "it answers and refuses us: the admin's log says why": "il répond et nous refuse : le journal de l'admin dit pourquoi",
    "it answers; {count} jobs run or wait there": "il répond ; relevés chez lui : {count}",
    "RabbitMQ answers; {quotes} quotes and reports and {tasks} tasks wait": "RabbitMQ répond ; y attendent {quotes} cotes et comptes rendus, {tasks} demandes",
    "the spool on this machine is the queue (no RABBIT_URL); {quotes} quotes and reports and {tasks} tasks wait": "la file est la réserve de cette machine (sans RABBIT_URL) ; y attendent {quotes} cotes et comptes rendus, {tasks} demandes",
    "the embedded database (SQLite) answers, and its tables are up to date": "la base embarquée (SQLite) répond, ses tables sont à jour",
    "the database of DATABASE_URL answers, and its tables are up to date": "la base de DATABASE_URL répond, ses tables sont à jour",
    "{database} lacks {tables}: run `scrapy migrate`": "il manque des tables ({tables}) : lancez scrapy migrate",
    "nothing is known of it: tables are missing": "on n'en sait rien : des tables manquent",
    "nothing is known of it: the {first} cannot be asked": "on n'en sait rien : {first} ne répond pas",
    "no answer within {seconds} s": "pas de réponse en {seconds} s",
    "the database cannot be used: the admin's log says why": "la base ne peut pas servir : le journal de l'admin dit pourquoi",
    "it cannot be reached or used: the admin's log says why": "injoignable, ou inutilisable : le journal de l'admin dit pourquoi",
}
"""By the English sentence, what it is in French."""

FIGURES = ("count", "total", "asked", "least", "most", "longest", "quotes", "tasks", "seconds")
"""Braces that hold a number."""

_BRACES = re.compile(r"\{(\w+)\}")


@lru_cache(maxsize=1)
def _known() -> tuple[tuple[re.Pattern[str], str], ...]:
    """What has fewer words of its own is looked at last: ``{count} at work`` would take more than its own."""
    by_words = sorted(FRENCH.items(), key=lambda each: -len(_BRACES.sub("", each[0])))
    return tuple((_pattern(english), french) for english, french in by_words)


def _pattern(english: str) -> re.Pattern[str]:
    parts = _BRACES.split(english)
    written = (re.escape(part) if n % 2 == 0 else f"(?P<{part}>{_inside(part)})" for n, part in enumerate(parts))
    return re.compile("".join(written), re.DOTALL)


def _inside(name: str) -> str:
    """What may stand in those braces."""
    return r"-?[\d.]+" if name in FIGURES else ".+?"


LISTS = {"not read": "non lus", "besides": "en outre"}
"""What some clauses begin with; what follows are several, with commas between."""


def in_french(sentence: str) -> str | None:
    """The sentence in French, whole or clause by clause; ``None`` for one of which a clause is not known."""
    if (whole := _of_table(sentence)) is not None:
        return whole
    clauses = [_clause(clause) for clause in sentence.split("; ")]
    return None if None in clauses else " ; ".join(filter(None, clauses))


def _clause(clause: str) -> str | None:
    head, colon, rest = clause.partition(": ")
    if colon and head in LISTS:
        parts = [_of_table(part) for part in re.split(r", (?=\d|any )", rest)]
        return None if None in parts else f"{LISTS[head]} : {', '.join(filter(None, parts))}"
    if (times := re.match(r"(\d+) x ", clause)) and (once := _of_table(clause[times.end() :])):
        return f"{times[1]} × {once}"  # noqa: RUF001 - a sign people read
    return _of_table(clause)


def _of_table(sentence: str) -> str | None:
    for pattern, french in _known():
        if found := pattern.fullmatch(sentence):
            return _BRACES.sub(lambda brace: _inner(brace[1], found), french)
    return None


def _inner(name: str, found: re.Match[str]) -> str:
    """What stands in the braces; a reason is a sentence too."""
    return (in_french(found[name]) or found[name]) if name == "why" else found[name]


def translated(sentence: str | None) -> str | Markup:
    """The sentence in the language of the page; one that nobody knows says that it is English."""
    if not sentence:
        return ""
    if spoken() == "en":
        return sentence
    french = in_french(sentence)
    return Markup('<span lang="en">{}</span>').format(sentence) if french is None else say(french)
