"""How far an export is, for the page it was asked on, and its end before the end."""

from http import HTTPStatus

from flask import Blueprint, Response, abort, jsonify

from admin.access import Role, needs, who
from admin.exporting.running import EXPORTS, Export


def add(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/exports/<token>/", "export_state", export_state)
    blueprint.add_url_rule("/exports/<token>/cancel/", "export_cancel", export_cancel, methods=("POST",))


def export_state(token: str) -> Response:
    """Rows so far, and ``running``, ``done``, ``cancelled`` or ``failed``. :raises NotFound: of one's own only."""
    export = _own(token)
    return jsonify(rows=export.rows, state=export.state)


@needs(Role.VIEWER)
def export_cancel(token: str) -> tuple[str, int]:
    """It ends with the next rows, in the middle of the transfer. :raises NotFound: of one's own only."""
    _own(token).is_wanted = False
    return "", HTTPStatus.NO_CONTENT


def _own(token: str) -> Export:
    export = EXPORTS.find(token, who())
    if export is None:
        abort(HTTPStatus.NOT_FOUND)
    return export
