"""Who has read Cashlink's documentation only can use the simulator, and whoever uses it keeps to its description."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import requests
from flask import Flask, Response, request

from portal.simulator.api import checking, description
from portal.simulator.api.operations import JSON, OPERATIONS
from portal.simulator.api.schemas import LIMITS, SCHEMAS, SOURCE

from ..acts import Acts
from ..people import add_user
from ..world import World
from .running import BOND, CREDENTIALS, Robot, RunningSimulator

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
SOURCES = {"documented", "seen", "assumed"}


def test_a_script_from_the_public_guide_runs_with_url_and_credentials_changed(simulator: RunningSimulator) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "CASHLINK_URL": f"{simulator.url}/api/external",
        "CASHLINK_CLIENT_ID": CREDENTIALS["client_id"],
        "CASHLINK_CLIENT_SECRET": CREDENTIALS["client_secret"],
        "CASHLINK_CAMPAIGN_ID": BOND,
    }
    done = subprocess.run(
        [sys.executable, str(HERE / "guide.py")], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    Robot(told["start_url"]).walk()
    assert simulator.status({"id": told["investment"]}) == "REVIEW_PENDING"


# The description.


def test_the_shipped_description_is_fresh() -> None:
    assert description.FILE.read_text(encoding="utf-8") == description.as_text(), "make description"


def test_the_served_description_is_the_shipped_one(simulator: RunningSimulator) -> None:
    answer = requests.get(f"{simulator.url}/api/external/openapi.json", timeout=10)
    assert answer.json() == json.loads(description.FILE.read_text(encoding="utf-8"))
    assert simulator.control("GET", "requests")["requests"] == []


def test_each_point_of_the_description_names_its_source() -> None:
    for name, schema in SCHEMAS.items():
        for field, shape in schema.get("properties", {}).items():
            assert shape.get(SOURCE) in SOURCES, (name, field)
            if shape.keys() & {"maxLength", "enum"} and name.startswith("New"):
                assert shape.get(LIMITS) in SOURCES, (name, field)
    built = json.loads(description.FILE.read_text(encoding="utf-8"))
    for path, methods in built["paths"].items():
        for method, operation in methods.items():
            assert operation[SOURCE] in SOURCES, (path, method)
            refusals = [answer for status, answer in operation["responses"].items() if status >= "400"]
            assert all(answer[SOURCE] in SOURCES for answer in [*refusals, *operation["parameters"]]), (path, method)


def test_each_keyword_of_a_request_s_schema_is_checked() -> None:
    """A keyword that the check does not know would be a promise of the description that nobody keeps."""
    waiting = [operation.body for operation in OPERATIONS if operation.content_type == JSON and operation.body]
    met: set[str] = set()
    while waiting:
        name = waiting.pop()
        for shape in (SCHEMAS[name], *SCHEMAS[name].get("properties", {}).values()):
            assert shape.keys() <= checking.KEYWORDS, (name, shape)
            if "$ref" in shape:
                waiting.append(shape["$ref"].rpartition("/")[2])
        met.add(name)
    assert len(met) >= 9


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_description_can_be_read_as_a_page(simulator: RunningSimulator, language: str) -> None:
    robot = Robot(f"{simulator.url}/reference/", language)
    assert robot.heading == {"de": "API-Referenz", "en": "API reference"}[language]
    assert {"de": "dokumentiert", "en": "documented"}[language] in robot.text
    for operation in OPERATIONS:
        assert f"{operation.method} {operation.path}" in robot.text
    targets = {str(link["href"])[1:] for link in robot.page.select('main a[href^="#"]')}
    assert targets <= {str(tag["id"]) for tag in robot.page.select("[id]")}


def test_without_strictness_the_description_is_open(tmp_path: Path) -> None:
    running = RunningSimulator(tmp_path / "lenient.sqlite3", strict=False)
    try:
        schemas = running.call("GET", "/openapi.json").json()["components"]["schemas"]
    finally:
        running.close()
    assert "additionalProperties" not in schemas["NewInvestor"]


# The portal's client.


class Witness:
    """Sees each call of the API at the simulator, and judges it by the description alone."""

    def __init__(self, simulator: Flask) -> None:
        self.description = json.loads(description.FILE.read_text(encoding="utf-8"))
        self.seen: set[str] = set()
        self.wrong: list[str] = []
        simulator.after_request(self._look)

    def _look(self, answer: Response) -> Response:
        if request.path.startswith("/api/"):
            try:
                self._judge(answer)
            except AssertionError as error:
                self.wrong.append(f"{request.method} {request.path}: {error}")
            except jsonschema_rs.ValidationError as error:
                self.wrong.append(f"{request.method} {request.path}: {error.message}")
        return answer

    def _judge(self, answer: Response) -> None:
        operation = self._operation()
        self.seen.add(operation["operationId"])
        declared = {(place["in"], place["name"]): place for place in operation["parameters"]}
        assert all(("query", name) in declared for name in request.args), "an undeclared parameter"
        assert operation["security"] == [] or request.headers["Authorization"].startswith("Bearer ")
        key = declared.get(("header", "X-Idempotency-Key"))
        if key:
            assert re.fullmatch(key["schema"]["pattern"], request.headers["X-Idempotency-Key"]), "the key"
        if "requestBody" in operation:
            ((kind, media),) = operation["requestBody"]["content"].items()
            assert request.mimetype == kind, request.mimetype
            self._fits(self._body(kind), media["schema"])
        else:
            assert not request.get_data(cache=True), "a body"
        told = operation["responses"][str(answer.status_code)]["content"]["application/json"]
        self._fits(json.loads(answer.get_data()), told["schema"])

    def _operation(self) -> dict[str, Any]:
        for path, methods in self.description["paths"].items():
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), request.path):
                return dict(methods[request.method.lower()])
        raise AssertionError("an undeclared call")

    def _body(self, kind: str) -> Any:
        if kind == "multipart/form-data":
            return {name: upload.filename for name, upload in request.files.items()}
        return json.loads(request.get_data(cache=True)) if kind == "application/json" else request.form.to_dict()

    def _fits(self, value: Any, schema: dict[str, Any]) -> None:
        whole = schema | {"components": self.description["components"]}
        jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate(value)


def test_each_call_of_the_portal_s_client_keeps_to_the_description(tmp_path: Path) -> None:
    world = World(tmp_path, background=False)
    witness = Witness(world.simulator)
    with world:
        acts = Acts(world)
        user_id = add_user(world.app, identified=True)
        assert acts.import_investor(user_id) == "done"
        assert acts.import_investor(add_user(world.app, "bob")) == "done"
        acts.sign(acts.invest(user_id)[1])
        acts.run_loop()
        with world.app.app_context():
            client = world.app.extensions["cashlink"]
            client.fetch_investor(acts.state()["investors"][0]["id"])
            client.fetch_funding_information(world.environ["CASHLINK_INFO_URL"])
    assert witness.wrong == []
    # The rest is not called by a portal of natural persons.
    assert {operation.name for operation in OPERATIONS} - witness.seen == {"create_wallet", "list_investments"}
