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

// Where the angles of position t of text b are: [time, half] or [batch, time, half].
inline int64_t angleRow(const View& cos, int64_t b, int64_t t, int64_t time) {
  return (cos.shape.size() == 3 ? b * time + t : t) * cos.width();
}

// [batch, time, heads, size] -> [batch, heads, time, size]
void forward(Run& run) {
  const View x = run.input(0), cos = run.input(1), sin = run.input(2);
  const int64_t batch = x.shape[0], time = x.shape[1], heads = x.shape[2], size = x.width();
  const View y = run.output(0, {batch, heads, time, size});
  parallel(batch * time, 3 * heads * size, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t b = row / time, t = row % time, angle = angleRow(cos, b, t, time);
      for (int64_t h = 0; h < heads; h++) {
        rotate(x.data + (row * heads + h) * size, cos.data + angle, sin.data + angle, 1, size / 2,
               y.data + ((b * heads + h) * time + t) * size);
      }
    }
  });
}

// [batch, heads, time, size] -> [batch, time, heads, size], rotated back
void gradient(Run& run) {
  const View dy = run.input(0), cos = run.input(1), sin = run.input(2);
  const int64_t batch = dy.shape[0], heads = dy.shape[1], time = dy.shape[2], size = dy.width();
  const View dx = run.output(0, {batch, time, heads, size});
  parallel(batch * time, 3 * heads * size, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t b = row / time, t = row % time, angle = angleRow(cos, b, t, time);
      for (int64_t h = 0; h < heads; h++) {
        rotate(dy.data + ((b * heads + h) * time + t) * size, cos.data + angle, sin.data + angle,
               -1, size / 2, dx.data + (row * heads + h) * size);
      }
    }
  });
}

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
