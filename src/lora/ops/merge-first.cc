#include "low-rank.h"
#include "thin-matmul.h"

#include <algorithm>

namespace lora {
namespace {

// W0 + B (s ∘ A) [d, k], with one scale for all rows of x.
void merge(Run& run) {
  const View w0 = run.input(0), A = run.input(1), B = run.input(2), scales = run.input(3);
  const View merged = run.output(0, w0.shape);
  const int64_t k = w0.width(), r = A.shape[0];
  parallel(w0.rows(), 2 * k + k * r / 4, [&](int64_t begin, int64_t end) {
    std::vector<float> low(ROWS * r);
    for (int64_t row = begin; row < end; row += ROWS) {
      const int64_t rows = std::min(ROWS, end - row);
      std::copy_n(B.data + row * r, rows * r, low.data());
      scale(scales, low.data(), 0, rows, r);
      std::copy_n(w0.data + row * k, rows * k, merged.data + row * k);
      multiplyAdd(low.data(), A.data, merged.data + row * k, rows, r, k);
    }
  });
}

const Op op{"LoraMerge",
            {"w0: float", "a: float", "b: float", "scales: float"},
            {"merged: float"},
            {},
            merge};
const Entry<op> entry;

}  // namespace
}  // namespace lora
