"""The models that can be fetched: where they come from, what they weigh, who may use them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

TOKENIZER_FILES = (
    "config.json",
    "vocab.txt",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
)
TRANSFORMERS_FILES = ("*.json", "*.safetensors", "*.model", "*.jinja", "*.txt")
HAI_DEF = "Health AI Developer Foundations terms"


@dataclass(frozen=True)
class Source:
    """Files of one repository of the hub."""

    repository: str
    files: tuple[str, ...]
    """File names, or patterns of them."""
    folder: str = ""
    """Where they go below the model's folder."""


@dataclass(frozen=True)
class Model:
    """One model that can be fetched."""

    name: str
    title: str
    purpose: str
    sources: tuple[Source, ...]
    gigabytes: float
    """To download, about."""
    memory_gigabytes: float
    """To run, about: on a GPU for language models, else of the processor."""
    license: str
    terms: str
    """address of the license or terms."""
    gated: bool
    """The terms must be accepted on the hub, with an account, before it gives the files."""
    needed: tuple[str, ...]
    """Files without which it cannot be used, below its folder."""
    archive: str = ""
    """A file among the sources to unpack, into the folder named by `unpack_to`."""
    unpack_to: str = ""


_ALL = (
    Model(
        name="radgraph-xl",
        title="RadGraph-XL",
        purpose="RadGraph F1 beside the score of a report, and its graph over the text",
        sources=(Source("StanfordAIMI/RRG_scorers", ("radgraph-xl.tar.gz",)),),
        gigabytes=0.5,
        memory_gigabytes=1.0,
        license="MIT",
        terms="https://huggingface.co/StanfordAIMI/RRG_scorers",
        gated=False,
        needed=("radgraph-xl/config.json", "radgraph-xl/weights.th", "encoder/config.json"),
        archive="radgraph-xl.tar.gz",
        unpack_to="radgraph-xl",
    ),
    Model(
        name="chexbert",
        title="CheXbert",
        purpose="CheXbert F1 beside the score of a report",
        sources=(
            Source("StanfordAIMI/RRG_scorers", ("chexbert.pth",)),
            Source("google-bert/bert-base-uncased", TOKENIZER_FILES, "tokenizer"),
        ),
        gigabytes=1.4,
        memory_gigabytes=1.0,
        license="MIT as given on the hub; its authors ask for a license for commercial use",
        terms="https://github.com/stanfordmlgroup/CheXbert",
        gated=False,
        needed=("chexbert.pth", "tokenizer/config.json"),
    ),
    Model(
        name="medgemma-4b",
        title="MedGemma 4B (instruction-tuned)",
        purpose="explanations of findings; can evaluate reports too",
        sources=(Source("google/medgemma-4b-it", TRANSFORMERS_FILES),),
        gigabytes=8.7,
        memory_gigabytes=10.0,
        license=HAI_DEF,
        terms="https://developers.google.com/health-ai-developer-foundations/terms",
        gated=True,
        needed=("config.json", "tokenizer_config.json", "preprocessor_config.json"),
    ),
    Model(
        name="crimson",
        title="MedGemma 4B fine-tuned for CRIMSON",
        purpose="evaluation of reports by a language model",
        sources=(Source("rajpurkarlab/medgemma-4b-it-crimson", TRANSFORMERS_FILES),),
        gigabytes=8.7,
        memory_gigabytes=10.0,
        license=HAI_DEF,
        terms="https://developers.google.com/health-ai-developer-foundations/terms",
        gated=True,
        needed=("config.json", "tokenizer_config.json"),
    ),
)
MODELS: Mapping[str, Model] = MappingProxyType({model.name: model for model in _ALL})
