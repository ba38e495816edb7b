#include "native-op.h"

#include <immintrin.h>

namespace lora {
namespace {

constexpr int64_t WIDTH = 8;

// Unpacks rows of W [d, k] from float16, two numbers a word.
void fromHalves(Run& run) {
  const View halves = run.input(0);
  const int64_t row = static_cast<int64_t>(run.attribute(0)),
                rows = static_cast<int64_t>(run.attribute(1)),
                k = static_cast<int64_t>(run.attribute(2));
  const View numbers = run.output(0, {rows, k});
  const uint16_t* from = reinterpret_cast<const uint16_t*>(halves.data) + row * k;
  parallel(rows, k, [&](int64_t begin, int64_t end) {
    int64_t i = begin * k;
    for (; i + WIDTH <= end * k; i += WIDTH) {
      const __m128i eight = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i));
      _mm256_storeu_ps(numbers.data + i, _mm256_cvtph_ps(eight));
    }
    for (; i < end * k; i++) numbers.data[i] = _cvtsh_ss(from[i]);
  });
}

const Op op{
    "LoraUnpackHalves", {"halves: int32"}, {"numbers: float"}, {"row", "rows", "k"}, fromHalves};
const Entry<op> entry;

}  // namespace
}  // namespace lora
