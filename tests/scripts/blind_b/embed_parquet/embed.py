import argparse
import numpy as np
import pyarrow.parquet as pq
import s3fs
from sentence_transformers import SentenceTransformer

p = argparse.ArgumentParser()
p.add_argument("--input")
p.add_argument("--output")
a = p.parse_args()

fs = s3fs.S3FileSystem()
model = SentenceTransformer("BAAI/bge-large-en-v1.5", device="cuda")
texts = pq.read_table(a.input, filesystem=fs, columns=["text"])["text"].to_pylist()
emb = model.encode(texts, batch_size=256, show_progress_bar=True)
with fs.open(a.output, "wb") as f:
    np.save(f, emb)
