ls prompts/*.txt | xargs -I{} sky launch -y --down task.yaml --env PROMPT={}
# expect GS301: 1
