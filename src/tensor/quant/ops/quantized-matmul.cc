#include "native-op.h"

#include <algorithm>

namespace lora {
namespace {

// Unpacks rows of W [d, k] from 4 or 8 bits, for 16 or 256 levels: a word holds codes in memory
// order, the high 4 bits of each byte first; one scale for each block of numbers, and after the
// scales one offset, if there are any. The first row starts a block, and so a byte.
void fromLevels(Run& run) {
  const View packed = run.input(0), scales = run.input(1), levels = run.input(2);
  const int64_t row = static_cast<int64_t>(run.attribute(0)),
                rows = static_cast<int64_t>(run.attribute(1)),
                k = static_cast<int64_t>(run.attribute(2)),
                blockSize = static_cast<int64_t>(run.attribute(3));
  const bool hasOffsets = run.attribute(4) != 0, isByte = levels.size() > 16;
  const View numbers = run.output(0, {rows, k});
  const int64_t first = row * k, count = rows * k;
  const uint8_t* from =
      reinterpret_cast<const uint8_t*>(packed.data) + (isByte ? first : first / 2);
  const float* blockScales = scales.data + first / blockSize;
  const float* offsets = blockScales + scales.size() / 2;
  parallel((count + blockSize - 1) / blockSize, blockSize, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; block++) {
      const float scale = blockScales[block], offset = hasOffsets ? offsets[block] : 0;
      const int64_t last = std::min((block + 1) * blockSize, count);
      int64_t i = block * blockSize;
      if (isByte) {
        for (; i < last; i++) numbers.data[i] = levels.data[from[i]] * scale + offset;
        continue;
      }
      for (; i + 2 <= last; i += 2) {
        numbers.data[i] = levels.data[from[i / 2] >> 4] * scale + offset;
        numbers.data[i + 1] = levels.data[from[i / 2] & 15] * scale + offset;
      }
      if (i < last) numbers.data[i] = levels.data[from[i / 2] >> 4] * scale + offset;
    }
  });
}

const Op op{"LoraUnpackLevels",
            {"packed: int32", "scales: float", "levels: float"},
            {"numbers: float"},
            {"row", "rows", "k", "block_size", "has_offsets"},
            fromLevels};
const Entry<op> entry;

}  // namespace
}  // namespace lora
