import argparse
from pathlib import Path

import submitit


def extract(wav: str, out: str):
    import torch
    import torchaudio
    from transformers import Wav2Vec2Model

    model = Wav2Vec2Model.from_pretrained("facebook/wav2vec2-large-960h").eval().cuda()
    x, sr = torchaudio.load(wav)
    x = torchaudio.functional.resample(x, sr, 16000)
    with torch.no_grad():
        h = model(x.cuda()).last_hidden_state.cpu()
    torch.save(h, out)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("root", type=Path)
    ap.add_argument("--out", type=Path, default=Path("features"))
    ap.add_argument("--partition", default="gpu")
    args = ap.parse_args()
    args.out.mkdir(exist_ok=True)

    executor = submitit.AutoExecutor(folder="logs/%j")
    executor.update_parameters(
        timeout_min=30, slurm_partition=args.partition, gpus_per_node=1, cpus_per_task=4, mem_gb=16
    )
    jobs = []
    for wav in sorted(args.root.rglob("*.wav")):
        target = args.out / (wav.stem + ".pt")
        if target.exists():
            continue
        jobs.append(executor.submit(extract, str(wav), str(target)))
    print(f"{len(jobs)} jobs")
    for j in jobs:
        j.wait()


if __name__ == "__main__":
    main()
