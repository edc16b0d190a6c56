"""Django with `SESSION_EXPIRE_AT_BROWSER_CLOSE`.

Promised: "If SESSION_EXPIRE_AT_BROWSER_CLOSE is set to True, Django will use browser-length
cookies – cookies that expire as soon as the user closes their browser. Use this if you want people
to have to log in every time they open a browser."
https://docs.djangoproject.com/en/5.2/topics/http/sessions/#browser-length-sessions-vs-persistent-sessions

On the server the session is over after `SESSION_COOKIE_AGE`, two weeks, counted from when it was
last changed, which to visit does not.
"""

from described import django

from afterclose import Policy

_TWO_WEEKS = 14 * 24 * 3600

target = django(
    "until_close",
    Policy(
        persistence="non_persistent",
        inactivity_timeout=_TWO_WEEKS,
        absolute_timeout=_TWO_WEEKS,
    ),
    "--until-close",
)
