#include "native-op.h"

namespace lora {
namespace {

// u = A x + B x³, as in gelu.ts
constexpr float A = 1.5957691216057308f;
constexpr float B = 0.044715f * A;

inline float gateOf(float x) { return 1 / (1 + exponential(-x * (A + B * x * x))); }  // σ(u)

// y = x σ(u)
void forward(Run& run) {
  const View x = run.input(0), y = run.output(0, x.shape);
  parallel(x.size(), 8, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; i++) y.data[i] = x.data[i] * gateOf(x.data[i]);
  });
}

// dL/dx = dL/dy (σ + x σ (1 - σ) u'),  u' = A + 3 B x²
void gradient(Run& run) {
  const View dy = run.input(0), x = run.input(1), dx = run.output(0, x.shape);
  parallel(x.size(), 8, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; i++) {
      const float in = x.data[i], gate = gateOf(in);
      dx.data[i] = dy.data[i] * gate * (1 + in * (1 - gate) * (A + 3 * B * in * in));
    }
  });
}

const Op forwardOp{"LoraGelu", {"x: float"}, {"y: float"}, {}, forward};
const Op gradientOp{"LoraGeluGradient", {"dy: float", "x: float"}, {"dx: float"}, {}, gradient};
const Entry<forwardOp> forwardEntry;
const Entry<gradientOp> gradientEntry;

}  // namespace
}  // namespace lora
