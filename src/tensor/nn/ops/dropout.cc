#include "native-op.h"

#include <algorithm>

namespace lora {
namespace {

// Elements that are processed together, an even number: their words stay in the nearest cache.
constexpr int64_t CHUNK = 1024;

inline uint32_t rotate(uint32_t x, int bits) { return x << bits | x >> (32 - bits); }

inline void mix(uint32_t& x, uint32_t& y, int bits0, int bits1, int bits2, int bits3) {
  x += y, y = rotate(y, bits0) ^ x;
  x += y, y = rotate(y, bits1) ^ x;
  x += y, y = rotate(y, bits2) ^ x;
  x += y, y = rotate(y, bits3) ^ x;
}

// Draws the words of a chunk's elements for the key (a, b), two a block; as in threefry.ts.
void draw(uint32_t* words, uint32_t firstBlock, uint32_t a, uint32_t b) {
  const uint32_t c = a ^ b ^ 0x1bd11bda;
#pragma omp simd
  for (uint32_t i = 0; i < CHUNK / 2; i++) {
    uint32_t x = firstBlock + i + a, y = b;
    mix(x, y, 13, 15, 26, 6);
    x += b, y += c + 1;
    mix(x, y, 17, 29, 16, 24);
    x += c, y += a + 2;
    mix(x, y, 13, 15, 26, 6);
    x += a, y += b + 3;
    mix(x, y, 17, 29, 16, 24);
    x += b, y += c + 4;
    mix(x, y, 13, 15, 26, 6);
    words[2 * i] = x + c, words[2 * i + 1] = y + a + 5;
  }
}

// out = in / (1 - p) if its word is at least the threshold, else 0; as a product, like all kernels.
void apply(const uint32_t* words, uint32_t threshold, float scale, const float* in, float* out,
           int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; i++) out[i] = in[i] * (words[i] >= threshold ? scale : 0);
}

// m ⊙ x / (1 - p), m = [words ≥ threshold]; see dropout.ts.
void compute(Run& run) {
  const View x = run.input(0), y = run.output(0, x.shape);
  const int32_t* numbers = run.input(1).integers();
  const uint32_t a = numbers[0], b = numbers[1], threshold = numbers[2];
  const float scale = run.attribute(0);
  parallel((x.size() + CHUNK - 1) / CHUNK, 8 * CHUNK, [&](int64_t begin, int64_t end) {
    uint32_t words[CHUNK];
    for (int64_t chunk = begin; chunk < end; chunk++) {
      const int64_t start = chunk * CHUNK, count = std::min(CHUNK, x.size() - start);
      draw(words, start / 2, a, b);
      apply(words, threshold, scale, x.data + start, y.data + start, count);
    }
  });
}

const Op op{"LoraDropout", {"x: float", "words: int32"}, {"y: float"}, {"scale"}, compute};
const Entry<op> entry;

}  // namespace
}  // namespace lora
