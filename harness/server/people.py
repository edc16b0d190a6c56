"""Who can sign in to an environment."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from harness.state import State

__all__ = ["People", "User"]


@dataclass(frozen=True, kw_only=True)
class User:
    """Somebody who can sign in. The password is in plain text: this is a mock."""

    id: str
    email: str
    password: str
    given_name: str
    family_name: str

    @property
    def name(self) -> str:
        """Both names."""
        return f"{self.given_name} {self.family_name}".strip()


class People:
    """The users of one environment: Ada, who is always there, and whoever has signed up."""

    def __init__(self, environment: str, state: State) -> None:
        self._environment = environment
        self._state = state
        self.ada = User(
            id=f"kp_{hashlib.sha256(environment.encode()).hexdigest()[:32]}",
            email="ada@example.com",
            password="correct horse",
            given_name="Ada",
            family_name="Lovelace",
        )
        self._by_id = {self.ada.id: self.ada}
        self._by_id |= state.records(environment, "user", User)

    def clear(self) -> None:
        """Forget everybody who signed up."""
        self._by_id = {self.ada.id: self.ada}

    def get(self, user_id: str) -> User | None:
        """The user of that id."""
        return self._by_id.get(user_id)

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
