"""Known vulnerabilities in what is locked: `make audit` runs it with the paths of cargo-deny and pip-audit.

What could not be looked up is printed as NOT CHECKED, and is no failure: nothing was found, and nothing was looked for.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def rust(cargo_deny: str) -> bool:
    """Whether an advisory was found."""
    fetched = subprocess.run([cargo_deny, "--locked", "fetch", "db"], capture_output=True, text=True, check=False)
    if fetched.returncode != 0:
        print(fetched.stderr.strip(), file=sys.stderr)
        print("Cargo.lock: NOT CHECKED")
        return False
    command = [cargo_deny, "--locked", "check", "--disable-fetch", "--hide-inclusion-graph", "advisories"]
    return subprocess.run(command, check=False).returncode != 0


def python(pip_audit: str, lock: Path) -> bool:
    """Whether a vulnerability was found."""
    command = [
        pip_audit,
        "--disable-pip",
        "--require-hashes",
        "--progress-spinner=off",
        "--format=json",
        "-r",
        str(lock),
    ]
    audited = subprocess.run(command, capture_output=True, text=True, check=False)
    name = lock.relative_to(ROOT)
    # Its status is 1 for a finding and for a network error alike, and 0 for packages that its service does not know.
    try:
        packages = json.loads(audited.stdout)["dependencies"]
    except json.JSONDecodeError:
        print(audited.stderr.strip().rpartition("\n")[2], file=sys.stderr)
        print(f"{name}: NOT CHECKED")
        return False
    skipped = [package for package in packages if "skip_reason" in package]
    vulnerable = [package for package in packages if package.get("vulns")]
    for package in vulnerable:
        for found in package["vulns"]:
            print(f"{name}: {package['name']} {package['version']}: {found['id']}, fixed in {found['fix_versions']}")
    if skipped:
        print(f"{name}: {len(skipped)} of {len(packages)} packages NOT CHECKED")
    elif not vulnerable:
        print(f"{name}: {len(packages)} packages, no known vulnerability")
    return bool(vulnerable)


def main() -> int:
    """Looks at every lock file there is."""
    cargo_deny, pip_audit = sys.argv[1:]
    found = [rust(cargo_deny), *(python(pip_audit, lock) for lock in sorted((ROOT / "requirements").glob("*.txt")))]
    return int(any(found))


if __name__ == "__main__":
    sys.exit(main())
