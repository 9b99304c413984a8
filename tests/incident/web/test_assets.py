"""What the browser loads: nothing of another government's identity, compressed, kept for ever under a name of its content."""

from __future__ import annotations

import gzip
import os
import re
from datetime import timedelta
from pathlib import Path

import brotli
import pytest
from flask import Flask

from incident.web import assets
from incident.web.files import Files
from tests.incident.web.conftest import Site

MODULES = Path(__file__).parents[3] / "node_modules"


def test_only_the_rules_of_some_parts_are_kept() -> None:
    css = ".a{x:1}@media print{.moj-badge{y:2}.a{x:3}}.moj-badge{z:4}@media screen{.a{x:5}}"
    assert assets.only(css, ("moj-badge",)) == "@media print{.moj-badge{y:2}}.moj-badge{z:4}"


def test_a_foreign_typeface_and_its_addresses_are_gone() -> None:
    css = '@font-face{font-family:"GDS Transport";src:url(/assets/f.woff2)}.a{font-family:"GDS Transport",arial,sans-serif}.b{background:url(/assets/crest.png)}.c{background:url("data:image/svg+xml,x")}'
    ours = assets.own_typeface(css)
    assert "GDS" not in ours
    assert "/assets/" not in ours
    assert "@font-face" not in ours
    assert "Be Vietnam Pro" in ours
    assert 'url("data:image/svg+xml,x")' in ours


@pytest.fixture
def built(tmp_path: Path) -> Path:
    if not (MODULES / "govuk-frontend").is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail("node_modules is missing: npm ci --ignore-scripts")
        pytest.skip("needs node_modules")
    assets.build(MODULES, tmp_path)
    return tmp_path


def test_the_first_page_is_light_and_foreign_free(built: Path) -> None:
    files = Files(built)
    weight = sum(
        (built / (files.names[n] + ".gz")).stat().st_size for n in ("site.css", "govuk.js", "start.js")
    )
    assert weight <= 60_000
    for name in files.names.values():
        if name.endswith((".css", ".js")):
            text = (built / name).read_text()
            assert "GDS Transport" not in text
            assert "sourceMappingURL" not in text
    assert "crest" not in " ".join(files.names)


def test_a_file_comes_compressed_and_for_ever(built: Path) -> None:
    files = Files(built)
    app = Flask(__name__, static_folder=None)
    app.register_blueprint(files.blueprint())
    client, address = app.test_client(), files.address("site.css")
    plain = client.get(address)
    zipped = client.get(address, headers={"Accept-Encoding": "gzip"})
    small = client.get(address, headers={"Accept-Encoding": "br, gzip"})
    assert "immutable" in plain.headers["Cache-Control"]
    assert plain.headers["Content-Type"].startswith("text/css")
    assert gzip.decompress(zipped.data) == plain.data == brotli.decompress(small.data)
    assert small.headers["Content-Encoding"] == "br"
    assert "Accept-Encoding" in small.headers["Vary"]
    kept = client.get("/static/report.css")
    assert kept.headers["Cache-Control"] == "no-cache"
    kept.close()
    assert client.get("/static/manifest.json").status_code == 404
    assert client.get("/static/../app.py").status_code == 404
    for response in (plain, zipped, small):
        response.close()


def test_pages_do_without_a_build(tmp_path: Path) -> None:
    assert Files(tmp_path).address("site.css") == "/static/site.css"


def test_what_any_cache_may_keep_carries_no_session(site: Site) -> None:
    browser = site.browser("truc")
    found = re.search(r'href="(/static/[^"]+\.css)"', browser.get("/").text)
    assert found
    site.world.time += timedelta(minutes=1)
    answer = browser.get(found[1])
    assert "public" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    answer.close()
