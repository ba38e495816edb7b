#include "tile-product.h"
#include "vector.h"

#include <algorithm>

namespace lora {
namespace {

// Sums that stay in registers: 24 of the 32 of AVX-512, 12 of the 16 of AVX2.
constexpr int ROWS = 6;
constexpr int VECTORS = WIDTH == 16 ? 4 : 2;

Vector loadPart(const float* from, int64_t count) {
  Vector v{};
  std::memcpy(&v, from, count * sizeof(float));
  return v;
}

// COUNT whole vectors of R rows of C. Unrolled, or the sums would not stay in registers.
template <int R, int COUNT>
void wholeVectors(Strided A, const float* B, int64_t bStride, float* C, int64_t cStride, int64_t k,
                  bool add) {
  Vector sums[R][COUNT];
#pragma GCC unroll 8
  for (int row = 0; row < R; row++) {
#pragma GCC unroll 8
    for (int v = 0; v < COUNT; v++) {
      sums[row][v] = add ? load(C + row * cStride + v * WIDTH) : Vector{};
    }
  }
  for (int64_t i = 0; i < k; i++) {
    Vector b[COUNT];
#pragma GCC unroll 8
    for (int v = 0; v < COUNT; v++) b[v] = load(B + i * bStride + v * WIDTH);
#pragma GCC unroll 8
    for (int row = 0; row < R; row++) {
      const Vector a = repeat(A.data[row * A.rowStride + i * A.columnStride]);
#pragma GCC unroll 8
      for (int v = 0; v < COUNT; v++) sums[row][v] = fma(a, b[v], sums[row][v]);
    }
  }
#pragma GCC unroll 8
  for (int row = 0; row < R; row++) {
#pragma GCC unroll 8
    for (int v = 0; v < COUNT; v++) store(C + row * cStride + v * WIDTH, sums[row][v]);
  }
}

// The first `count` numbers, less than a vector, of R rows of C.
template <int R>
void partOfVector(Strided A, const float* B, int64_t bStride, float* C, int64_t cStride, int64_t k,
                  int64_t count, bool add) {
  for (int row = 0; row < R; row++) {
    Vector sum = add ? loadPart(C + row * cStride, count) : Vector{};
    for (int64_t i = 0; i < k; i++) {
      const Vector a = repeat(A.data[row * A.rowStride + i * A.columnStride]);
      sum = fma(a, loadPart(B + i * bStride, count), sum);
    }
    std::memcpy(C + row * cStride, &sum, count * sizeof(float));
  }
}

template <int R>
void rowsOf(Strided A, const float* B, int64_t bStride, float* C, int64_t cStride, int64_t n,
            int64_t k, bool add) {
  int64_t i = 0;
  for (; i + VECTORS * WIDTH <= n; i += VECTORS * WIDTH) {
    wholeVectors<R, VECTORS>(A, B + i, bStride, C + i, cStride, k, add);
  }
  for (; i + 2 * WIDTH <= n; i += 2 * WIDTH) {
    wholeVectors<R, 2>(A, B + i, bStride, C + i, cStride, k, add);
  }
  for (; i + WIDTH <= n; i += WIDTH) {
    wholeVectors<R, 1>(A, B + i, bStride, C + i, cStride, k, add);
  }
  if (i < n) partOfVector<R>(A, B + i, bStride, C + i, cStride, k, n - i, add);
}

}  // namespace

void tileProduct(Strided A, const float* B, int64_t bStride, float* C, int64_t cStride, int64_t m,
                 int64_t n, int64_t k, bool add) {
  const auto from = [&](int64_t row) {
    return Strided{A.data + row * A.rowStride, A.rowStride, A.columnStride};
  };
  int64_t row = 0;
  for (; row + ROWS <= m; row += ROWS) {
    rowsOf<ROWS>(from(row), B, bStride, C + row * cStride, cStride, n, k, add);
  }
  for (; row < m; row++) rowsOf<1>(from(row), B, bStride, C + row * cStride, cStride, n, k, add);
}

void transposeTo(const float* x, float* out, int64_t rows, int64_t columns, int64_t stride) {
  for (int64_t column = 0; column < columns; column++) {
    float* to = out + column * stride;
    for (int64_t row = 0; row < rows; row++) to[row] = x[row * columns + column];
    std::fill(to + rows, to + stride, 0.0f);
  }
}

}  // namespace lora
