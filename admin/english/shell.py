"""What stands around every page."""

ENGLISH: dict[str, str] = {
    "Alertes": "Alerts",
    "Automatique": "Automatic",
    "Benchmark": "Benchmark",
    "Chercher un match": "Find a match",
    "Clair": "Light",
    "Couleurs": "Colours",
    "Crawls": "Crawls",
    "Données": "Data",
    "Mouvements": "Movements",
    "Pages principales": "Main pages",
    "Sombre": "Dark",
    "Tableau de bord": "Dashboard",
    "Équipe, ligue… (/)": "Team, league… (/)",
}
