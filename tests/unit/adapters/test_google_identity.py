"""Identity tokens against a real key server: what is accepted, what is refused and why, and how keys are kept."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mergecells.adapters.google_identity import AllowedPeople, IdentityRefusedError, IdentityVerifier
from mergecells.adapters.google_keys import KeysUnavailableError, SigningKeys
from standins.google.accounts import AUDIENCE, DOMAIN, Accounts, accounts, rsa_key


@dataclass
class Desk:
    """A verifier with a clock of its own for the keys."""

    people: Accounts
    now: list[float] = field(default_factory=lambda: [0.0])

    def verifier(self, **allowed: Any) -> IdentityVerifier:
        people = AllowedPeople(frozenset({AUDIENCE}), **(allowed or {"domains": frozenset({DOMAIN})}))
        return IdentityVerifier(self.keys, people)

    def __post_init__(self) -> None:
        self.keys = SigningKeys(self.people.url, lambda: self.now[0])


@pytest.fixture
def desk() -> Iterator[Desk]:
    with accounts() as people:
        yield Desk(people)


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def with_alg_none(people: Accounts) -> str:
    return f"{encoded({'alg': 'none', 'kid': 'key-1'})}.{encoded(people.claims())}."


def with_public_key_as_secret(people: Accounts) -> str:
    """HS256, signed with the bytes of the key that everybody can read."""
    public = rsa_key("key-1").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{encoded({'alg': 'HS256', 'kid': 'key-1'})}.{encoded(people.claims())}"
    mac = hmac.new(public, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def with_key_inside(people: Accounts) -> str:
    """A header that brings the key to verify it with."""
    mine = rsa_key("mine")
    inside = {"kid": "mine", "jwk": json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(mine.public_key()))}
    return jwt.encode(people.claims(), mine, algorithm="RS256", headers=inside)


def with_other_claims(people: Accounts) -> str:
    """A true signature over somebody else's claims."""
    head, _, signature = people.token().split(".")
    return f"{head}.{encoded(people.claims('eve@example.com'))}.{signature}"


def aged(seconds: float) -> Callable[[Accounts], str]:
    """A token of an hour, issued so long ago."""

    def made(people: Accounts) -> str:
        issued = people.claims()["iat"] - int(seconds)
        return people.token(iat=issued, exp=issued + 3600)

    return made


def claiming(**claims: Any) -> Callable[[Accounts], str]:
    return lambda people: people.token(**claims)


REFUSED: dict[str, tuple[Callable[[Accounts], str], str, str]] = {
    "none at all": (lambda _: "", "missing", "No identity token came"),
    "no token": (lambda _: "abc", "malformed", "not of three parts"),
    "rubbish in three parts": (lambda _: "a.b.c", "malformed", "header cannot be read"),
    "a long one": (lambda _: "a." * 2 + "x" * 9000, "malformed", "too long"),
    "alg none": (with_alg_none, "signature", "not signed by Google"),
    "HS256 with the public key": (with_public_key_as_secret, "signature", "RS256"),
    "its own key inside": (with_key_inside, "signature", "no key that Google publishes"),
    "another's signature": (with_other_claims, "signature", "does not fit"),
    "the right name on a wrong key": (
        lambda people: jwt.encode(people.claims(), rsa_key("mine"), algorithm="RS256", headers={"kid": "key-1"}),
        "signature",
        "does not fit",
    ),
    "no key's name": (
        lambda people: jwt.encode(people.claims(), rsa_key("key-1"), algorithm="RS256"),
        "signature",
        "no key",
    ),
    "another issuer": (claiming(iss="https://accounts.example.com"), "issuer", "not from Google"),
    "another audience": (claiming(aud="evil.apps.googleusercontent.com"), "audience", "evil.apps"),
    "audiences in a list": (claiming(aud=[AUDIENCE, "evil"]), "audience", "another program"),
    "expired": (aged(4000), "expired", "ended"),
    "not yet": (aged(-600), "too-early", "begins to hold"),
    "no expiry": (claiming(exp=None), "malformed", "until when"),
    "an expiry that is a text": (claiming(exp="9999999999"), "malformed", "until when"),
    "ten years": (lambda p: p.token(exp=p.claims()["exp"] + 315_360_000), "malformed", "more than a day"),
    "no address": (claiming(email=None), "no-email", "which address"),
    "not verified": (claiming(email_verified=False), "unverified", "not verified"),
    "verified as a text": (claiming(email_verified="true"), "unverified", "not verified"),
    "no domain": (claiming(hd=None), "domain", "Workspace"),
    "another domain": (claiming(hd="evil.com"), "domain", "Workspace"),
    "an address that git cannot keep": (claiming(email="a<b>@example.com"), "no-email", "author of a commit"),
}


@pytest.mark.parametrize(("make", "kind", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_identity_that_is_not_proven_is_refused(
    desk: Desk, make: Callable[[Accounts], str], kind: str, words: str
) -> None:
    """Each with its kind, its reason and what to do; the token is in no message."""
    token = make(desk.people)
    with pytest.raises(IdentityRefusedError) as refused:
        desk.verifier().verify(token)
    assert refused.value.kind == kind
    assert words in refused.value.message
    assert refused.value.hint
    assert len(token) < 20 or token[:20] not in str(refused.value)


def test_identity_of_an_allowed_person_gives_name_and_address(desk: Desk) -> None:
    """The address in lower case; a name that git cannot keep is replaced by the address's first part."""
    person = desk.verifier().verify(desk.people.token("Ada@Example.com", name="Ada Lovelace"))
    assert (person.mail, str(person.identity)) == ("ada@example.com", "Ada Lovelace <ada@example.com>")
    person = desk.verifier().verify(desk.people.token(name="Ada <root@evil>\nX"))
    assert str(person.identity) == "ada <ada@example.com>"
    assert str(desk.verifier().verify(desk.people.token(name=None)).identity) == "ada <ada@example.com>"


def test_identity_by_single_addresses_needs_no_domain(desk: Desk) -> None:
    """A consumer account on the list may; its neighbours may not, whatever domain the address is of."""
    verifier = desk.verifier(mails=frozenset({"ada@gmail.com"}))
    assert verifier.verify(desk.people.token("ada@gmail.com", hd=None)).mail == "ada@gmail.com"
    with pytest.raises(IdentityRefusedError, match="not among those") as refused:
        verifier.verify(desk.people.token("eve@gmail.com", hd=None))
    assert refused.value.kind == "not-allowed"
    with pytest.raises(IdentityRefusedError):
        desk.verifier().verify(desk.people.token(f"eve@{DOMAIN}", hd=None))


def test_keys_are_kept_as_long_as_google_says(desk: Desk) -> None:
    """`max-age` less `Age`; then they are fetched again, and what was withdrawn is refused."""
    desk.people.cache_control, desk.people.headers = "public, max-age=100", {"Age": "40"}
    token = desk.people.token()
    desk.verifier().verify(token)
    desk.people.keys = ["key-2"]
    desk.now[0] = 59
    desk.verifier().verify(token)
    assert desk.people.asked == 1
    desk.now[0] = 61
    with pytest.raises(IdentityRefusedError, match="no key that Google publishes"):
        desk.verifier().verify(token)
    assert desk.people.asked == 2


def test_key_that_is_new_is_found_before_the_old_set_ends(desk: Desk) -> None:
    """Google rotates: an unknown name makes us look again, but not for each made-up name."""
    desk.verifier().verify(desk.people.token())
    desk.people.keys = ["key-1", "key-2"]
    desk.now[0] = 11
    desk.verifier().verify(desk.people.token(key="key-2"))
    assert desk.people.asked == 2
    for number in range(50):
        with pytest.raises(IdentityRefusedError):
            desk.verifier().verify(
                jwt.encode(desk.people.claims(), rsa_key("mine"), algorithm="RS256", headers={"kid": f"x{number}"})
            )
    assert desk.people.asked == 2


@pytest.mark.parametrize("broken", ["503", "<html>", "[]", '{"keys": []}', '{"keys": 1}', "x" * 300_000])
def test_keys_that_cannot_be_had_let_nobody_in(desk: Desk, broken: str) -> None:
    """Nobody signs in without keys; ones that still hold go on holding; afterwards all is well."""
    desk.people.broken = broken
    with pytest.raises(KeysUnavailableError, match="cannot be fetched"):
        desk.verifier().verify(desk.people.token())
    desk.people.broken = ""
    desk.verifier().verify(desk.people.token())
    desk.people.broken = broken
    desk.now[0] = 1000
    desk.verifier().verify(desk.people.token())
    desk.now[0] = 20_000
    with pytest.raises(KeysUnavailableError):
        desk.verifier().verify(desk.people.token())


def test_keys_that_are_weak_or_for_something_else_are_left_out(desk: Desk) -> None:
    """A short one, one for encryption, one of another kind, and a shared secret."""
    weak = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key("weak", 1024).public_key()))
    strong = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key("mine").public_key()))
    desk.people.more = [
        {**weak, "kid": "weak"},
        {**strong, "kid": "enc", "use": "enc"},
        {**strong, "kid": "other", "alg": "RS512"},
        {"kty": "oct", "kid": "oct", "k": "c2VjcmV0"},
        {"kty": "RSA", "kid": "half"},
        "rubbish",
    ]  # type: ignore[list-item]
    for name, key in (("weak", rsa_key("weak", 1024)), ("enc", rsa_key("mine")), ("other", rsa_key("mine"))):
        token = jwt.encode(desk.people.claims(), key, algorithm="RS256", headers={"kid": name})
        with pytest.raises(IdentityRefusedError, match="no key that Google publishes"):
            desk.verifier().verify(token)
    desk.verifier().verify(desk.people.token())
