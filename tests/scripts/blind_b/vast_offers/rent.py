import subprocess
import json
import sys

query = "gpu_ram>=40 num_gpus=2 verified=true rentable=true dph<2.5"
offers = json.loads(subprocess.check_output(["vastai", "search", "offers", query, "-o", "dph", "--raw"]))
print(len(offers), "offers")

for o in offers[:15]:
    r = subprocess.run(
        ["vastai", "create", "instance", str(o["id"]), "--image", "vllm/vllm-openai:latest",
         "--disk", "120", "--ssh", "--raw"],
        capture_output=True, text=True,
    )
    if r.returncode != 0 or not json.loads(r.stdout).get("success"):
        print("offer", o["id"], "gone", file=sys.stderr)
        continue
    print("instance", json.loads(r.stdout)["new_contract"])
    break
else:
    sys.exit(1)
