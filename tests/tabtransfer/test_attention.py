import torch
from torch.nn.functional import scaled_dot_product_attention

from tabtransfer.attention import _ShortAttention


def tensors(dtype=torch.float64):
    random = torch.Generator().manual_seed(0)
    return [
        torch.randn(3, 2, n, 4, generator=random, dtype=dtype, requires_grad=True)
        for n in (5, 7, 7)
    ]


def test_short_attention_equals_torch():
    q, k, v = tensors()
    bias = torch.randn(3, 1, 1, 7, dtype=torch.float64)
    expected = scaled_dot_product_attention(q, k, v, attn_mask=bias)
    torch.testing.assert_close(_ShortAttention.apply(q * 0.5, k, v, bias), expected)


def test_short_attention_gradients():
    q, k, v = tensors()
    bias = torch.randn(3, 1, 1, 7, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda *x: _ShortAttention.apply(*x, bias), (q, k, v))


def test_short_attention_stays_finite_at_extreme_logits():
    q, k, v = tensors(torch.float32)
    for factor in (1e3, -1e3):
        assert torch.isfinite(_ShortAttention.apply(q * factor, k, v, None)).all()
