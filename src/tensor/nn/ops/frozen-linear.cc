#include "native-op.h"

namespace lora {
namespace {

// Adds b to y [n, d] in place.
void addBias(Run& run) {
  const View y = run.overwrite(0, 0), bias = run.input(1);
  const int64_t d = y.width();
  parallel(y.rows(), d, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      float* out = y.data + row * d;
#pragma omp simd
      for (int64_t i = 0; i < d; i++) out[i] += bias.data[i];
    }
  });
}

const Op op{"LoraAddBias", {"y: float", "bias: float"}, {"sum: float"}, {}, addBias};
const Entry<op> entry;

}  // namespace
}  // namespace lora
