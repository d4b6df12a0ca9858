import torch


def test_optim():
    x = torch.randn(4, device="cuda")
    assert x.is_cuda
