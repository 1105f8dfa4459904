"""Lists the flows of all projects of a company, exporting all projects at once with asyncio.

It runs as it is, on an emulator. For your own projects put `AsyncClient.from_env()` in the place of the emulator's.
"""

import asyncio

from descope_projects import AsyncClient, Emulator, Snapshot


async def flows(client: AsyncClient) -> dict[str, list[str]]:
    """The names of each project's flows."""

    async def export(project_id: str) -> Snapshot:
        return await client.project(project_id).export_snapshot()

    projects = await client.list_projects()
    snapshots = await asyncio.gather(*(export(project.id) for project in projects))
    return {
        project.name or project.id: [flow.name for flow in snapshot.entities("flow:*")]
        for project, snapshot in zip(projects, snapshots, strict=True)
    }


async def main() -> None:
    """Prints a line for each project."""
    with Emulator(seed="acme") as emulator:
        async with emulator.async_client() as client:
            for project, names in (await flows(client)).items():
                print(f"{project}: {len(names)} flows: {', '.join(names)}")


if __name__ == "__main__":
    asyncio.run(main())
