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
    "Journal": "Log",
    "Mouvements": "Movements",
    "Pages principales": "Main pages",
    "Sombre": "Dark",
    "Tableau de bord": "Dashboard",
    "jamais": "never",
    "suivi": "followed",
    "Équipe, ligue… (/)": "Team, league… (/)",
}
