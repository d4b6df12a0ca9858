import subprocess
import sys

smi = open(sys.argv[1]).read().strip()
subprocess.run(["acpype", "-i", smi, "-b", "lig"], check=True)
