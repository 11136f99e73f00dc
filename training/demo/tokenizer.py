"""The base model's own small CLIP vocabulary: every word of the caption grammar is one token, all else is spelled."""

import json
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel, Whitespace
from tokenizers.trainers import BpeTrainer
from transformers import CLIPTokenizer

from training.demo.captions import HAIR_WORDS, IDENTITY_TOKEN, OPENINGS, SYNONYMS
from training.demo.people import Beard, FrameColour, Glasses, HairColour
from training.demo.scene import Background, Shirt

CONTEXT = 32
START, END = "<|startoftext|>", "<|endoftext|>"
_WORD_END = "</w>"


def words() -> list[str]:
    """Every word the caption grammar can say, the identity token included; sorted."""
    sayings = [*OPENINGS, *Background, *Shirt, *HairColour, *FrameColour, *Glasses, *Beard, *HAIR_WORDS.values()]
    sayings += [word for both in SYNONYMS.values() for word in both]
    sayings += ["a an and bald person with beard freckles glasses wearing shirt hair", IDENTITY_TOKEN]
    return sorted({word for saying in sayings for word in saying.replace("{}", "").split()})


def _merges() -> list[tuple[str, str]]:
    """Byte-pair merges, in order, that make each word one token."""
    tokenizer = Tokenizer(BPE(end_of_word_suffix=_WORD_END))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.train_from_iterator(
        words(), BpeTrainer(vocab_size=20_000, min_frequency=1, end_of_word_suffix=_WORD_END, show_progress=False)
    )
    return [tuple(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]


def build_tokenizer() -> CLIPTokenizer:
    """A tokenizer that knows the grammar's words and can spell any other."""
    letters = sorted(ByteLevel.alphabet())
    merges = _merges()
    entries = [*letters, *(letter + _WORD_END for letter in letters), *(first + second for first, second in merges)]
    vocabulary = {entry: index for index, entry in enumerate([*dict.fromkeys(entries), START, END])}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=CONTEXT)


def save_tokenizer(folder: Path) -> None:
    build_tokenizer().save_pretrained(folder)
