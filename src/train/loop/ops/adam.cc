#include "native-op.h"

namespace lora {
namespace {

// Both averages of the gradient, and the update made of them; see adam.ts.
void compute(Run& run) {
  const View gradient = run.input(0), oldM = run.input(1), oldV = run.input(2);
  const float* numbers = run.input(3).data;
  const float beta1 = numbers[0], rest1 = numbers[1], beta2 = numbers[2], rest2 = numbers[3],
              epsilon = numbers[4], correction1 = numbers[5], correction2 = numbers[6];
  const View update = run.output(0, oldM.shape), m = run.output(1, oldM.shape),
             v = run.output(2, oldM.shape);
  parallel(m.size(), 6, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; i++) {
      const float g = gradient.data[i];
      m.data[i] = oldM.data[i] * beta1 + g * rest1;
      v.data[i] = oldV.data[i] * beta2 + g * g * rest2;
      const float root = std::sqrt(v.data[i] / correction2);
      update.data[i] = m.data[i] / correction1 / (root + epsilon);
    }
  });
}

const Op op{"LoraAdam",
            {"gradient: float", "m: float", "v: float", "numbers: float"},
            {"update: float", "new_m: float", "new_v: float"},
            {},
            compute};
const Entry<op> entry;

}  // namespace
}  // namespace lora
