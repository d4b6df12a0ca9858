from skypilot_helper import launch_job
import sky
for x in range(3):
    launch_job(x)
    status = sky.status([f"c{x}"])
