#include "native-op.h"

namespace lora {
namespace {

inline float sigmoid(float x) { return 1 / (1 + exponential(-x)); }

// y = gate σ(gate) up
void forward(Run& run) {
  const View gate = run.input(0), up = run.input(1), y = run.output(0, gate.shape);
  parallel(gate.size(), 8, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; i++) {
      y.data[i] = gate.data[i] * sigmoid(gate.data[i]) * up.data[i];
    }
  });
}

// dL/dgate = dL/dy up σ (1 + gate (1 - σ)),  dL/dup = dL/dy gate σ
void gradient(Run& run) {
  const View dy = run.input(0), gate = run.input(1), up = run.input(2);
  const View dGate = run.output(0, gate.shape), dUp = run.output(1, gate.shape);
  parallel(gate.size(), 10, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; i++) {
      const float in = gate.data[i], share = sigmoid(in), grad = dy.data[i];
      dGate.data[i] = grad * up.data[i] * share * (1 + in * (1 - share));
      dUp.data[i] = grad * in * share;
    }
  });
}

const Op forwardOp{"LoraSwiGLU", {"gate: float", "up: float"}, {"y: float"}, {}, forward};
const Op gradientOp{"LoraSwiGLUGradient",
                    {"dy: float", "gate: float", "up: float"},
                    {"dgate: float", "dup: float"},
                    {},
                    gradient};
const Entry<forwardOp> forwardEntry;
const Entry<gradientOp> gradientEntry;

}  // namespace
}  // namespace lora
