"""Moves the configuration of staging to production: export, validate, back up, import, look.

It runs as it is, on an emulator. For your own projects put `Client.from_env()` in the place of the emulator's client.
"""

import tempfile
from pathlib import Path

from descope_projects import Client, Emulator, ImportOptions, InputSecrets

STAGING, PRODUCTION = "Acme Robotics staging", "Acme Robotics"


def promote(client: Client, backups: Path) -> None:
    """Exports one project and imports it into another, whose own domain and secrets stay."""
    ids = {project.name: project.id for project in client.list_projects()}
    production = client.project(ids[PRODUCTION])
    snapshot = client.project(ids[STAGING]).export_snapshot()
    print("to promote:", snapshot)

    options: ImportOptions = {"exclude": ["project.domain"]}
    missing = production.validate_snapshot(snapshot, options).missing_secrets
    for secret in missing:
        print("production has no", secret.type, "of", secret.name)
    # Where real ones come from: a vault, an environment variable, a prompt.
    secrets: InputSecrets = {"connectors": [{"id": one.id, "type": one.type, "value": "a secret"} for one in missing]}
    production.validate_snapshot(snapshot, options, input_secrets=secrets).check()

    before = production.export_snapshot()
    before.write(backups / "before.zip")
    production.import_snapshot(snapshot, options, input_secrets=secrets)

    after = production.export_snapshot()
    changed = [path for path in after if path not in before or after.raw(path) != before.raw(path)]
    print(len(changed), "of", len(after), "files changed")
    print("production is still at", after["project.json"]["appUrl"])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory, Emulator(seed="acme") as emulator, emulator.client() as client:
        promote(client, Path(directory))
