import argparse
import glob

import submitit

from features import clip_features


def chunks(xs, n):
    return [xs[i : i + n] for i in range(0, len(xs), n)]


parser = argparse.ArgumentParser()
parser.add_argument("--images", default="/data/laion/*.tar")
parser.add_argument("--parallel", type=int, default=16)
args = parser.parse_args()

ex = submitit.AutoExecutor(folder="submitit_logs")
ex.update_parameters(
    slurm_array_parallelism=args.parallel, gpus_per_node=1, timeout_min=240, slurm_partition="learnfair"
)

tars = sorted(glob.glob(args.images))
jobs = []
with ex.batch():
    for part in chunks(tars, 20):
        jobs.append(ex.submit(clip_features, part, "/data/laion/feats"))

submitit.helpers.monitor_jobs(jobs)
