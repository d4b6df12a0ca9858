import subprocess
import pathlib

CLUSTER = "paint"


def sky(*args):
    subprocess.run(["sky", *args], check=True)


def main():
    sky("launch", "-y", "-c", CLUSTER, "cluster.yaml")
    try:
        for video in sorted(pathlib.Path("videos").glob("*.mp4")):
            sky("exec", CLUSTER, f"python inpaint.py --video videos/{video.name}")
    finally:
        sky("down", "-y", CLUSTER)


if __name__ == "__main__":
    main()
