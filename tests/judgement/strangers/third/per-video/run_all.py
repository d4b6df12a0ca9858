import pathlib, subprocess

for video in sorted(pathlib.Path("videos").glob("*.mp4")):
    subprocess.run(["gpu", "run", "--gpu-type", "A40", "--", "python", "upscale.py", str(video)], check=True)
