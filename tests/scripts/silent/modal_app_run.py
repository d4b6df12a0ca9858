import modal
stub = modal.App()
with stub.run():
    for x in inputs:
        f.remote(x)
