#include "low-rank.h"
#include "thin-matmul.h"

#include <algorithm>
#include <map>
#include <mutex>

namespace lora {
namespace {

// dS = s ∘ dy B [n, r], dA = dSᵀ x [r, k] and dB = dyᵀ (s ∘ x Aᵀ) [d, r], in one pass over dy [n, d]
// and x [n, k]. Each thread sums dA and dBᵀ over its own rows; the sums are added in the order of
// the rows, so the digits do not depend on which thread finishes first.
void gradients(Run& run) {
  const View dy = run.input(0), x = run.input(1), A = run.input(2), B = run.input(3),
             scales = run.input(4);
  const int64_t n = dy.rows(), d = dy.width(), k = x.width(), r = A.rows();
  const View dS = run.output(0, {n, r}), dA = run.output(1, A.shape), dB = run.output(2, B.shape);
  const std::vector<float> columns = transposed(B);
  std::map<int64_t, std::vector<float>> parts;
  std::mutex mutex;
  parallel(n, (d + k) * r / 2, [&](int64_t begin, int64_t end) {
    std::vector<float> low(ROWS * r), lowTransposed(ROWS * r), part(r * (k + d));
    float *partA = part.data(), *partB = partA + r * k;
    for (int64_t row = begin; row < end; row += ROWS) {
      const int64_t rows = std::min(ROWS, end - row);
      const float *xs = x.data + row * k, *dys = dy.data + row * d;
      float* dLow = dS.data + row * r;
      multiplyTransposed(xs, A.data, low.data(), rows, r, k, r);
      scale(scales, low.data(), row, rows, r);
      transpose(low.data(), lowTransposed.data(), rows, r);
      multiplyAdd(lowTransposed.data(), dys, partB, r, rows, d);
      multiplyTransposed(dys, columns.data(), dLow, rows, r, d, r);
      scale(scales, dLow, row, rows, r);
      transpose(dLow, lowTransposed.data(), rows, r);
      multiplyAdd(lowTransposed.data(), xs, partA, r, rows, k);
    }
    std::lock_guard<std::mutex> lock(mutex);
    parts.emplace(begin, std::move(part));
  });
  std::vector<float> sum(r * (k + d));
  for (const auto& [begin, part] : parts) {
    for (size_t i = 0; i < sum.size(); i++) sum[i] += part[i];
  }
  std::copy_n(sum.data(), r * k, dA.data);
  transpose(sum.data() + r * k, dB.data, r, d);
}

const Op op{"LoraLowRankGradients",
            {"dy: float", "x: float", "a: float", "b: float", "scales: float"},
            {"ds: float", "da: float", "db: float"},
            {},
            gradients};
const Entry<op> entry;

}  // namespace
}  // namespace lora
