"""Who may call: the token endpoint of Google's OAuth 2.0 server, and the tokens it gave."""

from __future__ import annotations

import functools
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import crypt, jwt
from google.auth import exceptions as auth_errors

AUDIENCE = "https://oauth2.googleapis.com/token"
"""google-auth signs this audience whatever the key file's token_uri says, and Google accepts no other."""

_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


@functools.cache
def _new_key() -> rsa.RSAPrivateKey:
    """One for all accounts of a test run: making keys is slow, and so is reading a long one, which each client does."""
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)


@dataclass
class Token:
    mail: str
    scopes: frozenset[str]
    expires: float


@dataclass
class Identities:
    """Service accounts with their keys, OAuth users with their refresh tokens, and the access tokens given."""

    keys: dict[str, str] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    lifetime: int = 3600

    def service_account(self, mail: str, token_uri: str) -> dict[str, str]:
        """The key file of a new service account."""
        private = _new_key()
        public = private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.keys[mail] = public.decode()
        secret = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": "stand-in",
            "private_key_id": "key-1",
            "private_key": secret.decode(),
            "client_email": mail,
            "client_id": "1",
            "token_uri": token_uri,
        }

    def user(self, mail: str, token_uri: str) -> dict[str, str]:
        """The authorized-user file of somebody who signed in."""
        refresh = secrets.token_urlsafe(8)
        self.users[refresh] = mail
        return {
            "type": "authorized_user",
            "client_id": "client",
            "client_secret": "client-secret",
            "refresh_token": refresh,
            "token_uri": token_uri,
        }

    def exchange(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """The token endpoint: a signed assertion, a refresh token, or an outside identity for an access token."""
        kind = form.get("grant_type")
        if kind == _JWT:
            return self._from_assertion(form.get("assertion", ""))
        if kind == "refresh_token":
            mail = self.users.get(form.get("refresh_token", ""))
            if mail is None:
                told = "Token has been expired or revoked."
                return 400, {"error": "invalid_grant", "error_description": told}
            return 200, self._give(mail, form.get("scope", ""))
        if kind == _EXCHANGE:
            answer = self._give("federated@stand-in", form.get("scope", ""))
            return 200, {**answer, "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}
        return 400, {"error": "unsupported_grant_type"}

    def _from_assertion(self, assertion: str) -> tuple[int, dict[str, Any]]:
        try:
            _, claims, _, _ = jwt._unverified_decode(assertion)
            key = self.keys[claims["iss"]]
            verifier = crypt.RSAVerifier.from_string(key)
            header, payload, signature = assertion.rpartition(".")[0], claims, jwt._unverified_decode(assertion)[3]
        except (ValueError, KeyError, auth_errors.GoogleAuthError):
            return 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
        if not verifier.verify(header.encode(), signature) or payload["aud"] != AUDIENCE:
            return 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
        if payload["exp"] < time.time():
            return 400, {"error": "invalid_grant", "error_description": "Invalid JWT: expired."}
        return 200, self._give(payload["iss"], payload.get("scope", ""))

    def _give(self, mail: str, scope: str) -> dict[str, Any]:
        token = f"ya29.{secrets.token_urlsafe(12)}"
        self.tokens[token] = Token(mail, frozenset(scope.split()), time.time() + self.lifetime)
        return {"access_token": token, "expires_in": self.lifetime, "token_type": "Bearer", "scope": scope}

    def holder(self, header: str) -> Token | None:
        token = self.tokens.get(header.removeprefix("Bearer "))
        return token if token and token.expires > time.time() else None


def write_key(path: Any, content: dict[str, str]) -> None:
    path.write_text(json.dumps(content))
