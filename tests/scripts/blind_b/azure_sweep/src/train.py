import argparse

import torch
from torchvision import datasets, models, transforms

p = argparse.ArgumentParser()
p.add_argument("--lr", type=float)
p.add_argument("--seed", type=int)
p.add_argument("--data")
a = p.parse_args()
torch.manual_seed(a.seed)
ds = datasets.ImageFolder(a.data, transforms.Compose([transforms.Resize((224, 224)), transforms.ToTensor()]))
dl = torch.utils.data.DataLoader(ds, 64, shuffle=True, num_workers=4)
net = models.resnet50(weights="DEFAULT").cuda()
opt = torch.optim.Adam(net.parameters(), a.lr)
for epoch in range(10):
    for x, y in dl:
        loss = torch.nn.functional.cross_entropy(net(x.cuda()), y.cuda())
        opt.zero_grad(); loss.backward(); opt.step()
    print(epoch, loss.item())
