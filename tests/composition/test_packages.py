"""Each package builds, installs alone and runs; all carry the one version and the licence."""

from __future__ import annotations

import re
import subprocess
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest
import uv
import yaml

from .conftest import BIN, ROOT, Project

if TYPE_CHECKING:
    from pathlib import Path

PLUGINS = ("tap-dynatrace-dps", "target-dynatrace-bizevents", "target-dynatrace-dps")
PACKAGES = (*PLUGINS, "dynatrace-sandbox")
CONSTRAINTS = ROOT / "requirements" / "constraints.txt"
VERSION = re.findall(
    r'__version__ = "(.+)"', (ROOT / "common" / "version.py").read_text(encoding="utf-8")
)[0]


def run_uv(*arguments: str) -> None:
    """Run uv; the test fails with its output where it does not succeed."""
    command = [uv.find_uv_bin(), *arguments]
    ended = subprocess.run(  # noqa: S603  (uv, of our own environment)
        command, capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert ended.returncode == 0, ended.stderr


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution and the wheel of each package."""
    folder = tmp_path_factory.mktemp("dist")
    for package in PACKAGES:
        run_uv("build", "--quiet", "--out-dir", str(folder), package)
    return folder


@pytest.mark.parametrize("package", PACKAGES)
def test_wheel_and_source_hold_files_and_no_links(dist: Path, package: str) -> None:
    name = package.replace("-", "_")
    (source,) = dist.glob(f"{name}-{VERSION}.tar.gz")
    (wheel,) = dist.glob(f"{name}-{VERSION}-py3-none-any.whl")

    with tarfile.open(source) as archive:
        members = {member.name.partition("/")[2]: member for member in archive.getmembers()}
    assert not [member.name for member in members.values() if not member.isfile()]
    with zipfile.ZipFile(wheel) as packed:
        held = set(packed.namelist())
    for file in (f"{name}/version.py", f"{name}/py.typed"):
        assert file in members
        assert file in held
    assert "LICENSE" in members
    if package in PLUGINS:
        assert f"{name}/dynatrace_api/oauth.py" in held


@pytest.mark.parametrize("package", PACKAGES)
def test_licence_is_the_project_s(package: str) -> None:
    assert (ROOT / package / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


@pytest.mark.parametrize("package", PACKAGES)
def test_package_installs_alone_and_runs(dist: Path, tmp_path: Path, package: str) -> None:
    environment = tmp_path / "environment"
    (wheel,) = dist.glob(f"{package.replace('-', '_')}-*.whl")
    run_uv("venv", "--quiet", "--python", str(BIN / "python"), str(environment))
    python = str(environment / "bin" / "python")
    run_uv(
        *("pip", "install", "--quiet", "--python", python),
        *("--constraint", str(CONSTRAINTS), str(wheel)),
    )
    command = str(environment / "bin" / package)

    version = Project(tmp_path).command(command, "--version", cwd=tmp_path)
    described = Project(tmp_path).command(
        command, *(["--about"] if package in PLUGINS else ["--help"]), cwd=tmp_path
    )

    assert version.code == 0
    assert VERSION in version.output
    assert described.code == 0, described.output


def test_a_meltano_project_takes_the_definition_from_the_repository(
    dist: Path, tmp_path: Path
) -> None:
    (tmp_path / "meltano.yml").write_text("default_environment: dev\nenvironments: [{name: dev}]\n")
    # Until the packages are on PyPI, their wheels can lie in any folder.
    project = Project(tmp_path, {"UV_FIND_LINKS": str(dist)})
    meltano = str(BIN / "meltano")

    added = project.command(
        *(meltano, "add", "tap-dynatrace-dps"),
        *("--from-ref", str(ROOT / "hub" / "tap-dynatrace-dps.yml")),
        cwd=tmp_path,
    )
    shown = project.command(meltano, "invoke", "tap-dynatrace-dps", "--version", cwd=tmp_path)

    assert added.code == 0, added.output
    assert f"tap-dynatrace-dps v{VERSION}" in shown.output
    taken = yaml.safe_load((tmp_path / "meltano.yml").read_text(encoding="utf-8"))
    (plugin,) = taken["plugins"]["extractors"]
    assert plugin["pip_url"] == "tap-dynatrace-dps"
    assert {"accounts", "lookback_days"} <= {setting["name"] for setting in plugin["settings"]}
