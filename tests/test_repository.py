"""The repository as a whole: what must not be committed, and what must be written down."""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ROOT / "scripts" / "lock"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
INVENTED_ACCOUNTS = {"U1234567", "U7654321"}
"""Live account numbers that tests make up; any other one could be somebody's."""


@pytest.fixture(scope="session")
def texts() -> dict[Path, str]:
    """Every text file that is committed or would be, by its path."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    contents = {
        path: path.read_bytes()
        for name in listed.stdout.split("\0")
        if name and (path := ROOT / name).is_file()
    }
    return {
        path: content.decode("utf-8", "replace")
        for path, content in contents.items()
        if b"\0" not in content
    }


def test_no_file_names_a_path_of_somebodys_machine(texts: dict[Path, str]) -> None:
    """What works only where it was written does not work."""
    here = "|".join(re.escape(f"{path}/") for path in (ROOT, Path.home()))
    path = re.compile(rf"{here}|/(?:home|Users)/[a-z]|/tmp/ipykernel_")

    assert _found(path, {p: text for p, text in texts.items() if p != Path(__file__)}) == []


def test_no_file_names_an_account_that_could_be_live(texts: dict[Path, str]) -> None:
    """Paper account numbers and masked ones are the only ones that are shown."""
    account = re.compile(r"(?<![0-9A-Za-z])[UFI]\d{6,9}(?![0-9A-Za-z])")

    found = _found(account, {p: text for p, text in texts.items() if p.suffix != ".svg"})

    assert [hit for hit in found if hit.split()[-1] not in INVENTED_ACCOUNTS] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_was_run_from_top_to_bottom(path: Path) -> None:
    """Nbval compares with the committed output, so without one it compares nothing."""
    cells = [cell for cell in _json(path)["cells"] if cell["cell_type"] == "code"]

    assert [cell["execution_count"] for cell in cells] == [*range(1, len(cells) + 1)]
    assert any(cell["outputs"] for cell in cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_does_not_carry_bokehs_script(path: Path) -> None:
    """It is 4 MB, and comes from the installed package wherever the notebook is opened."""
    text = path.read_text(encoding="utf-8")

    assert "vnd.bokehjs_load" not in text
    assert "_bokeh_onload_callbacks" not in text


def test_every_dependency_has_its_reason() -> None:
    """CONTRIBUTING.md says for each what it is for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    setup = (LOCKS / "setup.in").read_text(encoding="utf-8").splitlines()
    wanted = [
        *project["project"]["dependencies"],
        *project["dependency-groups"]["check"],
        *(line for line in setup if not line.startswith("#")),
    ]
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("## Dependencies\n")[2]
    reasons = set(re.findall(r"^\| `([\w-]+)` \| \S.{9,} \|$", section, re.MULTILINE))

    assert {re.split(r"[<>=\[]", line)[0] for line in wanted} == reasons


@pytest.mark.parametrize("lock", ["run", "check", "setup"])
def test_a_lock_names_versions_and_hashes_and_no_address(lock: str) -> None:
    """The same set everywhere, from whichever index a machine uses."""
    text = (LOCKS / f"{lock}.txt").read_text(encoding="utf-8")
    packages = _packages(lock)

    assert packages
    assert all("==" in line and "--hash=sha256:" in line for line in packages)
    assert "://" not in text
    assert not re.search(r"^\s*-(-index|-extra|-find|i |f )", text, re.MULTILINE)


@pytest.mark.parametrize("lock", ["run", "setup"])
def test_the_check_lock_holds_the_others_versions(lock: str) -> None:
    """Checks run on what users get: no package is locked at two versions."""
    checked = _pins("check")
    pins = _pins(lock)
    common = set(pins) if lock == "run" else set(pins) & set(checked)

    assert {name: pins[name] for name in common} == {
        name: checked.get(name) for name in common
    }


def test_the_front_ends_lock_names_no_address() -> None:
    """npm, too, fetches from whichever registry a machine uses."""
    packages = _json(ROOT / "labextension" / "package-lock.json")["packages"]

    assert [
        name for name, package in packages.items() if "://" in package.get("resolved", "")
    ] == []
    assert [
        name
        for name, package in packages.items()
        if name
        and not package.get("link")
        and "integrity" not in package
        # Binaries for other systems: the registry that the lock was made from had only this one's.
        and not (package.get("optional") and ("os" in package or "cpu" in package))
    ] == []


def _found(pattern: re.Pattern[str], texts: dict[Path, str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path, text in texts.items()
        for match in pattern.finditer(text)
    ]


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _packages(lock: str) -> list[str]:
    """Return a lock's packages, each with its marker and hashes on one line."""
    text = (LOCKS / f"{lock}.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    return [
        line for line in text.splitlines() if line and not line.lstrip().startswith("#")
    ]


def _pins(lock: str) -> dict[str, set[str]]:
    """Return package -> its version and hashes; markers differ with what else is locked."""
    words = [line.replace("==", " ", 1).split() for line in _packages(lock)]
    return {
        name: {version, *(word for word in rest if word.startswith("--hash="))}
        for name, version, *rest in words
    }
