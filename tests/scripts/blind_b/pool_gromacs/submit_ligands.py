import os
from concurrent.futures import ProcessPoolExecutor

LIGANDS = open("ligands.smi").read().splitlines()


def submit(line):
    smiles, name = line.split()
    d = f"runs/{name}"
    os.makedirs(d, exist_ok=True)
    with open(f"{d}/ligand.smi", "w") as f:
        f.write(smiles)
    return os.system(f"cd {d} && sbatch --gres=gpu:1 -t 2:00:00 -J md_{name} ../../md.sh {name}")


if __name__ == "__main__":
    with ProcessPoolExecutor(max_workers=16) as ex:
        codes = list(ex.map(submit, LIGANDS))
    print("failed:", sum(c != 0 for c in codes))
