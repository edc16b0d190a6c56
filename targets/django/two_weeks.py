"""Django's sessions as they are by default.

Promised: "By default, SESSION_EXPIRE_AT_BROWSER_CLOSE is set to False, which means session cookies
will be stored in users' browsers for as long as SESSION_COOKIE_AGE. Use this if you don't want
people to have to log in every time they open a browser."
https://docs.djangoproject.com/en/5.2/topics/http/sessions/#browser-length-sessions-vs-persistent-sessions

`SESSION_COOKIE_AGE` is two weeks, counted from when the session was last changed, which to visit
does not (`SESSION_SAVE_EVERY_REQUEST`).
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
