"""PyTorch and PEFT as a rival of the bench: answers requests, one JSON line each.

    peft_worker.py make FOLDER SHAPE    a random model of this config, adapters on its targets
    peft_worker.py work FOLDER DEVICE   answers requests on its standard input
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM

answers = sys.stdout
sys.stdout = sys.stderr  # the output of libraries must not mix with the answers

ALPHA_OVER_R = 2
RANK = 8
ADAPTERS = ["default", "second", "third"]
CHECKED_TOKENS = 4


def make(folder, shape):
    torch.manual_seed(1)
    shape = json.loads(shape)
    keys = shape["config"]
    is_gpt2 = keys["model_type"] == "gpt2"
    if is_gpt2:
        keys |= {"attn_pdrop": 0, "embd_pdrop": 0, "resid_pdrop": 0}
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**keys), dtype=torch.float32)
    model.save_pretrained(folder)
    config = LoraConfig(
        r=RANK,
        lora_alpha=ALPHA_OVER_R * RANK,
        target_modules=shape["targets"],
        fan_in_fan_out=is_gpt2,
        task_type="CAUSAL_LM",
    )
    adapted = get_peft_model(model, config)
    for name in ADAPTERS[1:]:
        adapted.add_adapter(name, config)
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.02)
    adapted.save_pretrained(Path(folder) / "adapter")


def load(folder):
    base = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="sdpa"
    )
    return PeftModel.from_pretrained(base, Path(folder) / "adapter", is_trainable=True).to(DEVICE)


def numbers(shape, seed, size):
    """The same numbers as in job.ts."""
    i = np.arange(1, np.prod(shape) + 1, dtype=np.float64)
    values = size * np.sin(0.37 * i**2 + seed)
    return torch.from_numpy(values.astype(np.float32)).reshape(shape).to(DEVICE)


def root_mean_squares(tensors):
    return [tensor.detach().square().mean().sqrt().item() for tensor in tensors]


class Linear:
    def __init__(self, work, _folder):
        k, d, r = work["inFeatures"], work["outFeatures"], work["r"]
        layer = torch.nn.Linear(k, d).to(DEVICE)
        layer.weight.data, layer.bias.data = numbers((d, k), 2, 0.04), numbers((d,), 3, 0.1)
        self.x, self.dy = numbers((work["tokens"], k), 1, 1), numbers((work["tokens"], d), 6, 1)
        self.backward, self.inputs = work["backward"], [self.x]
        self.layer = layer.requires_grad_(False)
        if r > 0:
            self.adapt(layer, r)
        for tensor in self.inputs:
            tensor.requires_grad_(self.backward)

    def adapt(self, layer, r):
        config = LoraConfig(r=r, lora_alpha=ALPHA_OVER_R * r, target_modules=["0"])
        self.layer = get_peft_model(torch.nn.Sequential(layer), config).base_model.model[0]
        A, B = self.layer.lora_A["default"].weight, self.layer.lora_B["default"].weight
        A.data, B.data = numbers(A.shape, 4, 0.04), numbers(B.shape, 5, 0.02)
        self.inputs += [A, B]

    def compute(self):
        with torch.set_grad_enabled(self.backward):
            y = self.layer(self.x)
        if self.backward:
            for tensor in self.inputs:
                tensor.grad = None
            y.backward(self.dy)
        return y

    def run(self):
        self.compute()

    def check(self):
        y = self.compute()
        return root_mean_squares([y, *(t.grad for t in self.inputs if self.backward)])


class Step:
    def __init__(self, work, folder):
        self.model = load(folder).train()
        self.ids = torch.tensor(work["ids"], device=DEVICE)
        labels = torch.tensor(work["labels"], device=DEVICE)
        self.labels = torch.where(labels < 0, -100, labels)
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(self.parameters, lr=1e-4, weight_decay=0.01)

    def loss(self):
        # The labels are those of the next tokens already.
        return self.model(input_ids=self.ids, labels=self.labels, shift_labels=self.labels).loss

    def run(self):
        loss = self.loss()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        loss.item()

    def check(self):
        loss = self.loss()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, float("inf"))
        self.optimizer.zero_grad()
        return [loss.item(), norm.item()]


class Forward:
    def __init__(self, work, folder):
        self.model = load(folder).eval()
        self.ids = torch.tensor(work["ids"], device=DEVICE)

    @torch.no_grad()
    def run(self):
        return self.model(input_ids=self.ids, use_cache=False).logits

    def check(self):
        return root_mean_squares([self.run()])


class Mixed(Forward):
    def __init__(self, work, folder):
        super().__init__(work, folder)
        for name in ADAPTERS[1:]:
            self.model.load_adapter(Path(folder) / "adapter" / name, name)
        self.names = [name for name in ADAPTERS for _ in range(len(work["ids"]) // len(ADAPTERS))]

    @torch.no_grad()
    def run(self):
        return self.model(input_ids=self.ids, use_cache=False, adapter_names=self.names).logits


class Generate:
    def __init__(self, work, folder):
        self.model = load(folder).eval()
        if not work["adapter"]:
            self.model = self.model.unload()
        self.ids = torch.tensor(work["ids"], device=DEVICE)
        self.count = work["newTokens"]
        self.model.generation_config.eos_token_id = None

    @torch.no_grad()
    def write(self, count):
        mask = torch.ones_like(self.ids)
        options = {"do_sample": False, "use_cache": True, "pad_token_id": 0}
        written = self.model.generate(
            input_ids=self.ids, attention_mask=mask, max_new_tokens=count, **options
        )
        return written[0, self.ids.shape[1] :].tolist()

    def run(self):
        assert len(self.write(self.count)) == self.count

    def check(self):
        return self.write(CHECKED_TOKENS)


class Product:
    def __init__(self, work, _folder):
        self.a, self.b = (numbers((work["size"],) * 2, seed, 1) for seed in (1, 2))

    def run(self):
        return self.a @ self.b

    def check(self):
        return root_mean_squares([self.run()])


class Add(Product):
    def __init__(self, work, _folder):
        self.a, self.b = (numbers((work["size"],), seed, 1) for seed in (1, 2))

    def run(self):
        return self.a + self.b


KINDS = {
    "linear": Linear,
    "step": Step,
    "forward": Forward,
    "mixed": Mixed,
    "generate": Generate,
    "product": Product,
    "add": Add,
}


def answer(request, jobs, folder):
    if "prepare" in request:
        jobs[request["prepare"]] = KINDS[request["work"]["kind"]](request["work"], folder)
    elif "check" in request:
        return {"numbers": jobs[request["check"]].check()}
    elif "count" in request:
        return {}  # PyTorch's calls are not counted
    elif "run" in request:
        return {"milliseconds": measure(jobs[request["run"]], request["repeats"])}
    else:
        jobs.clear()
    return {}


def measure(job, repeats):
    start = time.perf_counter()
    for _ in range(repeats):
        job.run()
    if DEVICE != "cpu":
        torch.cuda.synchronize()
    return 1000 * (time.perf_counter() - start) / repeats


def tell(message):
    print(json.dumps(message), file=answers, flush=True)


if __name__ == "__main__":
    what, folder, argument = sys.argv[1:]
    if what == "make":
        make(folder, argument)
    else:
        DEVICE = argument
        gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
        threads = f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads"
        tell({"backend": DEVICE, "device": gpu or threads, "hasGpu": gpu is not None})
        tasks = {}
        for line in sys.stdin:
            tell(answer(json.loads(line), tasks, folder))
