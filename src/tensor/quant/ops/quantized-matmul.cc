#include "native-op.h"

#include <algorithm>

namespace lora {
namespace {

// Unpacks rows of W [d, k] from 4 bits: 8 codes a word, the high half of each byte first; one scale
// for each block of numbers; 16 levels. The first row starts a block, and so a byte.
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

const Op op{"LoraUnpackLevels",
            {"packed: int32", "scales: float", "levels: float"},
            {"numbers: float"},
            {"row", "rows", "k", "block_size"},
            fromLevels};
const Entry<op> entry;

}  // namespace
}  // namespace lora
