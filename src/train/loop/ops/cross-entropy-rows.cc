#include "native-op.h"

#include <limits>

namespace lora {
namespace {

// wᵢ (log Σⱼ exp zᵢⱼ - zᵢ,labelᵢ) for each row, and its gradient wᵢ (softmax zᵢ - onehot), which is
// written over the logits.
void compute(Run& run) {
  const View logits = run.overwrite(1, 0), labels = run.input(1), shares = run.input(2);
  const View losses = run.output(0, labels.shape);
  const int64_t width = logits.width();
  parallel(logits.rows(), 8 * width, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      float* z = logits.data + row * width;
      const int32_t label = labels.integers()[row];
      float most = -std::numeric_limits<float>::infinity();
#pragma omp simd reduction(max : most)
      for (int64_t i = 0; i < width; i++) most = z[i] > most ? z[i] : most;
      const float chosen = z[label] - most;
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t i = 0; i < width; i++) {
        z[i] = exponential(z[i] - most);
        sum += z[i];
      }
      const float share = shares.data[row], scale = share / sum;
#pragma omp simd
      for (int64_t i = 0; i < width; i++) z[i] *= scale;
      z[label] -= share;
      losses.data[row] = share * (std::log(sum) - chosen);
    }
  });
}

const Op op{"LoraCrossEntropyRows",
            {"logits: float", "labels: int32", "shares: float"},
            {"losses: float", "gradient: float"},
            {},
            compute};
const Entry<op> entry;

}  // namespace
}  // namespace lora
