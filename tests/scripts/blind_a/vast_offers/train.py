import torch
from nanodit import DiT, latents

model = DiT(depth=12).cuda()
opt = torch.optim.AdamW(model.parameters(), lr=1e-4)
for step, (x, y) in enumerate(latents("/root/data", batch=64)):
    loss = model.loss(x.cuda(), y.cuda())
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 5000 == 0:
        torch.save(model.state_dict(), f"dit_{step}.pt")
