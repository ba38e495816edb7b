#include "native-op.h"

namespace lora {
namespace {

// A float16 as float32. Without branches, so that a loop over it becomes vector instructions.
float fromHalf(uint16_t half) {
  constexpr uint32_t EXPONENT = 0x1fu << 23, BIAS = (127u - 15u) << 23;
  constexpr float SMALLEST = 0x1p-14f;  // normal number of float16
  const uint32_t magnitude = (half & 0x7fffu) << 13, exponent = magnitude & EXPONENT;
  // The largest exponent stays the largest: infinity and NaN. The smallest has no leading 1.
  const uint32_t bits = magnitude + BIAS +
                        (exponent == EXPONENT ? BIAS
                         : exponent == 0      ? 1u << 23
                                              : 0u);
  float value;
  std::memcpy(&value, &bits, sizeof value);
  value = exponent == 0 ? value - SMALLEST : value;
  uint32_t whole;
  std::memcpy(&whole, &value, sizeof whole);
  whole |= static_cast<uint32_t>(half & 0x8000u) << 16;
  std::memcpy(&value, &whole, sizeof value);
  return value;
}

// Unpacks rows of W [d, k] from float16, two numbers a word.
void fromHalves(Run& run) {
  const View halves = run.input(0);
  const int64_t row = static_cast<int64_t>(run.attribute(0)),
                rows = static_cast<int64_t>(run.attribute(1)),
                k = static_cast<int64_t>(run.attribute(2));
  const View numbers = run.output(0, {rows, k});
  const uint16_t* from = reinterpret_cast<const uint16_t*>(halves.data) + row * k;
  parallel(rows, k, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin * k; i < end * k; i++) numbers.data[i] = fromHalf(from[i]);
  });
}

const Op op{
    "LoraUnpackHalves", {"halves: int32"}, {"numbers: float"}, {"row", "rows", "k"}, fromHalves};
const Entry<op> entry;

}  // namespace
}  // namespace lora
