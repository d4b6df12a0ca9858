import os
import torch
from nerfstudio_lite import Field, load_scene

scene = load_scene(os.environ["URL"])
field = Field().cuda()
opt = torch.optim.Adam(field.parameters(), 1e-2)
for i in range(30000):
    loss = field.loss(scene.rays(4096).cuda())
    opt.zero_grad(); loss.backward(); opt.step()
torch.save(field.state_dict(), f"/out/{os.environ['SCENE']}.pt")
