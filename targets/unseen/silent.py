"""Whether a provider still knows somebody: it is asked as an application asks, without a prompt
(OpenID Connect Core, section 3.1.2.1), and answers to the application's address."""

import os
from urllib.parse import parse_qs, urlencode, urlsplit

__all__ = ["asking", "known", "needed"]


def needed(name: str) -> str:
    """A setting of yours, from the environment."""
    if not os.environ.get(name):
        raise LookupError(f"the environment variable {name} is not set")
    return os.environ[name]


def asking(endpoint: str, client_id: str, redirect_uri: str, **more: str) -> str:
    """The address at which the provider is asked."""
    asked = {
        "client_id": client_id, "redirect_uri": redirect_uri, "response_type": "code",
        "scope": "openid", "state": "afterclose", "nonce": "afterclose", **more,
    }  # fmt: skip
    return f"{endpoint}?{urlencode(asked)}"


def known(url: str) -> bool:
    """What it answered: a code, or an error such as `login_required`. Raises LookupError where it
    answered nothing."""
    answer = parse_qs(urlsplit(url).query)
    if not answer.keys() & {"code", "error"}:
        raise LookupError("the provider has answered neither with a code nor with an error")
    return "code" in answer
