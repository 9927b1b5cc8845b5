"""Signatures are those of Ed25519 as OpenSSL makes and checks them; lists of records are those of sha256sum."""

import hashlib
import subprocess

import pytest

from synthaug.audit import root_digest, signature
from synthaug.errors import InputError

LISTED = "0" * 64 + "  record.json\n"


def openssl(*arguments, check=True):
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=check)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Return the folder of keys that OpenSSL made: mine, other and protected (passphrase: secret), and rsa."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("mine", "other"):
        openssl("genpkey", "-algorithm", "ed25519", "-out", folder / f"{name}.pem")
        openssl("pkey", "-in", folder / f"{name}.pem", "-pubout", "-out", folder / f"{name}.public.pem")
    openssl("pkey", "-in", folder / "mine.pem", "-aes256", "-passout", "pass:secret", "-out", folder / "protected.pem")
    openssl("genpkey", "-algorithm", "rsa", "-out", folder / "rsa.pem")
    openssl("pkey", "-in", folder / "rsa.pem", "-pubout", "-out", folder / "rsa.public.pem")
    return folder


def test_openssl_accepts_the_signature_and_no_other_list(keys, tmp_path):
    (tmp_path / "sig").write_bytes(signature.sign(LISTED, keys / "mine.pem"))
    command = [
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        keys / "mine.public.pem",
        "-rawin",
        "-sigfile",
        tmp_path / "sig",
    ]
    for text, status in ((LISTED, 0), (LISTED.replace("0", "1", 1), 1)):
        (tmp_path / "list").write_text(text)
        assert openssl(*command, "-in", tmp_path / "list", check=False).returncode == status


def test_a_signature_of_openssl_is_accepted(keys, tmp_path):
    (tmp_path / "list").write_text(LISTED)
    openssl(
        "pkeyutl", "-sign", "-inkey", keys / "mine.pem", "-rawin", "-in", tmp_path / "list", "-out", tmp_path / "sig"
    )
    signature.check(LISTED, (tmp_path / "sig").read_bytes(), keys / "mine.public.pem", "sig")


@pytest.mark.parametrize(("listed", "key"), [(LISTED + " ", "mine"), (LISTED, "other")])
def test_other_records_and_other_keys_are_refused(keys, listed, key):
    signed = signature.sign(LISTED, keys / "mine.pem")
    with pytest.raises(InputError, match=r"^sig: expected a signature of the present records by the owner"):
        signature.check(listed, signed, keys / f"{key}.public.pem", "sig")


def test_a_protected_key_asks_for_its_passphrase(keys):
    assert signature.is_protected(keys / "protected.pem")
    assert not signature.is_protected(keys / "mine.pem")
    assert signature.sign(LISTED, keys / "protected.pem", "secret") == signature.sign(LISTED, keys / "mine.pem")
    for wrong in ("Secret", None):
        with pytest.raises(InputError, match=r"protected.pem: expected an Ed25519 private key .*passphrase"):
            signature.sign(LISTED, keys / "protected.pem", wrong)


@pytest.mark.parametrize("name", ["rsa.pem", "mine.public.pem", "none.pem"])
def test_what_is_no_private_key_is_named(keys, name):
    with pytest.raises(InputError, match=rf"{name}: expected an? .*private key") as error:
        signature.sign(LISTED, keys / name)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("name", ["rsa.public.pem", "mine.pem"])
def test_what_is_no_public_key_is_named(keys, name):
    with pytest.raises(InputError, match=rf"{name}: expected an Ed25519 public key"):
        signature.check(LISTED, bytes(64), keys / name, "sig")


def test_the_list_is_that_of_sha256sum(tmp_path):
    for name in ("b/record.json", "a.record.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    listed = root_digest.listing(tmp_path, ["b/record.json", "a.record.json"])
    made = subprocess.run(["sha256sum", "a.record.json", "b/record.json"], cwd=tmp_path, capture_output=True, text=True)
    assert listed == made.stdout
    assert root_digest.of(listed) == hashlib.sha256(made.stdout.encode()).hexdigest()
