"""Flask's own sessions, which are cookies that are signed, and the smallest login.

`session.permanent` is what the box *Remember me* says; everything else about sessions is as Flask
has it by default. The password is that of `FLASK_PASSWORD`.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from serving import arguments, serve

asked = arguments()

from flask import Flask, redirect, render_template_string, request, session

HOME = """<!doctype html><title>Home</title>
{% if session.user %}<p>Signed in as {{ session.user }}</p>
<form method="post" action="/logout"><button>Sign out</button></form>
{% else %}<form method="post" action="/login">
<label>Username <input name="username"></label>
<label>Password <input name="password" type="password"></label>
<label>Remember me <input name="remember" type="checkbox"></label>
<button>Sign in</button></form>{% endif %}"""

application = Flask(__name__)
application.secret_key = "of a test"


@application.get("/")
def home():
    return render_template_string(HOME)


@application.post("/login")
def login():
    if request.form["password"] == os.environ["FLASK_PASSWORD"]:
        session["user"] = request.form["username"]
        session.permanent = "remember" in request.form
    return redirect("/")


@application.post("/logout")
def logout():
    session.clear()
    return redirect("/")


serve(application, asked.port)
