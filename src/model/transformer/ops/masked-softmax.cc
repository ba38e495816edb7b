#include "native-op.h"

#include <limits>

namespace lora {
namespace {

// p = softmax(scale scores + mask) over the last axis. The mask is [time, all],
// [batch, 1, time, all], or empty.
void forward(Run& run) {
  const View scores = run.input(0), mask = run.input(1);
  const View p = run.output(0, scores.shape);
  const int64_t heads = scores.shape[1], time = scores.shape[2], width = scores.width();
  const bool isBatched = mask.shape.size() == 4;
  const float scale = run.attribute(0);
  const std::vector<float> none(mask.size() == 0 ? width : 0);
  parallel(scores.rows(), 8 * width, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t maskRow = row % time + (isBatched ? row / (heads * time) * time : 0);
      const float* add = none.empty() ? mask.data + maskRow * width : none.data();
      const float* in = scores.data + row * width;
      float* out = p.data + row * width;
      float most = -std::numeric_limits<float>::infinity();
#pragma omp simd reduction(max : most)
      for (int64_t i = 0; i < width; i++) {
        out[i] = in[i] * scale + add[i];
        most = out[i] > most ? out[i] : most;
      }
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t i = 0; i < width; i++) {
        out[i] = exponential(out[i] - most);
        sum += out[i];
      }
      const float inverse = 1 / sum;
#pragma omp simd
      for (int64_t i = 0; i < width; i++) out[i] *= inverse;
    }
  });
}

// dL/dscores = scale p (dL/dp - Σ p dL/dp)
void gradient(Run& run) {
  const View dp = run.input(0), p = run.input(1), dScores = run.output(0, p.shape);
  const int64_t width = p.width();
  const float scale = run.attribute(0);
  parallel(p.rows(), 3 * width, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const float *share = p.data + row * width, *grad = dp.data + row * width;
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t i = 0; i < width; i++) sum += share[i] * grad[i];
      float* out = dScores.data + row * width;
#pragma omp simd
      for (int64_t i = 0; i < width; i++) out[i] = scale * share[i] * (grad[i] - sum);
    }
  });
}

const Op forwardOp{
    "LoraMaskedSoftmax", {"scores: float", "mask: float"}, {"p: float"}, {"scale"}, forward};
const Op gradientOp{"LoraMaskedSoftmaxGradient",
                    {"dp: float", "p: float"},
                    {"dscores: float"},
                    {"scale"},
                    gradient};
const Entry<forwardOp> forwardEntry;
const Entry<gradientOp> gradientEntry;

}  // namespace
}  // namespace lora
