import argparse, json
import torch, torchvision

p = argparse.ArgumentParser()
for a, t in [("dataset", str), ("lr", float), ("wd", float), ("seed", int), ("out", str)]:
    p.add_argument("--" + a, type=t)
args = p.parse_args()
torch.manual_seed(args.seed)
net = torchvision.models.resnet18(num_classes=200).cuda()
opt = torch.optim.SGD(net.parameters(), lr=args.lr, weight_decay=args.wd, momentum=0.9)
from data import loaders
tr, te = loaders(args.dataset)
for epoch in range(200):
    for x, y in tr:
        loss = torch.nn.functional.cross_entropy(net(x.cuda()), y.cuda())
        opt.zero_grad(); loss.backward(); opt.step()
acc = sum((net(x.cuda()).argmax(1).cpu() == y).sum().item() for x, y in te) / len(te.dataset)
json.dump({"acc": acc}, open(args.out, "w"))
