from multiprocessing import Pool
import runpod


def start(doc):
    return runpod.create_pod(
        name=f"doc-{doc}",
        image_name="me/ocr",
        gpu_type_id="NVIDIA RTX A5000",
        env={"DOC": str(doc)},
    )


if __name__ == "__main__":
    with Pool(4) as pool:
        pool.map(start, range(16))
# expect GS301: 6x16
