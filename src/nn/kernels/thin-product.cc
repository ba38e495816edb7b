#include "native-op.h"
#include "small-products.h"

#include <algorithm>

namespace lora {
namespace {

// W is read in parts of so many rows, for all of x each.
constexpr int64_t PART = 12;

// x Wᵀ [n, d] for few rows: x [n, k], W [d, k].
void compute(Run& run) {
  const View x = run.input(0), weight = run.input(1);
  const int64_t n = x.rows(), k = x.width(), d = weight.rows();
  const View y = run.output(0, {n, d});
  parallel((d + PART - 1) / PART, PART * k, [&](int64_t begin, int64_t end) {
    const int64_t first = begin * PART, last = std::min(end * PART, d);
    multiplyAlong(x.data, weight.data + first * k, y.data + first, n, last - first, k, d);
  });
}

const Op op{"LoraThinProduct", {"x: float", "weight: float"}, {"y: float"}, {}, compute};
const Entry<op> entry;

}  // namespace
}  // namespace lora
