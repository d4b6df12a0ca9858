from dataclasses import dataclass

import timm
import torch
from torchvision import datasets, transforms as T


@dataclass
class TrainConfig:
    lr: float = 1e-3
    weight_decay: float = 0.05
    seed: int = 0
    epochs: int = 100


def train(cfg: TrainConfig):
    torch.manual_seed(cfg.seed)
    ds = datasets.CIFAR100("/datasets", transform=T.ToTensor())
    dl = torch.utils.data.DataLoader(ds, 512, shuffle=True, num_workers=8)
    m = timm.create_model("vit_small_patch16_224", img_size=32, patch_size=4, num_classes=100).cuda()
    opt = torch.optim.AdamW(m.parameters(), cfg.lr, weight_decay=cfg.weight_decay)
    for _ in range(cfg.epochs):
        for x, y in dl:
            loss = torch.nn.functional.cross_entropy(m(x.cuda()), y.cuda())
            opt.zero_grad()
            loss.backward()
            opt.step()
    return loss.item()
