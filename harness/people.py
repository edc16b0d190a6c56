"""The people of scenarios: those who can sign in everywhere, without having signed up."""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["FIRST", "PEOPLE", "Person"]


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who can sign in. The password is in plain text: this is a mock."""

    email: str
    password: str
    given_name: str
    family_name: str


PEOPLE: Mapping[str, Person] = {
    "ada": Person(
        email="ada@example.com",
        password="correct horse",
        given_name="Ada",
        family_name="Lovelace",
    ),
    "bob": Person(
        email="bob@example.com",
        password="battery staple",
        given_name="Bob",
        family_name="Example",
    ),
}
"""By the name that scenarios know them by."""
FIRST = "ada"
"""Whose browser it is."""
