import time, subprocess
ok = False
while not ok:
    ok = subprocess.call(["vastai", "create", "instance", next_offer(), "--image", "x"]) == 0
    time.sleep(10)
