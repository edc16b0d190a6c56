"""Django's sessions as they are by default.

Promised, where the setting is defined (`django/conf/global_settings.py`): `SESSION_COOKIE_AGE`,
"Age of cookie, in seconds (default: 2 weeks)". See
https://docs.djangoproject.com/en/5.2/topics/http/sessions/#browser-length-sessions-vs-persistent-sessions

It is counted from when the session was last changed, which to visit does not
(`SESSION_SAVE_EVERY_REQUEST`).
"""

from described import django

from afterclose import Policy

_TWO_WEEKS = 14 * 24 * 3600

target = django(
    "two_weeks",
    Policy(
        persistence="persistent", inactivity_timeout=_TWO_WEEKS, absolute_timeout=_TWO_WEEKS
    ),
)
