"""List the libraries in C and C++ within the installed packages: no service knows them by the package's version.

Run by `make audit` in the environment of the workflow. A version is what the library itself says, or else what its
file says.
"""

import importlib.metadata
import re
from pathlib import Path

# Texts in which a library names its version, by package; they lie in its files of machine code.
WRITTEN = {
    "simpleitk": {"GDCM": rb"GDCM (\d+\.\d+\.\d+)", "OpenJPEG": rb"OpenJPEG[^\d\0]{0,20}(\d+\.\d+\.\d+)",
                  "libtiff": rb"LIBTIFF, Version (\d+\.\d+\.\d+)", "libpng": rb"libpng version (\d+\.\d+\.\d+)",
                  "zlib": rb"(?:de|in)flate (\d+\.\d+(?:\.\d+)*)", "HDF5": rb"HDF5 library version: (\d+\.\d+\.\d+)"},
    "pyjpegls": {"CharLS": rb"CharLS[^\d\0]{0,20}(\d+\.\d+\.\d+)"},
}  # fmt: skip


def said() -> dict[tuple[str, str], str]:
    """Return the versions that libraries say of themselves, by package and library."""
    import cryptography.hazmat.backends.openssl as openssl
    import h5py
    import matplotlib.ft2font
    import SimpleITK
    import torch
    from PIL import features

    pictures = {"libjpeg": "jpg", "OpenJPEG": "jpg_2000", "libtiff": "libtiff", "zlib": "zlib", "FreeType": "freetype2"}
    version = SimpleITK.Version()
    found = {("pillow", name): features.version(key) for name, key in pictures.items()}
    found[("simpleitk", "ITK")] = f"{version.ITKVersionString()}"
    found[("h5py", "HDF5")] = h5py.version.hdf5_version
    found[("matplotlib", "FreeType")] = matplotlib.ft2font.__freetype_version__
    found[("cryptography", "OpenSSL")] = openssl.backend.openssl_version_text()
    for name, line in re.findall(r"(MKL-DNN|OpenMP)\D*?([\d.]+\d)", torch.__config__.show()):
        found[("torch", {"MKL-DNN": "oneDNN"}.get(name, name))] = line
    return found


def written(package: str) -> dict[str, str]:
    """Return the versions that stand in the files of a package, by library; all of them where they differ."""
    texts = {name: set() for name in WRITTEN[package]}
    for file in importlib.metadata.files(package) or []:
        if re.search(r"\.so(\.|$)|\.pyd$|\.dylib$", file.name):
            code = Path(file.locate()).read_bytes()
            for name, pattern in WRITTEN[package].items():
                texts[name] |= {match.decode() for match in re.findall(pattern, code)}
    return {name: ", ".join(sorted(versions)) for name, versions in texts.items()}


def lines() -> list[str]:
    """Return a line for each library: its package, its name and its version, or that none was found."""
    found = said()
    for package in WRITTEN:
        for name, version in written(package).items():
            found.setdefault((package, name), version)
    return [
        f"{package} {importlib.metadata.version(package)}: {name} {version or 'of unknown version'}"
        for (package, name), version in sorted(found.items())
    ]


if __name__ == "__main__":
    print("Libraries within the packages, which no service was asked about:", *lines(), sep="\n  ")
