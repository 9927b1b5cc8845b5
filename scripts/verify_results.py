"""Verify that results are what their records say, from the case table and its images to the report.

Reads the results of a cohort with their records, the case table with all images and annotations, and the workflow's
code. Recomputes every digest, in the order in which the files were made, and stops at the first break: an edited or
replaced file, an input newer than what was made from it, changed code, mixed library versions, a missing record. Prints
the root digest, which stands for all of them, and checks the signature of the records with --public-key. Writes
nothing. Run by hand, in the folder in which the workflow ran:

    python scripts/verify_results.py --results results/liver --table data/cases.csv

Whoever changes a file and its record too is found by recompute_results_<task>.py.
"""

from pathlib import Path

from steps import command
from synthaug.audit import root_digest, signature, verification


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="results/<cohort>")
    parser.add_argument("--table", type=Path, help="the case table; not for the phantom")
    parser.add_argument("--public-key", type=Path, help="of who signed the records: Ed25519, PEM")
    arguments = parser.parse_args()
    with command.logged("verify_results", arguments):
        done = verification.check(arguments.results, arguments.table)
        signed = arguments.results / root_digest.SIGNATURE
        if arguments.public_key:
            signature.check(done.listing, signature.stored(signed), arguments.public_key, str(signed))
        counts = f"{done.records} records, {len(done.files)} files, {done.links} links, {done.lesions} lesions"
        print(f"{counts}: all as recorded")
        if not done.report:
            print(f"There is no {verification.REPORT} yet: part of a run was verified")
        if done.closed:
            print("The reader study is closed: its pack is as recorded; what the pack was made of was not compared")
        print(f"Root digest: {root_digest.of(done.listing)}")
        if arguments.public_key:
            print(f"Signed by the owner of {arguments.public_key}")
        elif signed.is_file():
            print("The records are signed; name the signer's public key with --public-key to check it")
        if done.left_over:
            print(f"{done.left_over} records of earlier runs are not part of the report and were not verified")


if __name__ == "__main__":
    main()
