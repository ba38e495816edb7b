#include "low-rank.h"
#include "thin-matmul.h"

#include <algorithm>

namespace lora {
namespace {

// Adds b + B (s ∘ A x) to W0 x [n, d] in place, in one pass. b is [d] or empty.
void forward(Run& run) {
  const View h = run.overwrite(0, 0), x = run.input(1), A = run.input(2), B = run.input(3),
             bias = run.input(4), scales = run.input(5);
  const int64_t d = h.width(), k = x.width(), r = A.shape[0];
  const std::vector<float> columns = transposed(B);
  parallel(h.rows(), d + k + (d + k) * r / 4, [&](int64_t begin, int64_t end) {
    std::vector<float> low(ROWS * r);
    for (int64_t row = begin; row < end; row += ROWS) {
      const int64_t rows = std::min(ROWS, end - row);
      multiplyTransposed(x.data + row * k, A.data, low.data(), rows, r, k, r);
      scale(scales, low.data(), row, rows, r);
      float* out = h.data + row * d;
      for (int64_t i = 0; i < rows; i++) {
#pragma omp simd
        for (int64_t j = 0; j < bias.size(); j++) out[i * d + j] += bias.data[j];
      }
      multiplyAdd(low.data(), columns.data(), out, rows, r, d);
    }
  });
}

const Op op{"LoraAddAdapter",
            {"product: float", "x: float", "a: float", "b: float", "bias: float", "scales: float"},
            {"h: float"},
            {},
            forward};
const Entry<op> entry;

}  // namespace
}  // namespace lora
