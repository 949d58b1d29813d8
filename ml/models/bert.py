"""A BERT encoder on many texts of unequal length, without padding.

The texts of a pass lie end to end: every linear layer sees one matrix of all their word
pieces, and attention runs text by text. On a processor a pass of about 512 word pieces is
fastest: larger ones leave its cache, smaller ones read the weights too often. The weights and the
arithmetic are those of the `transformers` model; no mask and no padding are needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

PASS = 512
"""Word pieces of one pass on a processor; a GPU takes `PASS_GPU`."""
PASS_GPU = 16_384


def is_bert(encoder: Any) -> bool:
    """Whether `hidden_states` knows how to run it: BERT with plain positions."""
    from transformers import BertModel

    return (
        isinstance(encoder, BertModel)
        and getattr(encoder.config, "position_embedding_type", None) in (None, "absolute")
        and not encoder.config.is_decoder
    )


def hidden_states(
    encoder: Any, rows: Sequence[Sequence[int]], *, first_only: bool = False
) -> list[Tensor]:
    """The last layer's vectors of each row of word pieces, in the rows' order.

    Args:
        encoder: a `BertModel` in evaluation mode.
        rows: word pieces with [CLS] and [SEP], each row at most as long as BERT reads.
        first_only: give only the vector of each row's first piece, which saves most of the last
            layer.

    Returns:
        (pieces, dimensions) a row; (1, dimensions) with `first_only`. Float32, on the device of
        the encoder.
    """
    import torch

    found: dict[int, Tensor] = {}
    with torch.inference_mode():
        for places in _passes(rows, PASS if encoder.device.type == "cpu" else PASS_GPU):
            vectors = _pass(encoder, [rows[place] for place in places], first_only)
            found |= zip(places, vectors, strict=True)
    return [found[place] for place in range(len(rows))]


def _passes(rows: Sequence[Sequence[int]], most: int) -> Iterator[list[int]]:
    """Places of rows that together have at most so many pieces (or one longer row)."""
    places: list[int] = []
    pieces = 0
    for place, row in enumerate(rows):
        if places and pieces + len(row) > most:
            yield places
            places, pieces = [], 0
        places.append(place)
        pieces += len(row)
    if places:
        yield places


def _pass(encoder: Any, rows: list[Sequence[int]], first_only: bool) -> tuple[Tensor, ...]:
    import torch

    device = encoder.device
    lengths = [len(row) for row in rows]
    pieces = torch.tensor([piece for row in rows for piece in row], device=device)
    positions = torch.cat([torch.arange(length) for length in lengths]).to(device)
    states = encoder.embeddings(input_ids=pieces[None], position_ids=positions[None])[0]
    layers = list(encoder.encoder.layer)
    for layer in layers[:-1] if first_only else layers:
        states = _layer(layer, states, states, lengths, lengths)
    if first_only:
        firsts = torch.tensor([0, *lengths[:-1]], device=device).cumsum(0)
        ones = [1] * len(rows)
        states = _layer(layers[-1], states[firsts], states, ones, lengths)
        return states.split(ones)
    return states.split(lengths)


def _layer(
    layer: Any, asking: Tensor, states: Tensor, asking_lengths: list[int], lengths: list[int]
) -> Tensor:
    """One transformer layer for the pieces of `asking`, which attend to `states` of their row."""
    import torch

    attention = layer.attention.self
    heads = attention.num_attention_heads
    context = torch.cat(
        [
            _attention(query, key, value, heads)
            for query, key, value in zip(
                attention.query(asking).split(asking_lengths),
                attention.key(states).split(lengths),
                attention.value(states).split(lengths),
                strict=True,
            )
        ]
    )
    output = layer.attention.output
    attended = output.LayerNorm(output.dense(context) + asking)
    wide = layer.intermediate(attended)
    return layer.output.LayerNorm(layer.output.dense(wide) + attended)


def _attention(query: Tensor, key: Tensor, value: Tensor, heads: int) -> Tensor:
    from torch.nn.functional import scaled_dot_product_attention

    def split(rows: Tensor) -> Tensor:
        return rows.view(1, len(rows), heads, -1).transpose(1, 2)

    context = scaled_dot_product_attention(split(query), split(key), split(value))
    return context.transpose(1, 2).reshape(len(query), -1)
