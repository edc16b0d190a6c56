"""Who can sign in to an environment."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from harness.people import FIRST, PEOPLE, Person
from harness.state import State

__all__ = ["People", "User"]


@dataclass(frozen=True, kw_only=True)
class User(Person):
    """A person with an account."""

    id: str

    @property
    def name(self) -> str:
        """Both names."""
        return f"{self.given_name} {self.family_name}".strip()


class People:
    """The users of one environment: those of scenarios, who are always there, and whoever has
    signed up."""

    def __init__(self, environment: str, state: State) -> None:
        self._environment = environment
        self._state = state
        self.always = {name: _user(environment, name) for name in PEOPLE}
        """By the name that scenarios know them by."""
        self.clear()
        self._by_id |= state.records(environment, "user", User)

    def clear(self) -> None:
        """Forget everybody who signed up."""
        self._by_id = {user.id: user for user in self.always.values()}

    @property
    def first(self) -> User:
        """Whom the sign-in page suggests."""
        return self.always[FIRST]

    def get(self, user_id: str) -> User | None:
        """The user of that id."""
        return self._by_id.get(user_id)

    def email_of(self, user_id: str) -> str | None:
        """The address of the user of that id; None where there is none."""
        user = self.get(user_id)
        return None if user is None else user.email

    def by_email(self, email: str) -> User | None:
        """The user of that address, whatever its case."""
        wanted = email.strip().lower()
        return next((u for u in self._by_id.values() if u.email.lower() == wanted), None)

    def authenticate(self, email: str, password: str) -> User | None:
        """The user if both fit, else None; takes as long for an unknown address."""
        user = self.by_email(email)
        expected = user.password if user else ""
        same = hmac.compare_digest(password.encode(), expected.encode())
        return user if same else None

    def add(self, *, email: str, password: str, given_name: str, family_name: str) -> User:
        """Sign somebody up; raise ValueError saying what is wrong with what they entered."""
        email = email.strip()
        if email.count("@") != 1 or not all(email.split("@")) or len(email) > 254:
            raise ValueError("This is no email address.")
        if self.by_email(email) is not None:
            raise ValueError("Somebody has this email address already. Sign in instead.")
        if not password:
            raise ValueError("Choose a password.")
        user = User(
            id=f"kp_{secrets.token_hex(16)}",
            email=email,
            password=password,
            given_name=given_name.strip(),
            family_name=family_name.strip(),
        )
        self._by_id[user.id] = user
        self._state.put(self._environment, "user", user.id, vars(user))
        return user


def _user(environment: str, name: str) -> User:
    """The same id wherever the server runs."""
    told = environment if name == FIRST else f"{environment}/{name}"
    return User(id=f"kp_{hashlib.sha256(told.encode()).hexdigest()[:32]}", **vars(PEOPLE[name]))
