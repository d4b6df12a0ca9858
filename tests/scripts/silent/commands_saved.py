import subprocess
cmds = [f"sky launch -c x{i} t.yaml" for i in range(3)]
open("cmds.sh", "w").write("\n".join(cmds))
for c in cmds:
    print(c)
