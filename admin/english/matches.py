"""The matches, one match, their charts."""

ENGLISH: dict[str, str] = {
    "graphique": "chart",
    "Ce dessin demande JavaScript ; le tableau dit la même chose.": "This drawing needs JavaScript; the table says the same.",
    "Lignes affichées": "Lines shown",
    "Toutes les lignes": "All lines",
    "Au clavier : ← → lit point par point, Page haut et bas saute, Début et Fin vont aux bouts, ↑ ↓ choisit une ligne.": "By keyboard: ← → reads point by point, Page Up and Down jump, Home and End go to the ends, ↑ ↓ chooses a line.",
    "Voir en tableau": "Show as a table",
    "Rien à tracer encore.": "Nothing to draw yet.",
    "{at} : meilleure cote {value} chez {who}": "{at}: best price {value} at {who}",
    "{at} : {values}": "{at}: {values}",
    "{at} : aucune valeur": "{at}: no value",
    "repère : {label}": "mark: {label}",
}
