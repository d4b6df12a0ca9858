lines = []
for lr in [1, 2, 3]:
    lines.append(f"sky jobs launch -y t.yaml --env LR={lr}")
with open("launch.sh", "w") as file:
    file.write("\n".join(lines))
