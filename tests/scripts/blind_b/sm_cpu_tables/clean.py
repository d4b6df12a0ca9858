import argparse
import glob

import pandas as pd

p = argparse.ArgumentParser()
p.add_argument("--table")
a = p.parse_args()
df = pd.concat(pd.read_csv(f) for f in glob.glob("/opt/ml/processing/input/*.csv"))
df.drop_duplicates().to_parquet(f"/opt/ml/processing/output/{a.table}.parquet")
