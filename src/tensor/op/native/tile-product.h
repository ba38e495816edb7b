// Products of matrices that lie in cache, such as the tiles of attention. Larger ones are TensorFlow's.
#pragma once

#include <cstdint>

namespace lora {

// Numbers at data[row * rowStride + column * columnStride]; a transpose has its strides exchanged.
struct Strided {
  const float* data;
  int64_t rowStride, columnStride;
};

// C [m, n] = A B, or C + A B: A [m, k], B [k, n]; rows of B and C are contiguous.
void tileProduct(Strided A, const float* B, int64_t bStride, float* C, int64_t cStride, int64_t m,
                 int64_t n, int64_t k, bool add);

// out [columns, stride] = xᵀ: x [rows, columns]; filled up with zeros to `stride` >= rows.
void transposeTo(const float* x, float* out, int64_t rows, int64_t columns, int64_t stride);

}  // namespace lora
