"""Ed25519 signatures (RFC 8032) of a list of records, with keys of the user's.

The signature is of the bytes of the list, so that ``openssl pkeyutl -verify -rawin`` checks it without this project.
"""

from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from synthaug.errors import InputError


def is_protected(key: Path) -> bool:
    """Return whether the private key asks for a passphrase."""
    return b"ENCRYPTED" in _content(key, "a private key")


def sign(listed: str, key: Path, passphrase: str | None = None) -> bytes:
    """Return the signature, 64 bytes, of a list of records.

    Parameters
    ----------
    listed
        What `root_digest.listing` returned.
    key
        File of an Ed25519 private key, PEM.
    passphrase
        Of the key, if it is protected by one.

    Raises
    ------
    InputError
        If the file holds no such key, or the passphrase is wrong.
    """
    content = _content(key, "a private key")
    try:
        private = serialization.load_pem_private_key(content, passphrase.encode() if passphrase else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InputError(
            f"{key}: expected an Ed25519 private key (PEM), found {error}; give another one, or the right passphrase"
        ) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise InputError(f"{key}: expected an Ed25519 private key, found one of another kind; make one with openssl")
    return private.sign(listed.encode())


def check(listed: str, signature: bytes, key: Path, name: str) -> None:
    """Check that ``signature`` is of this list of records, by the owner of the public ``key`` (PEM).

    ``name`` is what to call the signature in a message.

    Raises
    ------
    InputError
        If the file holds no Ed25519 public key, or the signature is of other records or by another key.
    """
    content = _content(key, "a public key")
    try:
        public = serialization.load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(f"{key}: expected an Ed25519 public key (PEM), found {error}; give the public one") from error
    if not isinstance(public, Ed25519PublicKey):
        raise InputError(f"{key}: expected an Ed25519 public key, found one of another kind; give the signer's")
    try:
        public.verify(signature, listed.encode())
    except InvalidSignature as error:
        raise InputError(
            f"{name}: expected a signature of the present records by the owner of {key}, found one of other records or "
            "by another key; put back what was signed, or let it be signed again"
        ) from error


def stored(path: Path) -> bytes:
    """Return a signature from its file; an `InputError` if there is none."""
    return _content(path, "a signature of the records")


def _content(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: expected {what}, found {error.strerror}; correct the path") from error
