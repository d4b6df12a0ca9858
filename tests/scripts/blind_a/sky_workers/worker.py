import argparse
import time

import boto3
from sentence_transformers import SentenceTransformer

ap = argparse.ArgumentParser()
ap.add_argument("--queue")
ap.add_argument("--worker")
ap.add_argument("--idle-exit", type=int)
a = ap.parse_args()
model = SentenceTransformer("intfloat/e5-large-v2", device="cuda")
q = boto3.resource("sqs").get_queue_by_name(QueueName=a.queue.split("//")[1])
last = time.time()
while time.time() - last < a.idle_exit:
    for msg in q.receive_messages(WaitTimeSeconds=20, MaxNumberOfMessages=10):
        from files import fetch, put
        put(msg.body, model.encode(fetch(msg.body), batch_size=256))
        msg.delete()
        last = time.time()
