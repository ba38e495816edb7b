"""Loads adapters that were made here with PEFT, and compares what it computes, in float64.

    python tests/interop/check_adapters.py FOLDER

Each folder in FOLDER holds adapter/, expected.json and, for a language model, merged/, its plain model.
"""

import base64
import gzip
import json
import pathlib
import sys
import warnings

import torch
from peft import PeftModel
from peft.tuners.lora import LoraLayer
from transformers import AutoModelForCausalLM

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures"
sys.path.insert(0, str(FIXTURES))
from peft_adapters import Net  # noqa: E402

TOLERANCE = {"F32": 1e-5, "F16": 5e-3}


def decode(array):
    values = torch.frombuffer(bytearray(base64.b64decode(array["data"])), dtype=torch.float32)
    return values.reshape(array["shape"])


def language_model(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")


def base_model(kind):
    if kind != "net":
        return language_model(FIXTURES / ("gpt2_tiny" if kind == "gpt2" else f"llama_tiny/{kind}"))
    packed = json.loads(gzip.decompress((FIXTURES / "peft_adapters.json.gz").read_bytes()))
    net = Net()
    net.load_state_dict({name: decode(array) for name, array in packed["net"].items()})
    return net


def output(model, expected):
    x = decode(expected["x"])
    with torch.no_grad():
        if expected["kind"] == "net":
            return model.double().eval()(x.double()).flatten()
        return model.double().eval()(x.long()).logits[:, -1].flatten()


def difference(got, want):
    return ((got - want).abs().max() / want.abs().max()).item()


def check(folder):
    """Returns the largest relative difference, of adapter and merged model."""
    expected = json.loads((folder / "expected.json").read_text())
    want = torch.tensor(expected["y"], dtype=torch.float64)
    model = PeftModel.from_pretrained(base_model(expected["kind"]), folder / "adapter")
    names = [n for n, m in model.base_model.model.named_modules() if isinstance(m, LoraLayer)]
    assert sorted(names) == sorted(expected["names"]), f"PEFT adapts {names}"
    differences = [difference(output(model, expected), want)]
    assert difference(output(base_model(expected["kind"]), expected), want) > 1e-2, "no effect"
    if (folder / "merged").exists():
        differences.append(difference(output(language_model(folder / "merged"), expected), want))
    header = (folder / "adapter" / "adapter_model.safetensors").read_bytes()[8:2000]
    limit = TOLERANCE["F16" if b'"F16"' in header else "F32"]
    assert max(differences) <= limit, f"differs by {max(differences):.2e}, allowed {limit}"
    return max(differences)


def main(root):
    warnings.simplefilter("error", UserWarning)  # PEFT only warns of keys that are missing or unknown
    # An adapter on a table that is also the head leaves the head alone, there and here.
    warnings.filterwarnings("ignore", "Model has `tie_word_embeddings=True` and a tied layer")
    warnings.filterwarnings("ignore", category=FutureWarning)
    failed, folders = 0, sorted(pathlib.Path(root).iterdir())
    for folder in folders:
        try:
            print(f"ok   {folder.name}: differs by {check(folder):.1e}")
        except Exception as error:
            failed += 1
            print(f"FAIL {folder.name}: {error}")
    print(f"{len(folders) - failed} of {len(folders)} adapters load in PEFT and compute the same")
    return 1 if failed or not folders else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
