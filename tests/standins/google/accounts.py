"""Google's accounts, on loopback: the key set with its Cache-Control, and identity tokens as Apps Script gives them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

AUDIENCE = "1234-addon.apps.googleusercontent.com"
DOMAIN = "example.com"


@cache
def rsa_key(name: str, bits: int = 2048) -> RSAPrivateKey:
    """One for each name in a test run: making keys is slow."""
    return generate_private_key(public_exponent=65537, key_size=bits)


class Accounts:
    """`keys` are the names of those that are published; `cache_control` goes with them. `broken`: no key set comes."""

    def __init__(self) -> None:
        self.keys = ["key-1"]
        self.cache_control: str | None = "public, max-age=19000, must-revalidate, no-transform"
        self.headers: dict[str, str] = {}
        self.more: list[dict[str, Any]] = []
        self.broken = ""
        self.asked = 0
        self.url = ""

    def key_set(self) -> dict[str, Any]:
        """As at www.googleapis.com/oauth2/v3/certs."""
        made = [RSAAlgorithm.to_jwk(rsa_key(name).public_key(), as_dict=True) for name in self.keys]
        named = [{**key, "kid": name, "alg": "RS256", "use": "sig"} for key, name in zip(made, self.keys, strict=True)]
        for key in named:
            key.pop("key_ops", None)
        return {"keys": [*named, *self.more]}

    def token(self, mail: str = f"ada@{DOMAIN}", *, key: str = "key-1", **claims: Any) -> str:
        """An identity token; a claim of None is left out."""
        return jwt.encode(self.claims(mail, **claims), rsa_key(key), algorithm="RS256", headers={"kid": key})

    def claims(self, mail: str = f"ada@{DOMAIN}", **claims: Any) -> dict[str, Any]:
        now = int(time.time())
        usual = {
            "iss": "https://accounts.google.com",
            "azp": AUDIENCE,
            "aud": AUDIENCE,
            "sub": str(abs(hash(mail)) % 10**20),
            "hd": DOMAIN,
            "email": mail,
            "email_verified": True,
            "name": mail.partition("@")[0].title(),
            "iat": now,
            "exp": now + 3600,
        }
        return {name: value for name, value in {**usual, **claims}.items() if value is not None}


class _Handler(BaseHTTPRequestHandler):
    accounts: Accounts
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        accounts = self.accounts
        accounts.asked += 1
        content = (accounts.broken or json.dumps(accounts.key_set())).encode()
        status = 503 if accounts.broken == "503" else 200
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(content)))
        if accounts.cache_control is not None:
            self.send_header("Cache-Control", accounts.cache_control)
        for name, value in accounts.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


@contextmanager
def accounts() -> Iterator[Accounts]:
    """Runs until the block ends."""
    made = Accounts()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"accounts": made}))
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_address[1]}/oauth2/v3/certs"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
