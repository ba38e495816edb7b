import type { AdapterConfig } from './config';

/** A README.md for an adapter's folder; rank, scale and layers are in adapter_config.json only. */
export function modelCard({ base_model_name_or_path: base }: AdapterConfig): string {
  const model = base ?? 'the base model that it was trained on';
  return `---
${base === null ? '' : `base_model: ${JSON.stringify(base)}\n`}library_name: peft
tags:
  - lora
---

# A LoRA adapter

A low-rank update for the linear layers of ${model}, in PEFT's format. Rank, scale and layers are in
\`adapter_config.json\`. It was trained with TensorFlow.js and loads in Python:

\`\`\`python
from peft import PeftModel
from transformers import AutoModelForCausalLM

base = AutoModelForCausalLM.from_pretrained(${JSON.stringify(base ?? 'path/to/base')})
model = PeftModel.from_pretrained(base, "path/to/this/folder")
\`\`\`
`;
}
