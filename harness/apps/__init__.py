"""The demo application, and the ways in which it keeps a login."""

from collections.abc import Mapping

from harness.apps.attributed_cookie import (
    DomainCookie,
    PartitionedCookie,
    SecureCookie,
    StrictCookie,
)
from harness.apps.backchannel_cookie import BackchannelCookie
from harness.apps.kind import AppKind
from harness.apps.ksp_cookie import KspCookie
from harness.apps.local_storage import LocalStorage
from harness.apps.long_cookie import LongCookie
from harness.apps.memory import Memory
from harness.apps.refreshing import Refreshing
from harness.apps.session_cookie import SessionCookie
from harness.apps.session_storage import SessionStorage

__all__ = ["KINDS"]

KINDS: Mapping[str, type[AppKind]] = {
    "ksp_cookie": KspCookie,
    "long_cookie": LongCookie,
    "session_cookie": SessionCookie,
    "local_storage": LocalStorage,
    "session_storage": SessionStorage,
    "memory": Memory,
    "secure_cookie": SecureCookie,
    "strict_cookie": StrictCookie,
    "partitioned_cookie": PartitionedCookie,
    "domain_cookie": DomainCookie,
    "backchannel_cookie": BackchannelCookie,
    "refreshing": Refreshing,
}
"""By name, as in the configuration's `apps` and in the surface `app:<kind>`."""
