"""A user's code that is wrong, one mistake a line: `mypy --strict` must see each. Read by test_typing.py, never run."""
# ruff: noqa: B018 -- what is not used is looked at by the type checker

from __future__ import annotations

from descope_projects import AsyncClient, Client, ClientOptions, Emulator, ImportOptions, Snapshot

client = Client("P2abc", "K2abc")
project = client.own_project
snapshot = project.export_snapshot()

Client("P2abc", "K2abc", {"timeout_seconds": 3})  # wrong
Client("P2abc", "K2abc", timeout_seconds=3)  # wrong
Client("P2abc", "K2abc", timeout="3")  # wrong
Client("P2abc", "K2abc", retry={"max_attempts": "3"})  # wrong
Client("P2abc", "K2abc", retry={"attempts": 3})  # wrong
Client(1, "K2abc")  # wrong
Client("P2abc", lambda: 3)  # wrong
client.project(None)  # wrong
client.project()  # wrong
client.clone(name="x")  # wrong
client.request("FETCH", "/v1")  # wrong
project.clone(nmae="x")  # wrong
project.clone({"name": 3})  # wrong
project.clone(environment="staging")  # wrong
project.clone(tags=3)  # wrong
project.delete()  # wrong
project.delete("P2abc")  # wrong
project.import_snapshot(snapshot, excludes=["flows"])  # wrong
project.import_snapshot(snapshot, inputSecrets={})  # wrong
project.import_snapshot(snapshot, input_secrets={"oauthProviders": []})  # wrong
project.import_snapshot(snapshot, input_secrets={"connectors": [{"id": "CI", "type": "apiKey"}]})  # wrong
project.import_snapshot(3)  # wrong
project.export_snapshot(format="full")  # wrong
project.update_tags(3)  # wrong
snapshot["project.json"] = {}  # wrong
snapshot.write("x", forse=True)  # wrong
snapshot.entities(3)  # wrong
Snapshot.from_files([("project.json", {})])  # wrong
Emulator(seed="acmee")  # wrong
Emulator(semantics={"absent_files": "kept"})  # wrong
Emulator().fail("clone", action="explode")  # wrong
options: ClientOptions = {"read_only": "yes"}  # wrong
imports: ImportOptions = {"exclude": [3]}  # wrong
client.list_projects()[0].name = "x"  # wrong
client.list_projects()[0].nmae  # wrong


async def asynchronous(client: AsyncClient) -> None:
    client.list_projects()[0]  # wrong
    (await client.own_project.clone(name="x")).project.export_snapshot().digest  # wrong
    with client:  # wrong
        pass
