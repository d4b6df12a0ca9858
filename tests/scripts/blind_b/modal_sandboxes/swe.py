import json

import modal

app = modal.App.lookup("swe-gpu-tests", create_if_missing=True)
image = modal.Image.debian_slim(python_version="3.11").apt_install("git").pip_install("torch", "pytest")


def run_instance(inst):
    sb = modal.Sandbox.create(app=app, image=image, gpu="T4", timeout=1800)
    try:
        p = sb.exec("git", "clone", inst["repo"], "/repo")
        p.wait()
        p = sb.exec("bash", "-c", f"cd /repo && git checkout {inst['base_commit']} && pip install -e . && pytest -q {inst['tests']}")
        out = p.stdout.read()
        return {"id": inst["instance_id"], "rc": p.wait(), "out": out[-4000:]}
    finally:
        sb.terminate()


def main():
    with open("instances.jsonl") as f, open("results.jsonl", "w") as out:
        for line in f:
            res = run_instance(json.loads(line))
            out.write(json.dumps(res) + "\n")
            out.flush()


if __name__ == "__main__":
    main()
