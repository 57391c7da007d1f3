"""Who plays: the clubs of Ligue 1 by their real names, made-up clubs elsewhere, made-up players always.

Names are upper case, as the site prints them, and hold what breaks careless readers: accents, apostrophes, hyphens,
``&``, brackets, spaces.
"""

from random import Random

from gigscrapy.leagues import League

LIGUE_1 = "/cotes/foot/france/ligue-1"

LIGUE_1_CLUBS = (
    *("PSG", "Strasbourg", "Nice", "Lyon", "Angers", "Monaco", "Marseille", "Le Havre", "Lens"),
    *("Paris FC", "Toulouse FC", "Metz", "Lorient", "Brest", "Rennes", "Auxerre", "Lille", "Nantes"),
)

FRENCH_ODDITIES = ("Étoile de Dieppe", "Villeneuve-d'Ascq", "L'Isle-Adam", "Beaune & Nuits", "Saint-Ébremond-la-Lande")

TOWNS = {
    "France": (
        *("Albi", "Annecy", "Arles", "Aurillac", "Béziers", "Blois", "Bourg-en-Bresse", "Cahors", "Châteauroux"),
        *("Colmar", "Dax", "Dole", "Épinal", "Évreux", "Fréjus", "Gap", "Laval", "Le Puy", "Mâcon", "Nevers"),
        *("Périgueux", "Quimper", "Rodez", "Sète", "Tarbes", "Troyes", "Vannes", "Vichy"),
    ),
    "Angleterre": (
        *("Bath", "Bedford", "Buxton", "Canterbury", "Chester", "Dover", "Durham", "Exeter", "Gloucester"),
        *("Hastings", "Hereford", "Kendal", "King's Lynn", "Lancaster", "Lincoln", "Margate", "Oxford", "Penzance"),
        *("Ramsgate", "Salisbury", "Stoke-on-Trent", "Taunton", "Truro", "Winchester", "York"),
    ),
    "Espagne": (
        *("Albacete", "Alcalá", "Ávila", "Badajoz", "Burgos", "Cáceres", "Cádiz", "Córdoba", "Cuenca", "Gijón"),
        *("Huelva", "Huesca", "Jaén", "La Coruña", "Lérida", "Logroño", "Lugo", "Mérida", "Orense", "Segovia"),
        *("Soria", "Teruel", "Toledo", "Zamora"),
    ),
    "Italie": (
        *("Alba", "Ancona", "Arezzo", "Asti", "Bari", "Biella", "Caserta", "Chieti", "Como", "Cuneo", "Ferrara"),
        *("Forlì", "L'Aquila", "Lecco", "Lucca", "Mantova", "Matera", "Novara", "Pavia", "Pisa", "Ravenna"),
        *("Rimini", "Siena", "Trapani", "Viterbo"),
    ),
    "Allemagne": (
        *("Aachen", "Bamberg", "Bonn", "Celle", "Coburg", "Detmold", "Erfurt", "Fürth", "Gießen", "Görlitz"),
        *("Göttingen", "Halle", "Jena", "Kassel", "Koblenz", "Lübeck", "Lüneburg", "Marburg", "Münster", "Passau"),
        *("Speyer", "Trier", "Ulm", "Weimar", "Würzburg"),
    ),
}

ELSEWHERE = (
    *("Aarhus", "Åbo", "Braga", "Brno", "Çanakkale", "Coimbra", "Cork", "Debrecen", "Évora", "Gdańsk", "Ghent"),
    *("Graz", "İzmir", "Jyväskylä", "Kaunas", "Košice", "Łódź", "Malmö", "Maribor", "Namur", "Novi Sad", "Odense"),
    *("Plzeň", "Split", "Szeged", "Tampere", "Tartu", "Timișoara", "Trondheim", "Utrecht", "Varna", "Zug"),
)

CLUBS = ("{}", "{} FC", "AS {}", "{} United", "Racing {}", "Union {}", "{} 1907", "SC {}")
"""Plainest first: the first round of clubs draws from all of them, later rounds fill up in this order."""

PLAYERS_SPORTS = {"tennis", "boxing", "mma", "snooker", "table-tennis", "badminton", "billiards", "formula-1"}

# Glued together these give surnames nobody bears; an initial follows, as on a scoreboard.
SURNAME_STARTS = (
    *("Brel", "Corv", "Dral", "Elv", "Falm", "Gorv", "Hest", "Iskr", "Jorv", "Kelm", "Lorv", "Melk"),
    *("Nesk", "Orl", "Pralv", "Quen", "Rosk", "Selv", "Trenk", "Ulv", "Vern", "Wesk", "Yelm", "Zarv"),
)
SURNAME_ENDS = (
    *("andric", "arque", "aszel", "audin", "aveïc", "elmann", "enquist", "éroux", "ettani", "iakov", "idze", "illard"),
    *("imoto", "ingay", "isztyk", "oquès", "ovrec", "ôzard", "uelda", "ulescu", "undsen", "urrigan", "uszko", "yaneff"),
)


def teams(league: League, count: int, seed: int) -> tuple[str, ...]:
    """``count`` different names of the league's teams or players, in upper case, the same for the same seed."""
    random = Random(f"{seed}/{league.path}/teams")
    if league.path == LIGUE_1 and count <= len(LIGUE_1_CLUBS):
        names = list(LIGUE_1_CLUBS)[:count]
    elif league.sport in PLAYERS_SPORTS:
        names = _players(count, random)
    else:
        names = _clubs(league, count, random)
    return tuple(name.upper() for name in names)


def _clubs(league: League, count: int, random: Random) -> list[str]:
    towns = list(TOWNS.get(league.country, ELSEWHERE))
    random.shuffle(towns)
    odd = FRENCH_ODDITIES if league.country == "France" else ()
    one_each = [*odd, *(random.choice(CLUBS).format(town) for town in towns)]
    all_sorts = (club.format(town) for club in CLUBS for town in towns)
    names = list(dict.fromkeys([*one_each, *all_sorts]))[:count]
    if len(names) < count:
        raise ValueError(f"there are {len(names)} clubs in {league.path}, {count} are needed")
    random.shuffle(names)
    women = " (F)" if "femmes" in league.path or "feminin" in league.path else ""
    return [name + women for name in names]


def _players(count: int, random: Random) -> list[str]:
    surnames = [start + end for start in SURNAME_STARTS for end in SURNAME_ENDS]
    chosen = random.sample(surnames, k=min(count, len(surnames)))
    while len(chosen) < count:  # a draw of thousands has brothers and sisters
        chosen += random.sample(surnames, k=min(count - len(chosen), len(surnames)))
    return [
        f"{surname} {chr(ord('A') + (place + place // len(surnames)) % 26)}." for place, surname in enumerate(chosen)
    ]
