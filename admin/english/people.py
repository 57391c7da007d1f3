"""Signing in, accounts, the team, the audit log."""

ENGLISH: dict[str, str] = {
    "Aucun compte encore. Le premier se fait dans un terminal, là où gigscrapy est installé :": "No account yet. The first is made in a terminal, where gigscrapy is installed:",
    "Ce nom et ce mot de passe ne vont pas ensemble, ou le compte est désactivé.": "This name and this password do not go together, or the account is deactivated.",
    "Mot de passe": "Password",
    "Mot de passe oublié ? Un administrateur en donne un nouveau, ou dans un terminal :": "Password forgotten? An administrator gives a new one, or in a terminal:",
    "NOM": "NAME",
    "Nom de compte": "Account name",
    "Se connecter": "Sign in",
    "Se déconnecter": "Sign out",
    "Votre compte ne permet pas cela. Un administrateur peut vous donner un autre rôle.": "Your account does not allow that. An administrator can give you another role.",
    "Vous n'êtes pas connecté, ou plus : connectez-vous, puis recommencez.": "You are not signed in, or not any more: sign in, then try again.",
}
