"""Personal codes and sessions: made at random, stored as hashes, compared in constant time, guesses limited."""

import hashlib
import hmac
import re
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # 32 letters of which none looks like another (Crockford's base 32)
GROUPS, LETTERS = 4, 5  # 20 letters of 5 bits: 100 bits
WINDOW = 15 * 60  # seconds over which wrong codes are counted
BY_ADDRESS = 10  # wrong codes of one address in the window
IN_TOTAL = 1000  # wrong codes of all addresses in the window


def new_code() -> str:
    """Return a code of 100 random bits, such as ``7KQ2M-3XW9A-PD0TR-V5HZE``."""
    letters = [secrets.choice(ALPHABET) for _ in range(GROUPS * LETTERS)]
    return "-".join("".join(letters[start : start + LETTERS]) for start in range(0, len(letters), LETTERS))


def normal(code: str) -> str | None:
    """Return ``code`` as `new_code` writes it, however a person typed it; None if it cannot be a code."""
    text = re.sub(r"[\s-]", "", code).upper().replace("O", "0").replace("I", "1").replace("L", "1")
    if len(text) != GROUPS * LETTERS or set(text) - set(ALPHABET):
        return None
    return "-".join(text[start : start + LETTERS] for start in range(0, len(text), LETTERS))


def new_token() -> str:
    """Return the 256 random bits of a session, for a cookie."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """Return the hash under which a code or session token is stored; their entropy makes a slow hash needless."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def page_token(token: str) -> str:
    """Return what a page of the session ``token`` must send along: other sites and other sessions cannot know it."""
    return hmac.digest(token.encode("utf-8", "surrogatepass"), b"page", "sha256").hex()


def same(one: str, other: str) -> bool:
    """Compare in a time that does not depend on where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


class Limiter:
    """Counts the tries of the last `WINDOW` seconds, by address and in total."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tries: deque[tuple[float, str]] = deque()
        self._lock = threading.Lock()

    def take(self, address: str) -> int:
        """Count a try of ``address`` before it is looked at; return 0, or the seconds to wait if it is one too many."""
        with self._lock:
            now = self._clock()
            while self._tries and self._tries[0][0] <= now - WINDOW:
                self._tries.popleft()
            own = [when for when, who in self._tries if who == address]
            if len(own) >= BY_ADDRESS:
                return int(own[-BY_ADDRESS] + WINDOW - now) + 1
            if len(self._tries) >= IN_TOTAL:
                return int(self._tries[-IN_TOTAL][0] + WINDOW - now) + 1
            self._tries.append((now, address))
            return 0

    def forgive(self, address: str) -> None:
        """Take back the last try of ``address``: its code was right."""
        with self._lock:
            for place in range(len(self._tries) - 1, -1, -1):
                if self._tries[place][1] == address:
                    del self._tries[place]
                    return
