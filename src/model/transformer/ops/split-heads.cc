#include "native-op.h"

#include <algorithm>

namespace lora {
namespace {

// [batch, time, 3, heads, size] -> three of [batch, heads, time, size]
void forward(Run& run) {
  const View qkv = run.input(0);
  const int64_t batch = qkv.shape[0], time = qkv.shape[1];
  const int64_t heads = static_cast<int64_t>(run.attribute(0)), size = qkv.width() / (3 * heads);
  const std::vector<int64_t> shape{batch, heads, time, size};
  float* parts[3];
  for (int i = 0; i < 3; i++) parts[i] = run.output(i, shape).data;
  parallel(batch * time, 3 * heads * size, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t b = row / time, t = row % time;
      const float* in = qkv.data + row * 3 * heads * size;
      for (int64_t i = 0; i < 3 * heads; i++, in += size) {
        std::copy(in, in + size, parts[i / heads] + ((b * heads + i % heads) * time + t) * size);
      }
    }
  });
}

// Three of [batch, heads, time, size] -> [batch, time, 3, heads, size]
void gradient(Run& run) {
  const View parts[3] = {run.input(0), run.input(1), run.input(2)};
  const int64_t batch = parts[0].shape[0], heads = parts[0].shape[1], time = parts[0].shape[2],
                size = parts[0].width();
  const View dqkv = run.output(0, {batch, time, 3 * heads * size});
  parallel(batch * time, 3 * heads * size, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t b = row / time, t = row % time;
      float* out = dqkv.data + row * 3 * heads * size;
      for (int64_t i = 0; i < 3 * heads; i++, out += size) {
        const float* in = parts[i / heads].data + ((b * heads + i % heads) * time + t) * size;
        std::copy(in, in + size, out);
      }
    }
  });
}

const Op forwardOp{
    "LoraSplitHeads", {"qkv: float"}, {"q: float", "k: float", "v: float"}, {"heads"}, forward};
const Op gradientOp{"LoraSplitHeadsGradient",
                    {"dq: float", "dk: float", "dv: float"},
                    {"dqkv: float"},
                    {},
                    gradient};
const Entry<forwardOp> forwardEntry;
const Entry<gradientOp> gradientEntry;

}  // namespace
}  // namespace lora
