import modal

app = modal.App("x")


@app.function(cpu=4)
def work(x):
    return x


@app.local_entrypoint()
def main():
    for x in range(100):
        work.remote(x)
    list(work.map(range(100)))
    calls = [work.spawn(i) for i in range(4)]
