import itertools
import subprocess

commands = []
for lr, wd in itertools.product([1e-3, 1e-4], [0.0, 0.1]):
    commands.append(f"sky jobs launch -y train.yaml --env LR={lr} --env WD={wd}")
for command in commands:
    subprocess.run(command, shell=True, check=True)
# expect GS301: 8
