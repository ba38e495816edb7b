#include "native-op.h"

namespace lora {
namespace {

// y = x · inverse · (γ + offset), and inverse = 1 / √(mean(x²) + ε) of each row.
void forward(Run& run) {
  const View x = run.input(0), weight = run.input(1);
  std::vector<int64_t> rowShape = x.shape;
  rowShape.back() = 1;
  const View y = run.output(0, x.shape), inverses = run.output(1, rowShape);
  const int64_t width = x.width();
  const float epsilon = run.attribute(0), offset = run.attribute(1);
  parallel(x.rows(), 2 * width, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const float* in = x.data + row * width;
      float squares = 0;
#pragma omp simd reduction(+ : squares)
      for (int64_t i = 0; i < width; i++) squares += in[i] * in[i];
      const float inverse = 1 / std::sqrt(squares / static_cast<float>(width) + epsilon);
      float* out = y.data + row * width;
#pragma omp simd
      for (int64_t i = 0; i < width; i++) out[i] = in[i] * inverse * (weight.data[i] + offset);
      inverses.data[row] = inverse;
    }
  });
}

// dL/dx = (dn - n · mean(dn · n)) inverse,  n = x inverse,  dn = dL/dy (γ + offset)
void gradient(Run& run) {
  const View dy = run.input(0), x = run.input(1), weight = run.input(2), inverses = run.input(3);
  const View dx = run.output(0, x.shape);
  const int64_t width = x.width();
  const float offset = run.attribute(0);
  parallel(x.rows(), 3 * width, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const float *in = x.data + row * width, *grad = dy.data + row * width;
      const float inverse = inverses.data[row];
      float along = 0;
#pragma omp simd reduction(+ : along)
      for (int64_t i = 0; i < width; i++) along += grad[i] * (weight.data[i] + offset) * in[i];
      along *= inverse * inverse / static_cast<float>(width);
      float* out = dx.data + row * width;
#pragma omp simd
      for (int64_t i = 0; i < width; i++) {
        out[i] = (grad[i] * (weight.data[i] + offset) - in[i] * along) * inverse;
      }
    }
  });
}

const Op forwardOp{"LoraRMSNorm",
                   {"x: float", "weight: float"},
                   {"y: float", "inverse: float"},
                   {"epsilon", "offset"},
                   forward};
const Op gradientOp{"LoraRMSNormGradient",
                    {"dy: float", "x: float", "weight: float", "inverse: float"},
                    {"dx: float"},
                    {"offset"},
                    gradient};
const Entry<forwardOp> forwardEntry;
const Entry<gradientOp> gradientEntry;

}  // namespace
}  // namespace lora
