import os
for f in os.listdir("prompts"):
    cmd = f"modal run app.py --prompt {f}"
    print(cmd)
