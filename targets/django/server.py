"""Django's own sessions, and its own login and logout views, in the smallest project there can be.

`--until-close` is `SESSION_EXPIRE_AT_BROWSER_CLOSE`; everything else about sessions is as Django
has it by default. The password is that of `DJANGO_PASSWORD`.
"""

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from serving import arguments, serve

asked = arguments("--until-close")
folder = tempfile.TemporaryDirectory(prefix="django-")

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["localhost"],
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{folder.name}/db.sqlite3"}
    },
    INSTALLED_APPS=[
        "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
    ],
    LOGIN_REDIRECT_URL="/",
    LOGOUT_REDIRECT_URL="/",
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="of a test",
    SESSION_EXPIRE_AT_BROWSER_CLOSE=asked.until_close,
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [Path(__file__).parent],
            "OPTIONS": {"context_processors": ["django.contrib.auth.context_processors.auth"]},
        }
    ],
    USE_TZ=True,
)  # fmt: skip
django.setup()

from django.contrib.auth import get_user_model
from django.contrib.auth.views import LoginView, LogoutView
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import path
from django.views.generic import TemplateView

urlpatterns = [
    path("", TemplateView.as_view(template_name="home.html")),
    path("login", LoginView.as_view(template_name="login.html")),
    path("logout", LogoutView.as_view()),
]

call_command("migrate", verbosity=0)
get_user_model().objects.create_user("ada", password=os.environ["DJANGO_PASSWORD"])
with folder:
    serve(get_wsgi_application(), asked.port)
