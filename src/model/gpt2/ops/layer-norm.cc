#include "native-op.h"

namespace lora {
namespace {

float meanOf(const float* x, int64_t width) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < width; i++) sum += x[i];
  return sum / static_cast<float>(width);
}

// y = (x - mean) / σ · γ + β, and the mean and 1 / σ of each row.
void forward(Run& run) {
  const View x = run.input(0), weight = run.input(1), bias = run.input(2);
  std::vector<int64_t> rowShape = x.shape;
  rowShape.back() = 1;
  const View y = run.output(0, x.shape), means = run.output(1, rowShape),
             inverses = run.output(2, rowShape);
  const int64_t width = x.width();
  const float epsilon = run.attribute(0);
  parallel(x.rows(), 3 * width, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const float* in = x.data + row * width;
      const float mean = meanOf(in, width);
      float squares = 0;
#pragma omp simd reduction(+ : squares)
      for (int64_t i = 0; i < width; i++) squares += (in[i] - mean) * (in[i] - mean);
      const float inverse = 1 / std::sqrt(squares / static_cast<float>(width) + epsilon);
      float* out = y.data + row * width;
#pragma omp simd
      for (int64_t i = 0; i < width; i++) {
        out[i] = (in[i] - mean) * inverse * weight.data[i] + bias.data[i];
      }
      means.data[row] = mean;
      inverses.data[row] = inverse;
    }
  });
}

// dL/dx = (dn - mean(dn) - n · mean(dn · n)) / σ,  dn = dL/dy γ
void gradient(Run& run) {
  const View dy = run.input(0), x = run.input(1), weight = run.input(2), means = run.input(3),
             inverses = run.input(4);
  const View dx = run.output(0, x.shape);
  const int64_t width = x.width();
  parallel(x.rows(), 4 * width, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const float* in = x.data + row * width;
      const float* grad = dy.data + row * width;
      const float mean = means.data[row], inverse = inverses.data[row];
      float sum = 0, along = 0;
#pragma omp simd reduction(+ : sum, along)
      for (int64_t i = 0; i < width; i++) {
        const float dn = grad[i] * weight.data[i];
        sum += dn;
        along += dn * (in[i] - mean);
      }
      sum /= static_cast<float>(width);
      along *= inverse * inverse / static_cast<float>(width);
      float* out = dx.data + row * width;
#pragma omp simd
      for (int64_t i = 0; i < width; i++) {
        out[i] = (grad[i] * weight.data[i] - sum - (in[i] - mean) * along) * inverse;
      }
    }
  });
}

const Op forwardOp{"LoraLayerNorm",
                   {"x: float", "weight: float", "bias: float"},
                   {"y: float", "mean: float", "inverse: float"},
                   {"epsilon"},
                   forward};
const Op gradientOp{"LoraLayerNormGradient",
                    {"dy: float", "x: float", "weight: float", "mean: float", "inverse: float"},
                    {"dx: float"},
                    {},
                    gradient};
const Entry<forwardOp> forwardEntry;
const Entry<gradientOp> gradientEntry;

}  // namespace
}  // namespace lora
