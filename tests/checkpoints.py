"""Small random checkpoints in the formats of the real ones, read by the same code."""

from __future__ import annotations

import json
import string
from collections.abc import Iterable
from pathlib import Path
from typing import Any

WORDS = """the a is are no of and in with right left lower upper lobe lung lungs heart pleural
effusion pneumothorax small large mild moderate enlarged clear normal size nodule opacity
consolidation edema there evidence acute cardio ##pulmonary ##megaly process . , - 1 2 cm mm
atelectasis base apex tube tip above carina rib fracture seen unchanged since prior""".split()  # noqa: SIM905
LETTERS = [*"abcdefghijklmnopqrstuvwxyz0123456789.,:;()/%-'"]
NER_LABELS = (
    "Observation::definitely present",
    "Anatomy::definitely present",
    "Observation::definitely absent",
    "Observation::uncertain",
)
RELATION_LABELS = ("modify", "located_at", "suggestive_of")
FEWER_ENTITIES, FEWER_RELATIONS = 0.12, 0.1
TINY = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
FULL = {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12}


def bert_folder(folder: Path, size: dict[str, int], words: Iterable[str] = WORDS) -> Any:
    """A BERT tokenizer and configuration (no weights) in a folder; returns the configuration."""
    from transformers import BertConfig, BertTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words, *LETTERS]
    pieces += [f"##{letter}" for letter in LETTERS]
    pieces = list(dict.fromkeys(pieces))
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n")
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(pieces),
        intermediate_size=4 * size["hidden_size"],
        **size,
    )
    config.save_pretrained(folder)
    return config


def radgraph_folder(
    folder: Path, size: dict[str, int] = TINY, words: Iterable[str] = WORDS
) -> Path:
    """A RadGraph-XL model of random weights: folder with ``radgraph-xl`` and ``encoder``."""
    import torch

    bert_folder(folder / "encoder", size, words)
    target = folder / "radgraph-xl"
    names = target / "vocabulary"
    names.mkdir(parents=True)
    (names / "non_padded_namespaces.txt").write_text("*labels\n*tags\n")
    (names / "radgraph-xl__ner_labels.txt").write_text("\n".join(("", *NER_LABELS)) + "\n")
    (names / "radgraph-xl__relation_labels.txt").write_text("\n".join(RELATION_LABELS) + "\n")
    (target / "config.json").write_text(json.dumps(_radgraph_config(), indent=1))
    torch.manual_seed(0)
    torch.save(_radgraph_weights(folder), target / "weights.th")
    return folder


def _radgraph_config() -> dict[str, Any]:
    bert = {"model_name": "../encoder", "max_length": 512}
    return {
        "dataset_reader": {
            "type": "dygie",
            "max_span_width": 12,
            "token_indexers": {"bert": {"type": "pretrained_transformer_mismatched", **bert}},
        },
        "model": {
            "type": "dygie",
            "embedder": {
                "token_embedders": {"bert": {"type": "pretrained_transformer_mismatched", **bert}}
            },
            "initializer": {},
            "module_initializer": {},
            "modules": {
                "coref": {"spans_per_word": 0.3, "max_antecedents": 100, "coref_prop": 0},
                "ner": {},
                "relation": {"spans_per_word": 0.5},
                "events": {
                    "trigger_spans_per_word": 0.3,
                    "argument_spans_per_word": 0.8,
                    "loss_weights": {"trigger": 1.0, "arguments": 1.0},
                },
            },
            "feature_size": 20,
            "max_span_width": 12,
            "target_task": "relation",
            "feedforward_params": {"num_layers": 2, "hidden_dims": 150, "dropout": 0.4},
            "loss_weights": {"ner": 0.2, "relation": 1.0, "coref": 0.0, "events": 0.0},
        },
    }


def _radgraph_weights(folder: Path) -> dict[str, Any]:
    """Random weights of the model that the package builds from the configuration.

    The last biases are lowered so that some spans are entities and most, as in life, are not.
    """
    import contextlib
    import io

    from ml.radgraph.loading import _view
    from ml.radgraph.package import package

    with _view(folder, "radgraph-xl") as view:
        from unittest import mock

        with (
            contextlib.redirect_stdout(io.StringIO()),
            mock.patch("torch.load", return_value={}),
            mock.patch("torch.nn.Module.load_state_dict"),
        ):
            made = package().RadGraph(model_type="radgraph-xl", model_cache_dir=str(view), cuda=-1)
    state = made.model.state_dict()
    state["_ner._ner_scorers.radgraph-xl__ner_labels.1._module.bias"] -= FEWER_ENTITIES
    state["_relation._relation_scorers.radgraph-xl__relation_labels.bias"] -= FEWER_RELATIONS
    return state


REPORTS = (
    "The lungs are clear. No pleural effusion or pneumothorax. The heart is normal in size.",
    "Small left pleural effusion. Mild cardiomegaly with moderate pulmonary edema.",
    "Consolidation in the right lower lobe, 2 cm nodule in the left upper lobe.",
    "Effusion.",
    "There is no acute cardiopulmonary process (unchanged since prior). Rib fracture seen: 5%.",
    "Endotracheal tube tip 3.5 cm above the carina. " * 4,
)


def chexbert_folder(
    folder: Path, size: dict[str, int] = TINY, words: Iterable[str] = WORDS
) -> Path:
    """A CheXbert checkpoint of random weights, as written by training on several GPUs."""
    import numpy as np
    import torch
    from transformers import BertModel

    config = bert_folder(folder / "tokenizer", size, words)
    torch.manual_seed(0)
    state = {f"module.bert.{k}": v for k, v in BertModel(config).state_dict().items()}
    for place in range(14):
        rows = 2 if place == 13 else 4
        state[f"module.linear_heads.{place}.weight"] = 0.02 * torch.randn(rows, size["hidden_size"])
        state[f"module.linear_heads.{place}.bias"] = torch.zeros(rows)
    state["module.bert.embeddings.position_ids"] = torch.arange(512)[None]
    content = {"epoch": 3, "model_state_dict": state, "best_metric": np.float64(0.7)}
    torch.save(content, folder / "chexbert.pth")
    return folder


def published_chexbert(folder: Path) -> Any:
    """How the published code labels reports: BERT with a pooler, texts padded to the longest.

    Returns a function texts → fourteen tensors (texts, classes) of scores, in one pass.
    """
    import torch
    from transformers import BertConfig, BertModel, BertTokenizer

    tokenizer = BertTokenizer.from_pretrained(folder / "tokenizer")
    bert = BertModel(BertConfig.from_pretrained(folder / "tokenizer"))
    content = torch.load(folder / "chexbert.pth", weights_only=False)
    state = {k.removeprefix("module."): v for k, v in content["model_state_dict"].items()}
    bert.load_state_dict(
        {k[5:]: v for k, v in state.items() if k.startswith("bert.") and "position_ids" not in k}
    )
    bert.eval()

    def scores(texts: list[str]) -> list[Any]:
        rows = [tokenizer.encode(" ".join(text.split())) for text in texts]
        rows = [r if len(r) <= 512 else [*r[:511], tokenizer.sep_token_id] for r in rows]
        longest = max(len(row) for row in rows)
        ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
        with torch.no_grad():
            hidden = bert(ids, attention_mask=mask)[0][:, 0]
            return [
                hidden @ state[f"linear_heads.{n}.weight"].T + state[f"linear_heads.{n}.bias"]
                for n in range(14)
            ]

    return scores


CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<start_of_turn>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}<start_of_image>"
    "{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
TINY_GEMMA = {
    "text": {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "sliding_window": 512,
    },
    "vision": {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 28,
        "patch_size": 7,
    },
    "image_tokens": 4,
    "words": 0,
    "is_tied": False,
    "spread": 0.5,
}
FULL_GEMMA = {
    "text": {
        "hidden_size": 2560,
        "intermediate_size": 10_240,
        "num_hidden_layers": 34,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "head_dim": 256,
        "sliding_window": 1024,
    },
    "vision": {
        "hidden_size": 1152,
        "intermediate_size": 4304,
        "num_hidden_layers": 27,
        "num_attention_heads": 16,
        "image_size": 896,
        "patch_size": 14,
    },
    "image_tokens": 256,
    "words": 261_943,
    "is_tied": True,
    "spread": 0.02,
}
"""The shape of Gemma 3 4B, which MedGemma 4B is: a vocabulary of 262,208."""


def _gemma_tokenizer(words: int = 0) -> Any:
    """Bytes as tokens, Gemma 3's special ones, and as many made-up words."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]
    image = {
        "boi_token": "<start_of_image>",
        "eoi_token": "<end_of_image>",
        "image_token": "<image_soft_token>",
    }
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [*special, *image.values(), *alphabet, *(f"Ġw{n}" for n in range(words))]
    tokenizer = Tokenizer(models.BPE({piece: n for n, piece in enumerate(pieces)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="<eos>",
        bos_token="<bos>",
        unk_token="<unk>",
        additional_special_tokens=[*special[4:], *image.values()],
        extra_special_tokens=image,
        chat_template=CHAT_TEMPLATE,
    )


def gemma3_folder(folder: Path, shape: dict[str, Any] = TINY_GEMMA) -> Path:
    """A Gemma 3 of random weights: what MedGemma is, and unless told otherwise far smaller."""
    import torch
    from transformers import (
        Gemma3Config,
        Gemma3ForConditionalGeneration,
        Gemma3ImageProcessor,
        Gemma3Processor,
    )

    tokenizer = _gemma_tokenizer(shape["words"])
    token = tokenizer.convert_tokens_to_ids
    config = Gemma3Config(
        text_config={
            **shape["text"],
            "vocab_size": len(tokenizer),
            "max_position_embeddings": 16_384,
            "tie_word_embeddings": shape["is_tied"],
            "initializer_range": shape["spread"],
            "pad_token_id": token("<pad>"),
            "eos_token_id": token("<eos>"),
            "bos_token_id": token("<bos>"),
        },
        vision_config={**shape["vision"], "vision_use_head": False},
        mm_tokens_per_image=shape["image_tokens"],
        tie_word_embeddings=shape["is_tied"],
        boi_token_index=token("<start_of_image>"),
        eoi_token_index=token("<end_of_image>"),
        image_token_index=token("<image_soft_token>"),
    )
    torch.manual_seed(0)
    model = Gemma3ForConditionalGeneration(config)
    # It is made of zeros, so that a model that was not trained would see nothing.
    torch.nn.init.normal_(model.model.multi_modal_projector.mm_input_projection_weight)
    # Half a letter is shown by some servers and kept back by others: it writes whole ones only.
    letters = token([*string.ascii_letters, "Ġ", "."])
    unwritten = set(range(len(tokenizer) - shape["words"])) - set(letters)
    model.generation_config.suppress_tokens = sorted(unwritten)
    model.save_pretrained(folder)
    pixels = shape["vision"]["image_size"]
    images = Gemma3ImageProcessor(
        size={"height": pixels, "width": pixels}, image_mean=[0.5] * 3, image_std=[0.5] * 3
    )
    Gemma3Processor(
        images, tokenizer, chat_template=CHAT_TEMPLATE, image_seq_length=shape["image_tokens"]
    ).save_pretrained(folder)
    return folder
