"""The package's model on many reports at once: the same weights and scores, less time.

The package reads one report after another, keeps what a training step would need, and scores
every pair of spans from a vector of three span representations. Here reports go through the
encoder together (`ml.models.bert`), nothing is kept for training, and the first layer of each
scorer is applied to tokens and spans before they are combined: for a linear layer W
and concatenated parts, W·[a; b; c] = Wₐ·a + W_b·b + W_c·c.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ml.models.bert import hidden_states, is_bert

if TYPE_CHECKING:
    from torch import Tensor


@dataclass
class Encoded:
    """One tokenized report."""

    tokens: list[str]
    word_pieces: list[int]
    offsets: list[tuple[int, int]]
    """First and last word piece of each token; (-1, -1) for a token without any."""
    kinds: list[int]
    mask: list[bool]
    folded: Any = None
    """The package's own mask for a report longer than the encoder reads at once."""

    @property
    def readable(self) -> bool:
        """Whether any token has a word piece: zero-width characters and control codes have none."""
        return any(first >= 0 for first, _ in self.offsets)


@dataclass
class Predicted:
    """The package's predictions for one report, scores not rounded."""

    entities: list[tuple[int, int, str, float, float]]
    """First token, last token, label, raw score, softmax score."""
    relations: list[tuple[int, int, int, int, str, float, float]]


class BatchedModel:
    """Runs the `DyGIE` model inside a package's `RadGraph`."""

    def __init__(self, package_model: Any, batch_size: int = 16) -> None:
        self._package = package_model
        self._model = package_model.model
        self._batch_size = batch_size
        self._kind = package_model.model_type
        self._indexer = package_model.reader._token_indexers["bert"]
        self._embedder = self._model._embedder.token_embedder_bert
        self._longest = self._embedder._matched_embedder._max_length or math.inf
        self._packs = is_bert(self._embedder._matched_embedder.transformer_model)
        self._ner = self._model._ner._ner_scorers[f"{self._kind}__ner_labels"]
        relation = self._model._relation
        name = f"{self._kind}__relation_labels"
        self._pruner = relation._mention_pruners[name]._scorer
        self._pair_layers = relation._relation_feedforwards[name]
        self._pair_scorer = relation._relation_scorers[name]
        self._spans_per_word = relation._spans_per_word
        self._widths = self._model._endpoint_span_extractor._span_width_embedding

    def annotations(self, texts: Sequence[str]) -> list[dict[str, Any] | None]:
        """What the package's `RadGraph` returns for each text; None for one it cannot read.

        A text without a readable token costs only itself: the package fails on it, and
        with it on every report of the batch.
        """
        encoded = self.encode(texts)
        done = iter(self._processed([report for report in encoded if report.readable]))
        return [next(done) if report.readable else None for report in encoded]

    def _processed(self, encoded: Sequence[Encoded]) -> list[dict[str, Any]]:
        """The package's annotations of readable reports, in their order."""
        from radgraph.utils import postprocess_reports

        results = [
            {
                "doc_key": str(place),
                "sentences": [report.tokens],
                "predicted_ner": [[list(entity) for entity in predicted.entities]],
                "predicted_relations": [[list(pair) for pair in predicted.relations]],
            }
            for place, (report, predicted) in enumerate(
                zip(encoded, self.predict(encoded), strict=True)
            )
        ]
        done = postprocess_reports(results)
        return [done[str(place)] for place in range(len(encoded))]

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """Cut texts into tokens and word pieces as the package does."""
        from radgraph.allennlp.data.tokenizers import Token
        from radgraph.utils import preprocess_reports

        reports = []
        for report in preprocess_reports(list(texts), self._kind):
            tokens = report["sentences"][0]
            words = [Token(self._package.reader._normalize_word(word)) for word in tokens]
            indexed = self._indexer.tokens_to_indices(words, self._model.vocab)
            reports.append(
                Encoded(
                    tokens,
                    indexed["token_ids"],
                    indexed["offsets"],
                    indexed["type_ids"],
                    indexed["wordpiece_mask"],
                    indexed.get("segment_concat_mask"),
                )
            )
        return reports

    def predict(self, reports: Sequence[Encoded]) -> list[Predicted]:
        """Entities and relations of each report, in their order."""
        import torch

        found: list[Predicted] = []
        with torch.inference_mode():
            for start in range(0, len(reports), self._batch_size):
                batch = reports[start : start + self._batch_size]
                found += self._scored(self._word_vectors(batch))
        return found

    def _word_vectors(self, reports: Sequence[Encoded]) -> list[Tensor]:
        """(tokens, dimensions) for each report."""
        ours = [self._packs and len(r.word_pieces) <= self._longest for r in reports]
        packed = iter(
            hidden_states(
                self._embedder._matched_embedder.transformer_model,
                [r.word_pieces for r, own in zip(reports, ours, strict=True) if own],
            )
        )
        return [
            self._by_token(next(packed), report) if own else self._by_package(report)
            for report, own in zip(reports, ours, strict=True)
        ]

    def _by_token(self, pieces: Tensor, report: Encoded) -> Tensor:
        """The mean of each token's word pieces; zero for a token without any."""
        import torch

        firsts, lasts = torch.tensor(report.offsets, device=pieces.device).T
        sums = torch.cat([torch.zeros_like(pieces[:1]), pieces.double().cumsum(0)])
        counts = torch.where(firsts < 0, 0, lasts - firsts + 1).unsqueeze(1)
        means = (sums[lasts + 1] - sums[firsts.clamp(min=0)]) / counts.clamp(min=1)
        return torch.where(counts > 0, means, 0.0).float()

    def _by_package(self, report: Encoded) -> Tensor:
        """The same from the package: for a report longer than its encoder reads, which it folds."""
        import torch

        def one(row: list[Any], kind: Any) -> Tensor:
            return torch.tensor([row], dtype=kind, device=self._package.device)

        whole = report.mask if report.folded is None else report.folded
        vectors: Tensor = self._embedder(
            one(report.word_pieces, torch.long),
            one([True] * len(report.tokens), torch.bool),
            one(report.offsets, torch.long),
            one(report.mask, torch.bool),
            one(report.kinds, torch.long),
            one(whole, torch.bool),
        )
        return vectors[0]

    def _scored(self, vectors: list[Tensor]) -> Iterator[Predicted]:
        """Score all spans of all reports together, the pairs report by report."""
        import torch

        spans = [self._spans(len(v)) for v in vectors]
        firsts = [0]
        for one in vectors[:-1]:
            firsts.append(firsts[-1] + len(one))
        words = torch.cat(vectors)
        starts = torch.cat([s + first for (s, _), first in zip(spans, firsts, strict=True)])
        ends = torch.cat([e + first for (_, e), first in zip(spans, firsts, strict=True)])
        labels = self._span_scores(self._ner, words, starts, ends)
        mentions = self._span_scores(self._pruner, words, starts, ends).squeeze(1)
        sizes = [len(s) for s, _ in spans]
        for one, (s, e), scores, mention in zip(
            vectors, spans, labels.split(sizes), mentions.split(sizes), strict=True
        ):
            yield Predicted(self._entities(s, e, scores), self._relations(one, s, e, mention))

    def _spans(self, length: int) -> tuple[Tensor, Tensor]:
        """First and last token of every span of at most the model's width, in its order."""
        import torch

        device = self._package.device
        starts = torch.arange(length, device=device).unsqueeze(1)
        ends = starts + torch.arange(self._model._max_span_width, device=device)
        inside = ends < length
        return starts.expand_as(ends)[inside], ends[inside]

    def _span_scores(self, scorer: Any, words: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
        """(spans, classes): a scorer on [first token; last token; width]."""
        import torch

        layers, last = scorer[0]._module, scorer[1]._module
        first = layers._linear_layers[0]
        dimensions = words.shape[1]
        by_start, by_end, by_width = first.weight.split(
            [dimensions, dimensions, first.weight.shape[1] - 2 * dimensions], dim=1
        )
        projected = words @ torch.cat([by_start, by_end]).T
        at_start, at_end = projected.split(len(by_start), dim=1)
        width = self._widths.weight @ by_width.T + first.bias
        hidden = at_start[starts] + at_end[ends] + width[ends - starts]
        return last(_after_first(layers, hidden))

    def _entities(
        self, starts: Tensor, ends: Tensor, scores: Tensor
    ) -> list[tuple[int, int, str, float, float]]:
        kinds, raw, soft = _chosen(scores)
        kept = kinds.nonzero().squeeze(1)
        vocabulary, name = self._model.vocab, f"{self._kind}__ner_labels"
        return [
            (start, end, vocabulary.get_token_from_index(kind, name), score, probability)
            for start, end, kind, score, probability in zip(
                *(t[kept].tolist() for t in (starts, ends, kinds, raw, soft)), strict=True
            )
        ]

    def _relations(
        self, words: Tensor, starts: Tensor, ends: Tensor, mentions: Tensor
    ) -> list[tuple[int, int, int, int, str, float, float]]:
        import torch

        keep = max(1, int(torch.ceil(torch.tensor(float(len(words))) * self._spans_per_word)))
        top = mentions.topk(keep).indices.sort().values
        starts, ends, mentions = starts[top], ends[top], mentions[top]
        spans = torch.cat([words[starts], words[ends], self._widths.weight[ends - starts]], dim=1)
        scores = self._pair_scores(spans) + (mentions[:, None] + mentions[None, :]).unsqueeze(-1)
        kinds, raw, soft = _chosen(scores)
        pairs = kinds.nonzero()
        vocabulary, name = self._model.vocab, f"{self._kind}__relation_labels"
        places = list(zip(starts.tolist(), ends.tolist(), strict=True))
        at = (pairs[:, 0], pairs[:, 1])
        return [
            (*places[i], *places[j], vocabulary.get_token_from_index(k - 1, name), score, p)
            for (i, j), k, score, p in zip(
                pairs.tolist(), *(t[at].tolist() for t in (kinds, raw, soft)), strict=True
            )
        ]

    def _pair_scores(self, spans: Tensor) -> Tensor:
        """(spans, spans, classes): the relation scorer on [one; other; one · other]."""
        import torch

        first = self._pair_layers._linear_layers[0]
        by_one, by_other, by_both = first.weight.chunk(3, dim=1)
        one, other = (spans @ torch.cat([by_one, by_other]).T).chunk(2, dim=1)
        row, column = torch.triu_indices(len(spans), len(spans), device=spans.device)
        half = (spans[row] * spans[column]) @ by_both.T
        both = half.new_empty(len(spans), len(spans), half.shape[1])
        both[row, column] = half
        both[column, row] = half
        hidden = both + one[:, None] + other[None, :] + first.bias
        return self._pair_scorer(_after_first(self._pair_layers, hidden))


def _after_first(layers: Any, hidden: Tensor) -> Tensor:
    """A feed-forward network from the output of its first linear layer on."""
    hidden = layers._activations[0](hidden)
    for linear, activation in zip(
        list(layers._linear_layers)[1:], list(layers._activations)[1:], strict=True
    ):
        hidden = activation(linear(hidden))
    return hidden


def _chosen(scores: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Best class (0 is none, whose score is 0), its raw and its softmax score."""
    import torch

    scores = torch.cat([torch.zeros_like(scores[..., :1]), scores], dim=-1)
    raw, kinds = scores.max(dim=-1)
    return kinds, raw, scores.softmax(dim=-1).amax(dim=-1)
