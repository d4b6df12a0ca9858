import json

import sagemaker
from sagemaker.huggingface import HuggingFaceModel

role = sagemaker.get_execution_role()
model = HuggingFaceModel(
    env={"HF_MODEL_ID": "distilbert-base-uncased-finetuned-sst-2-english", "HF_TASK": "text-classification"},
    role=role,
    transformers_version="4.37",
    pytorch_version="2.1",
    py_version="py310",
)
predictor = model.deploy(initial_instance_count=1, instance_type="ml.g4dn.xlarge")

try:
    with open("reviews.jsonl") as f, open("scored.jsonl", "w") as out:
        for line in f:
            review = json.loads(line)
            review["sentiment"] = predictor.predict({"inputs": review["text"][:2000]})
            out.write(json.dumps(review) + "\n")
finally:
    predictor.delete_model()
    predictor.delete_endpoint()
