"""Where a guide is to be found: on this machine alone, or by other devices in its network."""

import ipaddress
import re
import socket
from dataclasses import dataclass

import psutil

from harness.config import ConfigError

__all__ = ["Place", "place_of"]

_LOCALHOST = "localhost"
_DOMAIN = re.compile(r"(?=.{1,200}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9-]{1,63}")
_ELSEWHERE = ("192.0.2.1", 9)
"""Of the addresses for documentation: nothing is sent there."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the server listens, and what it is called."""

    host: str
    """The address to listen on."""
    domain: str
    """What all of its names are below."""
    aliases: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before anybody comes, a sentence each."""
        if self.host == "127.0.0.1":
            return ()
        found = [
            "This mock can be reached from your network, and its passwords are known to everybody: "
            "end it when you have finished, and do without it in a network that is not yours.",
        ]
        if self.domain.endswith(".sslip.io"):
            found.append(
                f"The names below {self.domain} lead here by sslip.io, a public name server, which "
                "learns that they were asked for. Where a router does not let them through, have "
                "names of your own lead here, and name them with --domain."
            )
        return tuple(found)


def place_of(host: str, domain: str | None) -> Place:
    """What `--host` and `--domain` ask for. Raises ConfigError."""
    if domain is not None and not _DOMAIN.fullmatch(domain):
        raise ConfigError(f"--domain: must be a name such as auth.example.test, not '{domain}'")
    if host in (_LOCALHOST, "127.0.0.1"):
        return Place(host="127.0.0.1", domain=domain or _LOCALHOST)
    address = _address(host)
    # The demo applications reach their auth server by loopback, so it listens there, too.
    return Place(
        host="0.0.0.0", domain=domain or f"{address.replace('.', '-')}.sslip.io", aliases=(address,)
    )


def _address(host: str) -> str:
    """The address in the network by which others come."""
    if host == "0.0.0.0":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(_ELSEWHERE)
            except OSError:
                raise ConfigError(
                    "--host: this machine is in no network; name its address"
                ) from None
            found: str = probe.getsockname()[0]
            return found
    own = [
        entry.address
        for entries in psutil.net_if_addrs().values()
        for entry in entries
        if entry.family == socket.AF_INET and not ipaddress.ip_address(entry.address).is_loopback
    ]
    if host not in own:
        raise ConfigError(
            f"--host: {host} is no IPv4 address of this machine; it has "
            f"{', '.join(own) or 'none'}; 0.0.0.0 takes the one that others come by"
        )
    return host
