import subprocess
from pathlib import Path

SPEAKERS = [p.stem for p in sorted(Path("speakers").glob("*.wav"))]


def clone_voice(speaker: str) -> None:
    subprocess.run(
        f"modal run tts.py --speaker {speaker} --script lines.txt",
        shell=True,
        check=True,
    )


def main() -> None:
    done = set(Path("done.txt").read_text().split()) if Path("done.txt").exists() else set()
    todo = [s for s in SPEAKERS if s not in done]
    for s in todo:
        clone_voice(s)
        with open("done.txt", "a") as f:
            f.write(s + "\n")


if __name__ == "__main__":
    main()
