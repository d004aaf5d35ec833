"""Who somebody is, from an identity token of Google's: signature, issuer, audience, time, and who is allowed.

Sources: developers.google.com/identity/openid-connect/openid-connect (validating an ID token), RFC 7519, RFC 7517,
RFC 8725 (one algorithm, taken from us and never from the token).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import jwt

from mergecells.adapters.google_keys import KeysUnavailableError, SigningKeys
from mergecells.domain.errors import MergecellsError
from mergecells.domain.identity import Identity, parse_identity

__all__ = ["AllowedPeople", "IdentityRefusedError", "IdentityVerifier", "KeysUnavailableError", "VerifiedPerson"]

ISSUERS: Final = frozenset({"https://accounts.google.com", "accounts.google.com"})
MOST_CHARACTERS: Final = 8_192
LEEWAY_SECONDS: Final = 60
"""How far this machine's clock and Google's may differ."""
LONGEST_LIFE_SECONDS: Final = 86_400
"""A token of Google's lives for an hour; one that claims years is none of theirs."""


class IdentityRefusedError(MergecellsError):
    """`kind` is stable: `missing`, `signature`, `audience` …; the token itself is in no message."""

    def __init__(self, kind: str, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class VerifiedPerson:
    """`mail` in lower case; `subject` is Google's number for the account, which outlives a change of address."""

    mail: str
    name: str
    subject: str

    @property
    def identity(self) -> Identity:
        """The person as the author of a commit."""
        return parse_identity(f"{self.name} <{self.mail}>")


@dataclass(frozen=True, slots=True)
class AllowedPeople:
    """Who may sign in: `audiences` are OAuth client ids, `domains` Workspace domains (the claim `hd`), `mails` single
    addresses. With both lists a person must be in one of them; a consumer account has no domain."""

    audiences: frozenset[str]
    domains: frozenset[str] = frozenset()
    mails: frozenset[str] = frozenset()


class IdentityVerifier:
    """Verifies tokens against the keys that Google publishes."""

    def __init__(self, keys: SigningKeys, allowed: AllowedPeople, now: Callable[[], float] = time.time) -> None:
        self._keys, self._allowed, self._now = keys, allowed, now

    def verify(self, token: str) -> VerifiedPerson:
        """The person. Raises IdentityRefusedError with the reason, KeysUnavailableError."""
        claims = self._signed_claims(token)
        self._check_issue(claims)
        self._check_time(claims)
        return self._person(claims)

    def _signed_claims(self, token: str) -> dict[str, Any]:
        if not token:
            raise IdentityRefusedError(
                "missing",
                "No identity token came.",
                "Send it as `Authorization: Bearer <ScriptApp.getIdentityToken()>`.",
            )
        if len(token) > MOST_CHARACTERS or token.count(".") != 2:
            raise _malformed("it is too long, or not of three parts")
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise _malformed("its header cannot be read") from None
        if header.get("alg") != "RS256":
            raise _unsigned("Google signs with RS256, this one says something else")
        name = header.get("kid")
        key = self._keys.find(name) if isinstance(name, str) else None
        if key is None:
            raise _unsigned("it names no key that Google publishes now")
        # Issuer, audience and times are judged below, where each refusal has words of its own.
        options: Any = {"verify_signature": True} | dict.fromkeys(
            ("verify_exp", "verify_nbf", "verify_iat", "verify_aud", "verify_iss"), False
        )
        try:
            claims: dict[str, Any] = jwt.decode(token, key, algorithms=["RS256"], options=options)
        except jwt.InvalidSignatureError:
            raise _unsigned("its signature does not fit") from None
        except jwt.PyJWTError:
            raise _malformed("its claims cannot be read") from None
        return claims

    def _check_issue(self, claims: dict[str, Any]) -> None:
        if claims.get("iss") not in ISSUERS:
            raise IdentityRefusedError(
                "issuer", "The identity token is not from Google's accounts.", "Use ScriptApp.getIdentityToken()."
            )
        audience = claims.get("aud")
        if not isinstance(audience, str) or audience not in self._allowed.audiences:
            shown = _shown(audience)
            raise IdentityRefusedError(
                "audience",
                f"The identity token is meant for another program ({shown}), not for this hub.",
                "If that is your add-on's OAuth client id, the operator adds it to MERGECELLS_HUB_AUDIENCES.",
            )

    def _check_time(self, claims: dict[str, Any]) -> None:
        expires, issued = _seconds(claims.get("exp")), _seconds(claims.get("iat"))
        if expires is None or issued is None:
            raise _malformed("it does not say when it was issued and until when it holds")
        now = self._now()
        if now > expires + LEEWAY_SECONDS:
            raise IdentityRefusedError(
                "expired", f"The identity token ended {now - expires:.0f} s ago.", "Fetch a fresh one and try again."
            )
        start = max(issued, _seconds(claims.get("nbf")) or issued)
        if start > now + LEEWAY_SECONDS:
            raise IdentityRefusedError(
                "too-early",
                f"The identity token begins to hold in {start - now:.0f} s.",
                "The hub's clock may be behind: its operator should look.",
            )
        if expires - issued > LONGEST_LIFE_SECONDS:
            raise _malformed("it would hold for more than a day")

    def _person(self, claims: dict[str, Any]) -> VerifiedPerson:
        mail, subject = claims.get("email"), claims.get("sub")
        if not isinstance(mail, str) or not mail or not isinstance(subject, str) or not subject:
            raise IdentityRefusedError(
                "no-email",
                "The identity token does not say which address it is for.",
                "The add-on needs the scopes openid and https://www.googleapis.com/auth/userinfo.email.",
            )
        # Google writes a boolean; a text "false" must not count as true.
        if claims.get("email_verified") is not True:
            raise IdentityRefusedError(
                "unverified",
                f"Google has not verified that {_shown(mail)} belongs to this account.",
                "Verify the address in the Google account, then try again.",
            )
        self._check_allowed(mail.lower(), claims.get("hd"))
        return _named(mail.lower(), claims.get("name"), subject)

    def _check_allowed(self, mail: str, domain: object) -> None:
        """`hd` decides on a domain, never the address: anybody can have a consumer account under any address."""
        allowed = self._allowed
        if mail in allowed.mails or (isinstance(domain, str) and domain.lower() in allowed.domains):
            return
        if allowed.domains and not allowed.mails:
            raise IdentityRefusedError(
                "domain",
                f"{_shown(mail)} is not an account of a Google Workspace that may submit here.",
                "Use your account of the organisation, or ask the operator (MERGECELLS_HUB_DOMAINS).",
            )
        raise IdentityRefusedError(
            "not-allowed",
            f"{_shown(mail)} is not among those who may submit here.",
            "Ask the operator to add you (MERGECELLS_HUB_EMAILS or MERGECELLS_HUB_DOMAINS).",
        )


def _named(mail: str, name: object, subject: str) -> VerifiedPerson:
    """A name that git cannot keep, or none, is replaced by the address before its @."""
    plain = mail.partition("@")[0]
    for candidate in (name if isinstance(name, str) else "", plain):
        try:
            parse_identity(f"{candidate} <{mail}>")
        except MergecellsError:
            continue
        return VerifiedPerson(mail, " ".join(candidate.split()), subject)
    raise IdentityRefusedError(
        "no-email", f"{_shown(mail)} cannot be the author of a commit.", "Use an account with a plain address."
    )


def _seconds(value: object) -> float | None:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e11
    return float(value) if usable else None  # type: ignore[arg-type]


def _shown(value: object) -> str:
    return ascii(value)[1:-1][:120] if isinstance(value, str) else "no text"


def _malformed(why: str) -> IdentityRefusedError:
    return IdentityRefusedError(
        "malformed",
        f"What came is no identity token: {why}.",
        "Send what ScriptApp.getIdentityToken() gives, unchanged.",
    )


def _unsigned(why: str) -> IdentityRefusedError:
    return IdentityRefusedError(
        "signature", f"The identity token is not signed by Google: {why}.", "Fetch a fresh one and try again."
    )
