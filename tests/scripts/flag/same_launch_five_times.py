import os
for i in range(5):
    os.system("gpu run python sample.py")
# expect GS301: 3x5
