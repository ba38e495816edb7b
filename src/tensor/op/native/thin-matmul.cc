#include "thin-matmul.h"
#include "tile-product.h"
#include "vector.h"

namespace lora {
namespace {

// Dot products of ROWS rows of x with COLUMNS rows of F. Unrolled, or the sums would not stay in
// registers.
template <int ROWS, int COLUMNS>
void dots(const float* x, const float* F, float* out, int64_t k, int64_t outStride) {
  Vector sums[ROWS][COLUMNS];
#pragma GCC unroll 8
  for (auto& row : sums) {
#pragma GCC unroll 8
    for (Vector& sum : row) sum = Vector{};
  }
  int64_t i = 0;
  for (; i + WIDTH <= k; i += WIDTH) {
    Vector f[COLUMNS];
#pragma GCC unroll 8
    for (int c = 0; c < COLUMNS; c++) {
      f[c] = load(F + c * k + i);
      // Fetches the next rows during the arithmetic. Past the end it has no effect.
      __builtin_prefetch(F + (COLUMNS + c) * k + i);
    }
#pragma GCC unroll 8
    for (int row = 0; row < ROWS; row++) {
      const Vector value = load(x + row * k + i);
#pragma GCC unroll 8
      for (int c = 0; c < COLUMNS; c++) sums[row][c] = fma(value, f[c], sums[row][c]);
    }
  }
#pragma GCC unroll 8
  for (int row = 0; row < ROWS; row++) {
#pragma GCC unroll 8
    for (int c = 0; c < COLUMNS; c++) {
      float sum = sumOf(sums[row][c]);
      for (int64_t j = i; j < k; j++) sum = fma(x[row * k + j], F[c * k + j], sum);
      out[row * outStride + c] = sum;
    }
  }
}

// Dot products of all rows of x with COLUMNS rows of F, which are read from memory once.
template <int COLUMNS>
void dotsOfRows(const float* x, const float* F, float* out, int64_t rows, int64_t k,
                int64_t outStride) {
  int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    dots<4, COLUMNS>(x + row * k, F, out + row * outStride, k, outStride);
  }
  const float* rest = x + row * k;
  float* to = out + row * outStride;
  if (rows - row == 3) dots<3, COLUMNS>(rest, F, to, k, outStride);
  if (rows - row == 2) dots<2, COLUMNS>(rest, F, to, k, outStride);
  if (rows - row == 1) dots<1, COLUMNS>(rest, F, to, k, outStride);
}

}  // namespace

void multiplyTransposed(const float* x, const float* F, float* out, int64_t rows, int64_t columns,
                        int64_t k, int64_t outStride) {
  int64_t column = 0;
  for (; column + 3 <= columns; column += 3) {
    dotsOfRows<3>(x, F + column * k, out + column, rows, k, outStride);
  }
  for (; column < columns; column++) {
    dotsOfRows<1>(x, F + column * k, out + column, rows, k, outStride);
  }
}

void multiplyAdd(const float* low, const float* F, float* y, int64_t rows, int64_t r, int64_t d) {
  tileProduct({low, r, 1}, F, d, y, d, rows, d, r, true);
}

}  // namespace lora
