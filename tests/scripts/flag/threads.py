import subprocess
import threading


def go(item):
    subprocess.check_call("gpu run python infer.py --item " + item, shell=True)


threads = []
for item in open("items.txt").read().split():
    t = threading.Thread(target=go, args=(item,))
    t.start()
    threads.append(t)
# expect GS301: 6
