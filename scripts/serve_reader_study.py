"""Run a reader study: invite its readers, serve it to their browsers, see how far they are, export their answers.

    python scripts/serve_reader_study.py invite --pack results/liver/reader-study/pack
    python scripts/serve_reader_study.py serve  --pack results/liver/reader-study/pack
    python scripts/serve_reader_study.py status --pack results/liver/reader-study/pack
    python scripts/serve_reader_study.py export --pack results/liver/reader-study/pack --out answers.csv

Reads the pack (build_reader_study) and writes the database, by default reader-study/<cohort>.sqlite. Keep it and back
it up: it holds the answers, and nothing can make it again. Only whoever can run this command can export answers; no web
address gives any.
"""

import argparse
import ipaddress
import logging
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import waitress

from steps import command
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.readers.app import answers, app, pack, protection
from synthaug.readers.app.database import Database, is_database
from synthaug.readers.app.entrance import Entrance

EXPOSED = """\
WARNING: other machines can reach this study. Before readers use it,
  - put a proxy with TLS in front (nginx, Caddy) that passes the Host header on and sets X-Forwarded-For to the address
    of the reader, and give --url https://... and --proxy;
  - let the firewall admit the proxy alone to port {port};
  - back up {database}: the answers are there and nowhere else.
"""
UNTOLD = """\
WARNING: --url is https, but --proxy is missing: all readers then share the address of the proxy, and ten wrong codes of
one shut out all for 15 minutes. Give --proxy with the address that the proxy connects from, such as 127.0.0.1.
"""


def invite(study: pack.Pack, database: Database, arguments: argparse.Namespace) -> None:
    """Print a link and a code for each reader who has none, and for those who get another one."""
    entrance = Entrance(database, study)
    invited = entrance.invited()
    wanted = [reader for reader in study.readers if reader in arguments.again or reader not in invited]
    if not wanted:
        print("Every reader has a code. A lost one cannot be shown again; --again READER makes another.")
        return
    print("Give each reader this link, or the code after its # sign. They are shown once; only hashes are stored.")
    for reader in wanted:
        print(f"  {reader}  {arguments.url}/#{entrance.invite(reader)}")


def serve(study: pack.Pack, database: Database, arguments: argparse.Namespace) -> None:
    """Serve until Ctrl-C; --log starts afresh each time."""
    loopback = is_loopback(arguments.host)
    origins = [arguments.url]
    if loopback:
        origins += [origin(f"http://{name}:{arguments.port}") for name in ("127.0.0.1", "localhost")]
    if missing := [reader for reader in study.readers if reader not in Entrance(database, study).invited()]:
        print(f"No code yet for {', '.join(missing)}: run the command invite.", file=sys.stderr)
    if arguments.url.startswith("https:") and not arguments.proxy:
        print(UNTOLD, file=sys.stderr)
    if not loopback:
        print(EXPOSED.format(port=arguments.port, database=arguments.database), file=sys.stderr)
    # Without a proxy, anybody could write X-Forwarded-For.
    trust = {"trusted_proxy": arguments.proxy, "trusted_proxy_headers": {"x-forwarded-for"}}
    try:
        server = waitress.create_server(
            app.create_app(study, database, tuple(dict.fromkeys(origins))),
            host=arguments.host,
            port=arguments.port,
            threads=8,
            connection_limit=1000,  # silent ones hold readers up only beyond it
            asyncore_use_poll=True,  # which has no limit of its own
            ident=None,  # no Server header
            channel_timeout=30,  # seconds that a silent connection may stay
            max_request_header_size=16384,
            max_request_body_size=protection.LARGEST_BODY,
            clear_untrusted_proxy_headers=True,
            **(trust if arguments.proxy else {}),
        )
    except (OSError, ValueError) as error:  # a port in use, or no name or address of this machine
        raise InputError(f"--host {arguments.host} --port {arguments.port}: {error}; choose another") from error
    print(f"The study {study.cohort} is served at {arguments.url} (Ctrl-C ends it; no answer is lost).", flush=True)
    server.run()


def status(study: pack.Pack, database: Database, arguments: argparse.Namespace) -> None:
    """Print how far each reader is."""
    given, invited = answers.Answers(database, study), Entrance(database, study).invited()
    rows = []
    for reader in study.readers:
        place = given.place(reader)
        answered = place.total if place.presentation is None else place.presentation - 1
        undone = given.undone(reader)
        rows.append((reader, reader in invited, place.part, f"{answered} of {place.total}", undone))
    columns = ["reader", "invited", "part", "answered", "undone"]
    print(pd.DataFrame(rows, columns=columns).replace({True: "yes", False: "no"}).to_string(index=False))


def export(study: pack.Pack, database: Database, arguments: argparse.Namespace) -> None:
    """Write the answers that stand, one per row, without the practice set."""
    table = pd.DataFrame(answers.Answers(database, study).standing(), columns=answers.COLUMNS)
    artifacts.write_csv(table, arguments.out)
    print(f"{arguments.out}: {len(table)} answers of {table['reader'].nunique()} readers")


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach ``host``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def parse() -> argparse.Namespace:
    """Return the arguments of the command line; ends the script if a file to write belongs to the study."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for action in (invite, serve, status, export):
        sub = commands.add_parser(action.__name__, help=action.__doc__, parents=[command.parser("")], add_help=False)
        sub.set_defaults(action=action)
        sub.add_argument("--pack", required=True, help="the pack's folder, with study.json")
        sub.add_argument("--database", type=Path, help="default: reader-study/<cohort>.sqlite; on a local disk")
        if action in (invite, serve):
            sub.add_argument("--port", type=port, default=8000, help="1 to 65535; default: %(default)s")
            sub.add_argument(
                "--url",
                help="the address that readers type; default: http://<host>:<port>, of invite http://127.0.0.1:<port>",
            )
        if action is invite:
            sub.add_argument("--again", nargs="+", default=[], metavar="READER", help="who gets another code")
        if action is serve:
            sub.add_argument("--host", default="127.0.0.1", help="the address to listen at; default: this machine only")
            sub.add_argument(
                "--proxy",
                type=address,
                help="the IP address that the proxy connects from; its X-Forwarded-For names the reader's",
            )
        if action is export:
            sub.add_argument("--out", required=True, help="CSV to write")
    arguments = parser.parse_args()
    folder = Path(arguments.pack).resolve()
    for name in ("out", "log"):
        path = getattr(arguments, name, None)
        if path and (is_database(Path(path)) or folder in Path(path).resolve().parents):
            parser.error(f"argument --{name}: expected a file to write, found one of the study: {path}; name another")
    return arguments


def port(text: str) -> int:
    """Return the number of a port; argparse reports the error."""
    number = int(text)
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"expected 1 to 65535, found {number}")
    return number


def address(text: str) -> str:
    """Return an IP address as sockets write it; a host name would never match the address of a peer."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected an IP address such as 127.0.0.1, found {text}") from error


def origin(url: str) -> str | None:
    """Return ``url`` as browsers send it in Origin, or None if it is anything but scheme, host and port."""
    try:
        parts = urlsplit(url.rstrip("/").lower())
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or parts[2:] != ("", "", ""):
        return None
    # An IPv6 address or a name beyond ASCII would be refused later, from each request.
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", parts.hostname or ""):
        return None
    return f"{parts.scheme}://{parts.netloc.removesuffix({'http': ':80', 'https': ':443'}[parts.scheme])}"


def set_url(arguments: argparse.Namespace) -> None:
    """Check the address that readers type, or fill in the default one."""
    if arguments.url is None:
        if not is_loopback(getattr(arguments, "host", "127.0.0.1")):
            raise InputError(f"--host {arguments.host}: expected --url too, the address that readers type")
        host = getattr(arguments, "host", "127.0.0.1")
        # Werkzeug takes no IPv6 address in a Host header for a trusted one.
        arguments.url = f"http://{'localhost' if ':' in host else host}:{arguments.port}"
    found, arguments.url = arguments.url, origin(arguments.url)
    if arguments.url is None:
        raise InputError(
            f"--url {found}: expected scheme and host alone, such as https://study.example.org "
            "(localhost instead of an IPv6 address, xn--... for letters beyond ASCII)"
        )


def main() -> None:
    arguments = parse()
    with command.logged("serve_reader_study", arguments):
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a page's few requests at once are no news
        if hasattr(arguments, "url"):
            set_url(arguments)
        study = pack.load(arguments.pack)
        arguments.database = arguments.database or Path("reader-study") / f"{study.cohort}.sqlite"
        if unknown := sorted(set(getattr(arguments, "again", [])) - set(study.readers)):
            raise InputError(f"--again {unknown[0]}: expected a reader of the pack: {', '.join(study.readers)}")
        if arguments.action is invite and pack.begun(arguments.pack) and not arguments.database.exists():
            raise InputError(
                f"{arguments.database}: expected the database of a study that has begun, found none; name it with "
                f"--database, or remove {pack.BEGUN} from the pack if no answer is to be kept"
            )
        database = Database(arguments.database, study, create=arguments.action is invite)
        if arguments.action is invite:
            pack.close(arguments.pack)
        try:
            arguments.action(study, database, arguments)
        finally:
            database.close()


if __name__ == "__main__":
    main()
