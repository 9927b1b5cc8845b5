import hashlib

import pytest

from synthaug.readers.app import codes


def test_reader_codes_are_long_random_and_clear_to_read():
    made = {codes.new_code() for _ in range(2000)}
    assert len(made) == 2000
    letters = "".join(made).replace("-", "")
    assert len(letters) == 2000 * 20
    assert set(letters) == set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    # Each of 32 letters is expected 1250 times, with a standard deviation of 34.8.
    assert all(abs(letters.count(letter) - 1250) < 7 * 34.8 for letter in set(letters))


@pytest.mark.parametrize(
    "change", [str.lower, lambda c: c.replace("-", ""), lambda c: f" {c} ", lambda c: c.replace("-", " ")]
)
def test_reader_code_is_the_same_however_it_is_typed(change):
    code = codes.new_code()
    assert codes.normal(change(code)) == code


def test_reader_code_with_letters_that_look_alike_is_understood():
    assert codes.normal("oOiIl-LAAAA-AAAAA-AAAAA") == "00111-1AAAA-AAAAA-AAAAA"


@pytest.mark.parametrize("text", ["", "A" * 19, "A" * 21, "U" * 20, "é" * 20, "' OR 1=1 --", "\ud800" * 20, "\0" * 20])
def test_reader_code_that_cannot_be_one_is_none(text):
    assert codes.normal(text) is None


def test_reader_code_is_stored_as_its_sha256():
    assert codes.digest("A") == hashlib.sha256(b"A").hexdigest()


def test_reader_page_token_depends_on_the_session_and_does_not_show_it():
    one, other = codes.new_token(), codes.new_token()
    assert codes.page_token(one) == codes.page_token(one) != codes.page_token(other)
    assert one not in codes.page_token(one)
    assert len({codes.new_token() for _ in range(1000)}) == 1000


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_reader_guesses_of_one_address_are_limited_until_time_has_passed():
    clock = Clock()
    limiter = codes.Limiter(clock)
    assert [limiter.take("a") for _ in range(codes.BY_ADDRESS)] == [0] * codes.BY_ADDRESS
    assert 0 < limiter.take("a") <= codes.WINDOW + 1
    assert limiter.take("b") == 0
    clock.now += limiter.take("a")
    assert limiter.take("a") == 0


def test_reader_guesses_of_all_addresses_together_are_limited():
    limiter = codes.Limiter(Clock())
    assert [limiter.take(str(address)) for address in range(codes.IN_TOTAL)] == [0] * codes.IN_TOTAL
    assert limiter.take("yet another") > 0


def test_reader_who_knows_the_code_is_not_counted():
    limiter = codes.Limiter(Clock())
    for _ in range(3 * codes.BY_ADDRESS):
        assert limiter.take("a") == 0
        limiter.forgive("a")
    # But a right code does not clear the wrong ones before it.
    for _ in range(codes.BY_ADDRESS - 1):
        limiter.take("a")
    assert limiter.take("a") == 0
    limiter.forgive("a")
    assert limiter.take("a") == 0
    assert limiter.take("a") > 0
