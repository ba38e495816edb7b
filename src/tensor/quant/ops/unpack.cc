#include "native-op.h"

#include <immintrin.h>

#include <algorithm>

namespace lora {
namespace {

constexpr int64_t WIDTH = 8;

// Rows of W [d, k] out of 4 bits: 8 codes a word, of each byte the high half first; of a block of
// numbers one scale; the 16 levels. The first row opens a block, and so a byte.
void fromLevels(Run& run) {
  const View packed = run.input(0), scales = run.input(1), levels = run.input(2);
  const int64_t row = static_cast<int64_t>(run.attribute(0)),
                rows = static_cast<int64_t>(run.attribute(1)),
                k = static_cast<int64_t>(run.attribute(2)),
                blockSize = static_cast<int64_t>(run.attribute(3));
  const View numbers = run.output(0, {rows, k});
  const uint8_t* bytes = reinterpret_cast<const uint8_t*>(packed.data);
  const int64_t first = row * k, count = rows * k;
  parallel((count + blockSize - 1) / blockSize, blockSize, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; block++) {
      const float scale = scales.data[first / blockSize + block];
      const int64_t last = std::min((block + 1) * blockSize, count);
      const uint8_t* from = bytes + first / 2;
      int64_t i = block * blockSize;
      for (; i + 2 <= last; i += 2) {
        numbers.data[i] = levels.data[from[i / 2] >> 4] * scale;
        numbers.data[i + 1] = levels.data[from[i / 2] & 15] * scale;
      }
      if (i < last) numbers.data[i] = levels.data[from[i / 2] >> 4] * scale;
    }
  });
}

// Rows of W [d, k] out of float16, two numbers a word.
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

const Op levelsOp{"LoraUnpackLevels",
                  {"packed: int32", "scales: float", "levels: float"},
                  {"numbers: float"},
                  {"row", "rows", "k", "block_size"},
                  fromLevels};
const Op halvesOp{
    "LoraUnpackHalves", {"halves: int32"}, {"numbers: float"}, {"row", "rows", "k"}, fromHalves};
const Entry<levelsOp> levelsEntry;
const Entry<halvesOp> halvesEntry;

}  // namespace
}  // namespace lora
