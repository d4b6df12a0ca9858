from multiprocessing import Pool
import runpod


def start(shard):
    return runpod.create_pod(
        name=f"shard-{shard}",
        image_name="me/worker",
        gpu_type_id="NVIDIA RTX A5000",
        env={"SHARD": str(shard)},
    )


if __name__ == "__main__":
    with Pool(4) as pool:
        pool.map(start, range(16))
# expect GS301: 6x16
