#include "native-op.h"
#include "thin-matmul.h"

#include <algorithm>

namespace lora {
namespace {

// Rows of b that are read at a time, for all rows of a.
constexpr int64_t PART = 12;

// a b for matrices in a batch, if a has few rows: a [..., n, k], b [..., k, d]; or a bᵀ, b [..., d, k].
void compute(Run& run) {
  const View a = run.input(0), b = run.input(1);
  const bool transpose = run.attribute(0) != 0;
  const int64_t n = a.shape[a.shape.size() - 2], k = a.width(), batch = a.size() / (n * k);
  const int64_t d = b.size() / (batch * k);
  std::vector<int64_t> shape = a.shape;
  shape.back() = d;
  const View y = run.output(0, shape);
  if (!transpose) {
    parallel(batch, k * d, [&](int64_t begin, int64_t end) {
      std::fill(y.data + begin * n * d, y.data + end * n * d, 0.0f);
      for (int64_t i = begin; i < end; i++) {
        multiplyAdd(a.data + i * n * k, b.data + i * k * d, y.data + i * n * d, n, k, d);
      }
    });
    return;
  }
  const int64_t parts = (d + PART - 1) / PART;
  parallel(batch * parts, std::min(PART, d) * k, [&](int64_t begin, int64_t end) {
    for (int64_t each = begin; each < end; each++) {
      const int64_t i = each / parts, first = each % parts * PART, rows = std::min(PART, d - first);
      multiplyTransposed(a.data + i * n * k, b.data + (i * d + first) * k,
                         y.data + i * n * d + first, n, rows, k, d);
    }
  });
}

const Op op{"LoraFewRowMatMul", {"a: float", "b: float"}, {"y: float"}, {"transpose"}, compute};
const Entry<op> entry;

}  // namespace
}  // namespace lora
