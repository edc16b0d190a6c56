"""What clients and strangers send, and nobody expects: values, names, headers."""

from encodings.aliases import aliases
from random import Random

__all__ = [
    "CHARSETS",
    "METHODS",
    "NAMES",
    "Pairs",
    "fragment",
    "header",
    "media_type",
    "noise",
    "text",
]

Pairs = list[tuple[bytes, bytes]]

CHARSETS = sorted(
    {*aliases, *aliases.values()}
    | {"utf-8", "UTF-16", "idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"}
    | {"none", "utf8mb4", "utf-8,utf-8", '"utf-8"', "''", "%75tf-8", "u" * 300, "\xff"}
)
"""All that Python knows, those that are no text among them, and some that nobody knows."""

METHODS = (
    *("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"),
    *("get", "Post", "M-SEARCH", "PRI", "QUERY", "X" * 300, "G\xc9T", "GET\t", "(GET)", ""),
)

NAMES = (
    *("client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce"),
    *("prompt", "max_age", "login_hint", "org_code", "org_name", "is_create_org", "audience"),
    *("code_challenge", "code_challenge_method", "code_verifier", "request", "request_uri"),
    *("id_token_hint", "connection_id", "start_page", "grant_type", "code", "refresh_token"),
    *("client_secret", "token", "token_type_hint", "access_token", "login", "csrf", "email"),
    *("password", "given_name", "family_name", "other", "redirect", "post_logout_redirect_uri"),
    *("all_sessions", "persistence", "inactivity_timeout", "advance", "stop", "apps", "parts"),
    *("environments", "tab_in_use", "host", "environment", "code", "sort", "page_size"),
    *("next_token", "return_to", "error", "saved", "ended", "ui_locales", "acr_values", "claims"),
    *("local_storage", "session_storage", "memory", "fault", "display", "after", "limit"),
    *("starting_after", "ending_before", "", "__proto__", "a[]", "\xff", "\0", "x" * 2_000),
)

_TEXTS: tuple[bytes, ...] = (
    *(b"", b" ", b"\0", b"\r\nX-Injected: 1", b"\t", b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\xaf"),
    *("é".encode(), "\u202e".encode(), "😀".encode(), "İ".encode(), "１２".encode(), "²".encode()),
    *(b"0", b"-1", b"1.5", b"1e400", b"1_0", b" 1", b"+1", b"0x10", b"NaN", b"9" * 30),
    *(b"9" * 5_000, b"999999999999", b"2147483648", b"315360000", b"315360001", b"inf"),
    *(b"true", b"null", b"[]", b"{}", b"%", b"%00", b"%zz", b"%ff", b"%u0041", b"+", b"&", b"="),
    *(b";", b"a b", b"'", b'"', b"<script>alert(1)</script>", b"{{7*7}}", b"${x}", b"../../x"),
    *(b"http://[", b"http://[::1", b"http://a:b@c", b"http://x:99999999/", b"//x", b"\\\\x"),
    *(b"javascript:alert(1)", b"http://\xff/", "http://ｘ/".encode(), b"http://localhost:%zz/"),
    *(b"http://persistent.app.localhost/[", b"mailto:", b"file:///etc/passwd", b"?", b"#"),
    *(b"a" * 300, b"a" * 9_000, "é".encode() * 3_000, b"a." * 400, b"a.b.c", b"e30.e30.", b".."),
    *(b"eyJhbGciOiJub25lIn0.e30.", b"eyJhbGciOiJSUzI1NiIsImNyaXQiOlsieCJdfQ.e30.e30"),
    *(b"eyJhbGciOiJSUzI1NiIsImtpZCI6W119.e30.e30", b"W10.W10.W10", b"bnVsbA.bnVsbA.bnVsbA"),
    *(b"none login", b"none", b"consent", b"form_post", b"fragment", b"S256", b"plain", b"openid"),
    *(b"offline openid profile", b"persistent", b"non-persistent", b"acme", b"org_us", b"public"),
)

_FRAGMENTS: tuple[bytes, ...] = (
    *(b"null", b"true", b"false", b"0", b"-1", b"1.0", b"1.5", b"-0.0", b"1e400", b"-1e400"),
    *(b"NaN", b"Infinity", b"9" * 30, b"9" * 5_000, b"1e-400", b"3153600000", b"3153600001"),
    *(b'""', b'"\\ud800"', b'"\\u0000"', b'"\xff"', '"é"'.encode(), b'"\\ud83d\\ude00"', b"'a'"),
    *(b"[]", b"{}", b"[null]", b"[[]]", b'[""]', b'["acme", "acme"]', b'{"a": 1, "a": 2}'),
    *(b"[" * 500 + b"]" * 500, b"[" * 30_000 + b"]" * 30_000, b"[" * 60_000),
    *(b'{"a":' * 9_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000, b"", b"undefined", b"01", b"+1"),
    *(b'"persistent"', b'"tab"', b'["tab", "tab"]', b'["memory"]', b'"a' + b"b" * 9_000 + b'"'),
    *(b'["\\ud800"]', b'"x.y.z"', b'"eyJhbGciOiJSUzI1NiIsImtpZCI6W119.e30.e30"', b"86400"),
)

_TYPES = (
    *("application/x-www-form-urlencoded", "application/json", "text/plain", "multipart/form-data"),
    *("multipart/mixed; boundary=edge", "multipart/form-data; boundary=", "", "/", ";", "a/b/c"),
    *('multipart/form-data; boundary="edge', "multipart/form-data; boundary=" + "e" * 300),
    *("multipart/form-data; boundary=\xff", "multipart/form-data; boundary=edge; boundary=x"),
    *("application/x-www-form-urlencoded;;;", "APPLICATION/JSON", "application/json; a=b; a*=c"),
    *("multipart/form-data; boundary*=utf-8''edge", "application/*", "*/*", "json", "\xff/\xff"),
    *("application/x-www-form-urlencoded; charset", "multipart/form-data; boundary*0=ed"),
)

_HEADERS: dict[str, tuple[str, ...]] = {
    "Authorization": (
        *(
            "",
            "Basic",
            "Basic ",
            "Basic !!!",
            "Basic Og==",
            "Basic YQ==",
            "Basic /////w==",
            "basic",
        ),
        *(
            "Basic YTpiOmM=",
            "Basic JTAwOiVmZg==",
            "Bearer",
            "Bearer ",
            "Bearer a b",
            "bearer a.b.c",
        ),
        *("Bearer eyJhbGciOiJub25lIn0.e30.", "Digest a=b", "\xff", "Bearer \xff", "Bearer ."),
        *("Bearer " + "a" * 7_000, "Basic " + "YQ" * 3_000, "Bearer W10.W10.W10"),
    ),
    "Cookie": (
        *("", ";", "=", "sso_session", "sso_session=", "sso_session=x; sso_session=y", "a=\xff"),
        *(
            'sso_session="',
            'sso_session="a\\"b"',
            "sso_session=a,b",
            "\xff=\xff",
            "$Version=1; a=b",
        ),
        *(
            "sign_in_csrf=\xff",
            "console_session=\xff",
            "demo_login=x",
            "console_csrf=é",
            "a" * 7_000,
        ),
        *("; ".join(f"c{n}=v" for n in range(400)), "sso_session=\\303\\251", "expires=x; path=/"),
    ),
    "Origin": ("", "null", "http://localhost:3000", "http://[", "\xff", "http://evil.example", "*"),
    "Sec-Fetch-Site": ("none", "same-origin", "same-site", "cross-site", "", "\xff"),
    "User-Agent": (
        "",
        "\xff\xfe",
        "a" * 7_000,
        "Mozilla/5.0 \xc3\xa9",
        "\xed\xa0\x80",
        "<b>",
        "\x7f",
    ),
    "Content-Encoding": (
        "gzip",
        "deflate",
        "br",
        "zstd",
        "identity",
        "gzip, gzip",
        "",
        "\xff",
        "x",
    ),
    "Transfer-Encoding": (
        "chunked",
        "gzip, chunked",
        "identity",
        "",
        "x",
        "chunked, chunked",
        "\xff",
    ),
    "Content-Length": ("", "-1", "+3", "0", "1e3", "9" * 30, "3, 3", "\xb2", "0x5", " 4", "70000"),
    "Expect": ("100-continue", "200-ok", "", "\xff"),
    "Connection": ("close", "keep-alive", "upgrade", "Upgrade, HTTP2-Settings", "\xff", "close, x"),
    "Upgrade": ("websocket", "h2c", "", "\xff"),
    "Accept": ("", "*/*", "text/html", "application/json", "\xff"),
    "Accept-Encoding": ("gzip", "br;q=x", "\xff", "identity;q=0"),
    "Accept-Language": ("de", "\xff", "x" * 3_000),
    "Range": ("bytes=0-1", "bytes=-", "x", "bytes=5-1"),
    "If-Modified-Since": ("x", "Thu, 01 Jan 1970 00:00:00 GMT", "\xff"),
    "If-None-Match": ("*", '"x"', "\xff"),
    "Forwarded": ("for=\xff", "host=evil.example;proto=https", 'for="'),
    "X-Forwarded-Host": ("evil.example", "\xff"),
    "X-Forwarded-For": ("127.0.0.1", "\xff"),
    "X-HTTP-Method-Override": ("DELETE",),
    "Access-Control-Request-Method": ("POST", "\xff"),
    "Access-Control-Request-Headers": ("authorization", "\xff", "a" * 7_000, "x\ty"),
    "Referer": ("http://evil.example/", "\xff"),
    "X-\xff": ("a",),
    "": ("a",),
    "A b": ("c",),
}


def text(rng: Random) -> bytes:
    """A value for a parameter."""
    return noise(rng, 40) if rng.random() < 0.1 else rng.choice(_TEXTS)


def fragment(rng: Random) -> bytes:
    """What stands for a value in a JSON document, well or badly formed."""
    return rng.choice(_FRAGMENTS)


def noise(rng: Random, length: int) -> bytes:
    """Random bytes, `length` at most."""
    return rng.randbytes(rng.randrange(1, length))


def media_type(rng: Random) -> bytes:
    """A Content-Type; half of them with a charset."""
    value = rng.choice(_TYPES)
    if rng.random() < 0.5:
        value += f"; charset={rng.choice(CHARSETS)}"
    return value.encode("latin-1", "replace")


def header(rng: Random) -> tuple[bytes, bytes]:
    """A header that has something about it."""
    name = rng.choice(tuple(_HEADERS))
    value = rng.choice(_HEADERS[name]).encode("latin-1", "replace")
    if rng.random() < 0.05:
        value += noise(rng, 30)
    return name.encode("latin-1"), value
