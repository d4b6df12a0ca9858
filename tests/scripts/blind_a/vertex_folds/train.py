import argparse
import timm
import torch

p = argparse.ArgumentParser()
p.add_argument("--fold", type=int)
p.add_argument("--epochs", type=int)
p.add_argument("--backbone")
a = p.parse_args()
model = timm.create_model(a.backbone, pretrained=True, num_classes=3).cuda()
from rsna import fit
fit(model, fold=a.fold, epochs=a.epochs, scaler=torch.cuda.amp.GradScaler())
