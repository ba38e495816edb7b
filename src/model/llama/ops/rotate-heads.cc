#include "native-op.h"

namespace lora {
namespace {

// Rotates pairs (x_i, x_i+half) of rows [size] by the angles of a position; direction is 1 or -1.
inline void rotate(const float* in, const float* cos, const float* sin, float direction,
                   int64_t half, float* out) {
#pragma omp simd
  for (int64_t i = 0; i < half; i++) {
    const float s = direction * sin[i];
    out[i] = in[i] * cos[i] - in[i + half] * s;
    out[i + half] = in[i + half] * cos[i] + in[i] * s;
  }
}

// Rotates x, [batch, time, heads, size] or [batch, heads, time, size], into the other of the two
// orders; the angles are [time, half] or [batch, time, half].
void rotateAll(Run& run, bool isForward) {
  const View x = run.input(0), cos = run.input(1), sin = run.input(2);
  const int64_t batch = x.shape[0], size = x.width();
  const int64_t time = x.shape[isForward ? 1 : 2], heads = x.shape[isForward ? 2 : 1];
  const View y = run.output(0, {batch, x.shape[2], x.shape[1], size});
  const float direction = isForward ? 1 : -1;
  parallel(batch * time, 3 * heads * size, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t b = row / time, t = row % time;
      const int64_t angle = (cos.shape.size() == 3 ? row : t) * cos.width();
      for (int64_t h = 0; h < heads; h++) {
        const int64_t byTime = (row * heads + h) * size;
        const int64_t byHead = ((b * heads + h) * time + t) * size;
        rotate(x.data + (isForward ? byTime : byHead), cos.data + angle, sin.data + angle,
               direction, size / 2, y.data + (isForward ? byHead : byTime));
      }
    }
  });
}

void forward(Run& run) { rotateAll(run, true); }

void gradient(Run& run) { rotateAll(run, false); }

const Op forwardOp{
    "LoraRotateHeads", {"x: float", "cos: float", "sin: float"}, {"y: float"}, {}, forward};
const Op gradientOp{"LoraRotateHeadsGradient",
                    {"dy: float", "cos: float", "sin: float"},
                    {"dx: float"},
                    {},
                    gradient};
const Entry<forwardOp> forwardEntry;
const Entry<gradientOp> gradientEntry;

}  // namespace
}  // namespace lora
