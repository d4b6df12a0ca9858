from subprocess import run as sh
SKY = "sky"
for y in sorted(TASKS.glob("*.yaml")):
    sh([SKY, "launch", "-y", "--down", str(y)])
# expect GS301: 4
