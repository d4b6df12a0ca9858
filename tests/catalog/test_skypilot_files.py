"""How SkyPilot is had to fetch: a stand-in for it, since the tests of the rooms run without it. With SkyPilot itself
that is tested in `tests/e2e/test_on_slurm.py`."""

from __future__ import annotations

import hashlib
import os
import sys
from datetime import datetime
from pathlib import Path

import pytest

from gpuspec.catalog.skypilot_files import fresh_files, kept_files
from gpuspec.errors import UserError

FAKE = """
import os, signal, time

def get_catalog_path(name):
    return os.path.join(os.environ["SKY_RUNTIME_DIR"], ".sky", "catalogs", "v8", name)

class Answer(Exception):
    def __init__(self, status_code):
        self.response = type("Response", (), {"status_code": status_code})

class SomeTimeout(Exception):
    pass

class Frame:
    def __init__(self, name):
        self.name = name
    @property
    def shape(self):
        print("Updating", self.name)
        cloud = self.name.partition("/")[0]
        if cloud == "interrupt":
            os.kill(os.getppid(), signal.SIGINT)
        if cloud in ("interrupt", "silent"):
            time.sleep(600)
        if cloud == "dead":
            os._exit(9)
        if cloud == "gone":
            raise Answer(404)
        if cloud == "broken":
            raise Answer(500)
        if cloud == "late":
            raise SomeTimeout("HTTPSConnectionPool(host='x', port=443)")
        if cloud == "bomb":
            bytes(1 << 40)
        path = get_catalog_path(self.name)
        os.makedirs(os.path.dirname(path))
        with open(path, "w") as file:
            file.write("InstanceType\\n")
        if cloud == "unreadable":
            raise ValueError("Error tokenizing data. C error")
        return (1, 1)

def read_catalog(name):
    if name.startswith("nimbus/"):
        raise ValueError("Cloud 'nimbus' is not a valid cloud")
    return Frame(name)
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, in which `sky` is the stand-in."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SKY_RUNTIME_DIR", raising=False)
    package = tmp_path / "installed" / "sky" / "catalog"
    package.mkdir(parents=True)
    (package / "common.py").write_text(FAKE)
    for folder in (package, package.parent):
        (folder / "__init__.py").touch()
    monkeypatch.setattr(sys, "path", [str(tmp_path / "installed"), *sys.path])
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


def _kept(home: Path, cloud: str, text: str, *, as_fetched: bool) -> Path:
    path = home / ".sky" / "catalogs" / "v8" / cloud / "vms.csv"
    known = home / ".sky" / "catalogs" / "v8" / ".meta" / cloud / "vms.csv.md5"
    for each in (path, known):
        each.parent.mkdir(parents=True)
    path.write_text(text)
    known.write_text(hashlib.md5(text.encode()).hexdigest() if as_fetched else "0")
    noon = datetime(2026, 9, 21, 12).timestamp()
    os.utime(known, (noon, noon))
    return path


def test_what_each_cloud_answers(home: Path) -> None:
    clouds = ["lambda", "gone", "broken", "late", "bomb", "unreadable", "nimbus"]
    with fresh_files(clouds) as files:
        assert {file.cloud for file in files.found} == {"lambda", "unreadable"}
        assert {Path(file.path).read_text() for file in files.found} == {"InstanceType\n"}
    assert files.failed == {
        "gone": "the catalogue's server answered 404, there is no such file",
        "broken": "the catalogue's server answered 500",
        "late": "the catalogue's server was silent",
        "bomb": "the answer takes more than 2 GiB of memory",
        "nimbus": "the installed SkyPilot does not know this cloud",
    }
    assert not (home / ".sky").exists()
    assert not list(home.glob("gpuspec-prices-*"))


def test_a_cloud_that_does_not_answer_is_not_waited_for() -> None:
    with fresh_files(["silent"], patience=0.5) as files:
        assert files == ((), {"silent": "no answer within 0.5 seconds"})


def test_skypilot_that_ends_by_itself() -> None:
    with fresh_files(["dead"]) as files:
        assert files == ((), {"dead": "SkyPilot ended before it had fetched this"})


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("raise ModuleNotFoundError('no sky', name='sky')", "SkyPilot is not installed"),
        ("import no_such_library", "does not start: ModuleNotFoundError: No module named 'no_such_library'"),
    ],
)
def test_without_skypilot(home: Path, code: str, why: str) -> None:
    (home / "installed" / "sky" / "__init__.py").write_text(code)
    with pytest.raises(UserError, match=why) as caught, fresh_files(["lambda"]):
        pass
    assert caught.value.code == "skypilot-missing"


def test_a_file_written_by_hand_goes_before_a_fresh_one(home: Path) -> None:
    """SkyPilot rents by it, too."""
    path = _kept(home, "lambda", "mine", as_fetched=False)
    _kept(home, "do", "fetched before", as_fetched=True)
    with fresh_files(["lambda", "do"]) as files:
        by_hand, fetched = files.found
        assert (by_hand.cloud, by_hand.path, by_hand.by_hand) == ("lambda", str(path), True)
        assert (fetched.cloud, fetched.by_hand) == ("do", False)
        assert Path(fetched.path).read_text() == "InstanceType\n"
    assert path.read_text() == "mine"


def test_what_skypilot_has_is_as_old_as_its_fetch(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fetch that fails sets the time of the file to now: SkyPilot does not try again for a while."""
    _kept(home, "do", "fetched before", as_fetched=True)
    files = kept_files(["do", "aws"])
    assert [(file.cloud, file.fetched, file.by_hand) for file in files.found] == [("do", "2026-09-21", False)]
    assert list(files.failed) == ["aws"]
    monkeypatch.setenv("SKY_RUNTIME_DIR", str(home / "elsewhere"))
    assert kept_files(["do"]).found == ()


def test_control_c_leaves_nothing_behind(home: Path) -> None:
    with pytest.raises(KeyboardInterrupt), fresh_files(["interrupt"]):
        pass
    assert not list(home.glob("gpuspec-prices-*"))
