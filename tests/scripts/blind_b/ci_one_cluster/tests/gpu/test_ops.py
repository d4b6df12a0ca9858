import torch


def test_ops():
    x = torch.randn(4, device="cuda")
    assert x.is_cuda
