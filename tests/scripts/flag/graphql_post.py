import requests
def create(name):
    q = """mutation { podFindAndDeployOnDemand(input: {name: "%s"}) { id } }""" % name
    return requests.post("https://api.runpod.io/graphql", json={"query": q})
for n in NAMES:
    create(n)
# expect GS301: 4
