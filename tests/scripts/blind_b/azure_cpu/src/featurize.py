import argparse
import pandas as pd

p = argparse.ArgumentParser()
for k in ("month", "src", "out"):
    p.add_argument(f"--{k}")
a = p.parse_args()
df = pd.read_parquet(a.src)
df["dow"] = pd.to_datetime(df.ts).dt.dayofweek
df.to_parquet(f"{a.out}/{a.month}.parquet")
