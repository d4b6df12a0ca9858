import base64
import concurrent.futures
import pathlib

from google.cloud import aiplatform

aiplatform.init(project="plant-id", location="europe-west1")


def get_endpoint():
    found = aiplatform.Endpoint.list(filter='display_name="plants"')
    if found:
        return found[0]
    model = aiplatform.Model.list(filter='display_name="plants-vit"')[0]
    return model.deploy(
        deployed_model_display_name="plants",
        machine_type="n1-standard-4",
        accelerator_type="NVIDIA_TESLA_T4",
        accelerator_count=1,
        min_replica_count=1,
    )


endpoint = get_endpoint()


def classify(path):
    payload = {"b64": base64.b64encode(path.read_bytes()).decode()}
    return path.name, endpoint.predict(instances=[payload]).predictions[0]


images = sorted(pathlib.Path("images").glob("*.jpg"))
with concurrent.futures.ThreadPoolExecutor(16) as ex:
    for name, pred in ex.map(classify, images):
        print(name, pred, sep="\t")
