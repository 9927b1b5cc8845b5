"""Ask PyPI and OSV for known vulnerabilities of the pinned packages, and say loudly what could not be asked.

`make audit` runs it in an environment of its own. Exit code: 1 if a pinned version is known to be vulnerable, or if
pip-audit itself failed; 0 otherwise, also where neither service can be reached: then nothing was audited, and the last
line says so.
"""

import json
import subprocess
import sys

SERVICES = ("pypi", "osv")
UNREACHED = "NOT AUDITED"


def verdict(answers: dict[str, list[dict]], pins: int) -> tuple[list[str], int]:
    """Return the lines to print and the exit code.

    Parameters
    ----------
    answers
        By service that answered: pip-audit's ``dependencies``, each with ``vulns`` or ``skip_reason``.
    pins
        The number of pinned packages.
    """
    lines, audited, vulnerable = [], set(), {}
    for service, packages in answers.items():
        asked = [package for package in packages if "skip_reason" not in package]
        audited |= {package["name"] for package in asked}
        for package in asked:
            for found in package["vulns"]:
                fixed = ", ".join(found["fix_versions"]) or "no version"
                vulnerable[package["name"], found["id"]] = f"{package['version']}, fixed in {fixed} ({service})"
    lines += [f"VULNERABLE: {name} {text}: {identifier}" for (name, identifier), text in sorted(vulnerable.items())]
    lines.append(f"{len(audited)} of {pins} pinned packages audited, {len(vulnerable)} known vulnerabilities")
    if missing := pins - len(audited):
        lines.append(f"{UNREACHED}: {missing} packages, because neither {' nor '.join(SERVICES)} answered for them")
    return lines, int(bool(vulnerable))


def ask(service: str, requirements: str) -> list[dict] | None:
    """Return pip-audit's answer, None if the service cannot be reached."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", requirements, "--no-deps", "--disable-pip"]
    command += ["--vulnerability-service", service, "--format", "json", "--progress-spinner", "off"]
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        return json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        if "ConnectionError" in done.stderr or "ServiceError" in done.stderr or "Timeout" in done.stderr:
            return None
        sys.exit(f"pip-audit failed: {done.stderr.strip()}")


def main() -> None:
    (requirements,) = sys.argv[1:]
    with open(requirements, encoding="utf-8") as file:
        pins = sum("==" in line and not line.startswith("#") for line in file)
    answers = {service: answer for service in SERVICES if (answer := ask(service, requirements)) is not None}
    lines, code = verdict(answers, pins)
    print("\n".join(lines))
    sys.exit(code)


if __name__ == "__main__":
    main()
