"""A user agent of a few lines, so that functional tests need no browser."""

import hashlib
import html
import http.client
import json
import re
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

from harness.people import FIRST, PEOPLE, Person
from harness.server.running import MockServer
from tests.patience import PATIENCE


def secret(client_id: str) -> str:
    """A built-in application's secret, as `/_afterclose/environments` tells it."""
    return hashlib.sha256(client_id.encode()).hexdigest()[:48]


def storages(path: str) -> list[str]:
    """The kinds of application that a page of an observation, or a frame, reads the storages of:
    the parts that it shows are in its path."""
    read = {"cookies": None, "browser": "local_storage", "tab": "session_storage"}
    return [name for part in path.rpartition("/")[2].split("-") if (name := read[part])]


@dataclass
class Answer:
    """A response that has been read."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    url: str

    def header(self, name: str) -> str | None:
        return next((v for k, v in self.headers if k.lower() == name.lower()), None)

    @property
    def cookies(self) -> list[str]:
        return [v for k, v in self.headers if k.lower() == "set-cookie"]

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def field(self, name: str) -> str:
        """The value of a hidden field of the page's form."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        assert found is not None, self.text
        return html.unescape(found[1])


@dataclass
class Client:
    """Keeps cookies by host, as a browser does, and forgets attributes it does not need."""

    server: MockServer
    jar: dict[str, dict[str, str]] = field(default_factory=dict)

    def url(self, environment: str, path: str = "", kind: str = "idp") -> str:
        port = urlsplit(self.server.url).port
        return f"http://{environment}.{kind}.localhost:{port}{path}"

    def request(
        self,
        method: str,
        url: str,
        *,
        form: dict[str, str] | None = None,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        parts = urlsplit(url)
        sent = {"Host": parts.netloc, **(headers or {})}
        cookies = self.jar.setdefault(parts.netloc, {})
        if cookies and "Cookie" not in sent:
            sent["Cookie"] = "; ".join(f"{k}={v}" for k, v in cookies.items())
        if form is not None:
            body = urlencode(form).encode()
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", parts.port or 80, timeout=PATIENCE)
        try:
            connection.request(
                method, f"{parts.path or '/'}?{parts.query}".rstrip("?"), body, sent
            )
            response = connection.getresponse()
            answer = Answer(response.status, response.getheaders(), response.read(), url)
        finally:
            connection.close()
        for header in answer.cookies:
            for name, morsel in SimpleCookie(header).items():
                cookies.pop(name, None)
                if morsel.value and morsel["max-age"] != "0":
                    cookies[name] = morsel.value
        return answer

    def get(self, url: str, **options: Any) -> Answer:
        return self.request("GET", url, **options)

    def post(self, url: str, form: dict[str, str], **options: Any) -> Answer:
        return self.request("POST", url, form=form, **options)

    def json(self, method: str, url: str, value: object, **options: Any) -> Answer:
        headers = {"Content-Type": "application/json", **options.pop("headers", {})}
        body = json.dumps(value).encode()
        return self.request(method, url, body=body, headers=headers, **options)

    def control(self, method: str, path: str, value: object = None) -> Any:
        return self.json(method, f"{self.server.url}/_afterclose/{path}", value).json

    def follow(self, url: str) -> Answer:
        """Follow redirects to the page where they end."""
        for _ in range(20):
            answer = self.get(url)
            location = answer.header("Location")
            if location is None:
                return answer
            url = location
        raise AssertionError("more than twenty redirects")

    def sign_in(self, environment: str, someone: Person = PEOPLE[FIRST], **query: str) -> Answer:
        """Sign in at the demo application; returns the answer to the sign-in form."""
        form = self.follow(self.url(environment, f"/login?{urlencode(query)}", "app"))
        answer = self.submit(environment, form, someone.password, someone.email)
        location = answer.header("Location")
        assert location is not None, answer.text
        self.follow(location)
        return answer

    def submit(
        self,
        environment: str,
        page: Answer,
        password: str = PEOPLE[FIRST].password,
        email: str = PEOPLE[FIRST].email,
    ) -> Answer:
        """Send the sign-in page's form."""
        return self.post(
            self.url(environment, "/sign-in"),
            {
                "login": page.field("login"),
                "csrf": page.field("csrf"),
                "email": email,
                "password": password,
            },
        )

    def sign_in_at(self, url: str, email: str = "ada@example.com") -> str:
        """Answer an authorization request as a person does; the address of the callback."""
        page = self.get(url)
        if page.header("Location") is None:
            parts = urlsplit(url)
            page = self.post(
                f"{parts.scheme}://{parts.netloc}/sign-in",
                {
                    "login": page.field("login"),
                    "csrf": page.field("csrf"),
                    "email": email,
                    "password": "correct horse",
                },
            )
        location = page.header("Location")
        assert location is not None, page.text
        return location

    def peek(self, environment: str) -> Any:
        """The state of the SSO session."""
        return self.get(self.url(environment, "/_afterclose/peek")).json

    def admin_token(self, environment: str, **changes: str) -> Answer:
        return self.post(
            self.url(environment, "/oauth2/token"),
            {
                "grant_type": "client_credentials",
                "client_id": f"admin_{environment}",
                "client_secret": secret(f"admin_{environment}"),
                **changes,
            },
        )
