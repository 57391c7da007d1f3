"""How a message is signed: ``X-Gigscrapy-Signature: t=1760714400,v1=…``.

``v1`` is HMAC-SHA256 of ``t``, a full stop and the body as it came, with the hook's secret, in hexadecimal digits.
"""

import hashlib
import hmac

HEADER = "X-Gigscrapy-Signature"


def sign(secret: str, body: bytes, at: int) -> str:
    """:param at: seconds since 1970, when it is sent."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
