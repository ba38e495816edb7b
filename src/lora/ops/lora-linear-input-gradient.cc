#include "native-op.h"
#include "thin-matmul.h"

namespace lora {
namespace {

// Adds dS A to dy W0 [n, k] in place: dS [n, r], A [r, k].
void forward(Run& run) {
  const View dx = run.overwrite(0, 0), dS = run.input(1), A = run.input(2);
  const int64_t k = dx.width(), r = dS.width();
  parallel(dx.rows(), k + k * r / 4, [&](int64_t begin, int64_t end) {
    multiplyAdd(dS.data + begin * r, A.data, dx.data + begin * k, end - begin, r, k);
  });
}

const Op op{"LoraLinearInputGradient",
            {"product: float", "ds: float", "a: float"},
            {"dx: float"},
            {},
            forward};
const Entry<op> entry;

}  // namespace
}  // namespace lora
