import argparse
import os

import pandas as pd
import timm
import torch
from torch.utils.data import DataLoader

from data import DermDataset

p = argparse.ArgumentParser()
p.add_argument("--fold", type=int)
p.add_argument("--epochs", type=int, default=40)
p.add_argument("--backbone", default="tf_efficientnet_b4")
args = p.parse_args()

root = os.environ["SM_CHANNEL_TRAIN"]
df = pd.read_csv(f"{root}/folds.csv")
train = DataLoader(DermDataset(df[df.fold != args.fold], root), 32, shuffle=True, num_workers=8)
model = timm.create_model(args.backbone, pretrained=True, num_classes=9).cuda()
opt = torch.optim.AdamW(model.parameters(), 1e-4)
for epoch in range(args.epochs):
    for x, y in train:
        loss = torch.nn.functional.cross_entropy(model(x.cuda()), y.cuda())
        opt.zero_grad()
        loss.backward()
        opt.step()
torch.save(model.state_dict(), os.path.join(os.environ["SM_MODEL_DIR"], "model.pt"))
