import subprocess

queue = load()
while queue:
    item = queue.pop(0)
    subprocess.run(["sky", "launch", "-y", "--down", "t.yaml", "--env", f"ITEM={item}"])
# expect GS301: 6
