from concurrent.futures import ThreadPoolExecutor, as_completed
import subprocess


def launch(config):
    cmd = ["sky", "jobs", "launch", "-y", "--detach-run"]
    cmd += ["--env", f"CONFIG={config}"]
    cmd.append("task.yaml")
    return subprocess.run(cmd, capture_output=True)


def main(configs):
    with ThreadPoolExecutor(max_workers=8) as executor:
        futures = {executor.submit(launch, c): c for c in configs}
        for future in as_completed(futures):
            print(future.result())
# expect GS301: 9
