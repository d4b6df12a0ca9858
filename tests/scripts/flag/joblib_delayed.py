import os

from joblib import Parallel, delayed


def submit(lr):
    os.system("sky launch -y --down train.yaml --env LR=%s" % lr)


Parallel(n_jobs=3)(delayed(submit)(lr) for lr in [0.1, 0.01, 0.001])
# expect GS301: 7x3
