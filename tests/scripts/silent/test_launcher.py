import subprocess


def test_launches(monkeypatch):
    calls = []
    monkeypatch.setattr(subprocess, "run", lambda cmd: calls.append(cmd))
    for name in ["a", "b"]:
        subprocess.run(["sky", "launch", "-c", name])
