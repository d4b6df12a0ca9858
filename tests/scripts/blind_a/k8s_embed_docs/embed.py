import argparse

from sentence_transformers import SentenceTransformer

from corpdocs import read_pdf, write_vectors

ap = argparse.ArgumentParser()
ap.add_argument("--uri")
a = ap.parse_args()
m = SentenceTransformer("BAAI/bge-large-en-v1.5", device="cuda")
chunks = read_pdf(a.uri)
write_vectors(a.uri, m.encode(chunks, batch_size=64))
