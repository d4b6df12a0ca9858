import subprocess


class Sweep:
    def __init__(self, grid):
        self.grid = grid

    def submit(self, point):
        name = "-".join(f"{k}{v}" for k, v in point.items())
        command = ["sky", "jobs", "launch", "-y", "-n", name, "sweep.yaml"]
        for key, value in point.items():
            command.extend(["--env", f"{key}={value}"])
        subprocess.run(command, check=True)

    def run(self):
        for point in self.grid:
            self.submit(point)
# expect GS301: 13
