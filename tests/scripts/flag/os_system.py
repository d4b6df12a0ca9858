import os

MODELS = ["a", "b", "c"]
for m in MODELS:
    os.system(f"sky launch -y -c eval-{m} eval.yaml --env MODEL={m}")
# expect GS301: 5x3
