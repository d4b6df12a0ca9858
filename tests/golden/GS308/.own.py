import os

print(os.environ["GPUSPEC_ITEM"])
