"""A reference site: the contract read a second time, in memory, sharing no bug with the server
under test.

Nothing here is asked of the server, and nothing of its code is used; `EffectivePolicy` is not,
either.
"""

from harness.reference.site import ReferenceSite, Sight

__all__ = ["ReferenceSite", "Sight"]
