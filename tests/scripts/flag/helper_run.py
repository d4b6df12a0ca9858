import subprocess


def sh(cmd):
    print("+", cmd)
    subprocess.run(cmd, shell=True, check=True)


for region_file in ["a.geojson", "b.geojson"]:
    sh(f"gpuspec run tiles.job.jsonc --yes {region_file}")
# expect GS301: 10x2
