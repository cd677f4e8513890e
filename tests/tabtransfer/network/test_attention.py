import torch
from torch.nn.functional import scaled_dot_product_attention

from tabtransfer.network import attention
from tabtransfer.network.attention import Block, _fused_attention, _ShortAttention


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


def test_long_and_short_attention_agree(monkeypatch):
    torch.manual_seed(0)
    block = Block(8, 2, scales_with_length=True)
    for parameter in block.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    x, bias = torch.randn(2, 3, 9, 8), torch.randn(2, 1, 1, 1, 9)
    answers = []
    for long in (100, 1):
        monkeypatch.setattr(attention, "LONG", long)
        with torch.inference_mode():
            answers += [block(x, block.read(x)), block(x, block.read(x, bias))]
    torch.testing.assert_close(answers[0], answers[2])
    torch.testing.assert_close(answers[1], answers[3])
    assert not torch.allclose(answers[0], answers[1])


def test_attention_in_parts_equals_the_whole(monkeypatch):
    q, k, v = tensors()
    bias = torch.randn(3, 1, 1, 7, dtype=torch.float64)
    expected = [scaled_dot_product_attention(q, k, v, attn_mask=mask) for mask in (None, bias)]
    monkeypatch.setattr(attention, "GPU_SEQUENCES", 2)
    torch.testing.assert_close(_fused_attention(q, k, v, None), expected[0])
    torch.testing.assert_close(_fused_attention(q, k, v, bias), expected[1])


def test_attention_is_the_weighted_sum_of_values():
    torch.manual_seed(0)
    attention = Block(8, 2, scales_with_length=True).attention.requires_grad_(False)
    for parameter in attention.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    x, bias = torch.randn(2, 9, 8), torch.randn(2, 1, 1, 9)
    keys = attention.read(x, bias)
    weights = attention.weights(x, keys)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 2, 9))
    expected = attention.out((weights @ keys.values).transpose(-2, -3).flatten(-2))
    torch.testing.assert_close(attention(x, keys), expected)
