from transformers import CLIPTokenizer

from training.demo.tokenizer import CONTEXT, build_tokenizer, save_tokenizer, words


def test_every_word_of_the_grammar_is_one_token():
    tokenizer = build_tokenizer()
    for word in words():
        assert len(tokenizer(word).input_ids) == 3, word


def test_any_other_word_is_spelled():
    tokenizer = build_tokenizer()
    ids = tokenizer("zyzzyva").input_ids
    assert tokenizer.unk_token_id not in ids[1:-1]
    assert tokenizer.decode(ids, skip_special_tokens=True).strip() == "zyzzyva"


def test_what_is_saved_is_a_plain_clip_tokenizer(tmp_path):
    save_tokenizer(tmp_path)
    again = CLIPTokenizer.from_pretrained(tmp_path)
    text = "a photo of sks person smiling on a beach wearing a red shirt"
    assert again(text).input_ids == build_tokenizer()(text).input_ids
    assert again.model_max_length == CONTEXT
