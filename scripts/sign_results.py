"""Sign the records of a verified run, so that nobody without the key can change a file and its record.

Verifies the results as verify_results.py does. Then writes, beside them, records.sha256, the list of the records in the
form of sha256sum, whose SHA-256 is the root digest; and records.sha256.sig, the signature of that list with the Ed25519
private key --key (PEM), for whose passphrase it asks. Run by hand, in the folder in which the workflow ran:

    python scripts/sign_results.py --results results/liver --table data/cases.csv --key key.pem
"""

import getpass
from pathlib import Path

from steps import command
from synthaug.audit import root_digest, signature, verification
from synthaug.errors import InputError
from synthaug.files import artifacts


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="results/<cohort>")
    parser.add_argument("--table", type=Path, help="the case table; not for the phantom")
    parser.add_argument("--key", required=True, type=Path, help="Ed25519 private key, PEM")
    arguments = parser.parse_args()
    with command.logged("sign_results", arguments):
        done = verification.check(arguments.results, arguments.table)
        if not done.report:
            raise InputError(f"{arguments.results}: expected a finished run, found no report; finish it, then sign")
        protected = signature.is_protected(arguments.key)
        passphrase = getpass.getpass(f"Passphrase of {arguments.key}: ") if protected else None
        signed = signature.sign(done.listing, arguments.key, passphrase)
        artifacts.write_text(done.listing, arguments.results / root_digest.LISTING)
        artifacts.write_bytes(signed, arguments.results / root_digest.SIGNATURE)
        print(f"Signed {done.records} records; root digest: {root_digest.of(done.listing)}")


if __name__ == "__main__":
    main()
