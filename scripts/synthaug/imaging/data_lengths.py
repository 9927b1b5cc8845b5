"""Whether the data of a MetaImage or NRRD file are as long as its header says; readers pass over what is too long."""

import math
import re
import zlib
from pathlib import Path

from synthaug.errors import InputError

LONGEST_HEADER = 1 << 16  # bytes
CHUNK = 1 << 20
META_TYPES = {"CHAR": 1, "UCHAR": 1, "SHORT": 2, "USHORT": 2, "INT": 4, "UINT": 4, "LONG": 4, "ULONG": 4,
              "LONG_LONG": 8, "ULONG_LONG": 8, "FLOAT": 4, "DOUBLE": 8}  # fmt: skip
NRRD_TYPES = {
    **dict.fromkeys(("signed char", "int8", "int8_t", "uchar", "unsigned char", "uint8", "uint8_t"), 1),
    **dict.fromkeys(("short", "short int", "signed short", "signed short int", "int16", "int16_t"), 2),
    **dict.fromkeys(("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"), 2),
    **dict.fromkeys(
        ("int", "signed int", "int32", "int32_t", "uint", "unsigned int", "uint32", "uint32_t", "float"), 4
    ),
    **dict.fromkeys(("longlong", "long long", "long long int", "signed long long", "signed long long int"), 8),
    **dict.fromkeys(("ulonglong", "unsigned long long", "unsigned long long int", "int64", "int64_t"), 8),
    **dict.fromkeys(("uint64", "uint64_t", "double"), 8),
}
WHOLE = re.compile(r"-?[0-9]{1,18}")


def check(path: Path) -> None:
    """Compare the data of a ``.mha``, ``.mhd``, ``.nrrd`` or ``.nhdr`` file with its header; other names pass.

    Raises
    ------
    InputError
        If they are shorter or longer, lie in several files, or are written in a way that cannot be checked.
    """
    name = path.name.lower()
    if not name.endswith((".mha", ".mhd", ".nrrd", ".nhdr")):
        return
    try:
        data, start, expected, packed = (_meta if name.endswith((".mha", ".mhd")) else _nrrd)(path)
    except (KeyError, ValueError, IndexError, OverflowError) as error:
        raise InputError(
            f"{path}: expected a header with sizes, type and data file, found a damaged or unsupported one; "
            "export the image again"
        ) from error
    if not data.is_file():
        raise InputError(f"{path}: expected its data in {data.name}, found no such file; copy it beside the header")
    found = _unpacked(data, start, expected) if packed else data.stat().st_size - start
    if found != expected:
        more = "at least " if packed and found > expected else ""
        cure = "copy it again" if found < expected else "the voxels may be shifted; export the image again"
        raise InputError(
            f"{path}: expected {expected} bytes of voxels in {data.name}, found {more}{found}"
            f"{': truncated' if found < expected else ''}; {cure}"
        )


def _meta(path: Path) -> tuple[Path, int, int, bool]:
    """Return data file, first byte, bytes of voxels and whether they are packed, of a MetaImage."""
    with path.open("rb") as file:
        text = file.read(LONGEST_HEADER)
    fields, end = {}, 0
    for line in text.split(b"\n"):
        end += len(line) + 1
        name, _, value = (part.strip() for part in line.decode("latin-1").partition("="))
        fields[name] = value
        if name == "ElementDataFile":
            break
    expected = math.prod(map(_number, fields["DimSize"].split()))
    expected *= META_TYPES[fields["ElementType"].removeprefix("MET_").removesuffix("_ARRAY")]
    expected *= _number(fields.get("ElementNumberOfChannels", "1"))
    if _is_true(fields.get("BinaryData", "True")) is False:
        raise ValueError
    local = fields["ElementDataFile"].upper() == "LOCAL"
    data = path if local else path.parent / fields["ElementDataFile"]
    packed = _is_true(fields.get("CompressedData", "False"))
    skip = _number(fields.get("HeaderSize", "0"))
    if skip == -1 and not packed:
        skip = data.stat().st_size - expected if data.is_file() else 0
    return data, (end if local else max(skip, 0)), expected, packed


def _nrrd(path: Path) -> tuple[Path, int, int, bool]:
    """Return data file, first byte, bytes of voxels and whether they are packed, of an NRRD file."""
    with path.open("rb") as file:
        text = file.read(LONGEST_HEADER)
    fields, end, separate = {}, 0, False
    for line in text.split(b"\n"):
        end += len(line) + 1
        if not line.strip():
            break
        name, _, value = (part.strip() for part in line.decode("latin-1").partition(":"))
        fields[name.lower()] = value
        separate = name.lower() in ("data file", "datafile") or separate
    expected = math.prod(map(_number, fields["sizes"].split())) * NRRD_TYPES[fields["type"].lower()]
    packed = {"raw": False, "gzip": True, "gz": True}[fields["encoding"].lower()]
    if _number(fields.get("line skip", fields.get("lineskip", "0"))):
        raise ValueError
    skip = _number(fields.get("byte skip", fields.get("byteskip", "0")))
    data = path
    if separate:
        data, end = path.parent / (fields.get("data file") or fields["datafile"]), 0
    if skip == -1 and not packed:
        skip = data.stat().st_size - expected - end if data.is_file() else 0
    elif skip < 0 or (packed and skip):
        raise ValueError
    return data, end + skip, expected, packed


def _number(text: str) -> int:
    if not WHOLE.fullmatch(text):
        raise ValueError
    return int(text)


def _is_true(text: str) -> bool:
    return text.lower() in ("true", "1", "yes")


def _unpacked(data: Path, start: int, expected: int) -> int:
    """Return how many bytes packed data have, counted to a little more than ``expected``."""
    found = 0
    unpacker = zlib.decompressobj(wbits=47)  # zlib or gzip
    with data.open("rb") as file:
        file.seek(start)
        while found <= expected and not unpacker.eof and (chunk := file.read(CHUNK)):
            while chunk and found <= expected:
                try:
                    found += len(unpacker.decompress(chunk, CHUNK))
                except zlib.error:
                    return found
                chunk = unpacker.unconsumed_tail
    return found
