"""Django with `SESSION_EXPIRE_AT_BROWSER_CLOSE`.

Promised, where the setting is defined (`django/conf/global_settings.py`): "Whether a user's session
cookie expires when the web browser is closed." See
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
