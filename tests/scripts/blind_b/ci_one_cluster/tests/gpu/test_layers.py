import torch


def test_layers():
    x = torch.randn(4, device="cuda")
    assert x.is_cuda
