import glob
import subprocess

for path in sorted(glob.glob("audio/*.mp3")):
    print("processing", path)
    subprocess.run(["gpu", "run", "python", "transcribe.py", path], check=True)
# expect GS301: 6
