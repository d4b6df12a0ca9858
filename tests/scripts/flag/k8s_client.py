from kubernetes import client

batch = client.BatchV1Api()
for doc in documents:
    container = client.V1Container(name="c", image="ocr", args=[doc], resources={"limits": {"nvidia.com/gpu": 1}})
    body = client.V1Job(metadata={"name": f"ocr-{doc}"}, spec=make_spec(container))
    batch.create_namespaced_job(namespace="ml", body=body)
# expect GS301: 7
