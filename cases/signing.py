"""The installation's signing key (Ed25519, RFC 8032): who made a pack.

The key is derived from SECRET_KEY, so that it lasts as long, is in every backup, and needs no file
of its own.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

ALGORITHM = "Ed25519"
PURPOSE = b"radgame: signing of packs"
SEED = 32
"""Bytes of a private key."""


class BadSignature(Exception):
    """A signature that is none, or by a key that is not trusted; the message is a sentence."""


def _key() -> Ed25519PrivateKey:
    derived = HKDF(hashes.SHA256(), SEED, salt=None, info=PURPOSE)
    return Ed25519PrivateKey.from_private_bytes(derived.derive(settings.SECRET_KEY.encode()))


def public_key() -> str:
    """The installation's own public key, 32 bytes in Base64."""
    return base64.b64encode(_key().public_key().public_bytes_raw()).decode()


def signature_of(content: bytes) -> dict[str, str]:
    """What proves that this installation made the content."""
    signature = base64.b64encode(_key().sign(content)).decode()
    return {"algorithm": ALGORITHM, "public_key": public_key(), "signature": signature}


def fingerprint(key: str) -> str:
    """Of a public key in Base64, short enough to be told by telephone."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def check(content: bytes, signed: object) -> None:
    """That the content is signed by this installation or by one of `PACK_SIGNERS`.

    Raises:
        BadSignature: it is not.
    """
    said = signed if isinstance(signed, dict) else {}
    key, signature = (str(said.get(name, "")) for name in ("public_key", "signature"))
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
        public.verify(base64.b64decode(signature, validate=True), content)
    except (InvalidSignature, ValueError, binascii.Error):
        raise BadSignature("Its signature does not fit: it was changed, or is not whole.") from None
    if key != public_key() and key not in settings.PACK_SIGNERS:
        raise BadSignature(
            f"It is signed by a key that is not trusted here ({fingerprint(key)}). When whoever "
            f"made it confirms these letters, add PACK_SIGNERS={key} to the environment."
        )
