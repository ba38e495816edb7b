// Helpers that the adapter's ops share: W0 [d, k], A [r, k], B [d, r], scales s.
#pragma once

#include "native-op.h"

namespace lora {

// Rows that are processed together: they stay in the cache from one pass to the next.
constexpr int64_t ROWS = 32;

// Writes Mᵀ to `to` [columns, rows]: M [rows, columns].
inline void transpose(const float* M, float* to, int64_t rows, int64_t columns) {
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < columns; j++) to[j * rows + i] = M[i * columns + j];
  }
}

// Bᵀ [r, d].
inline std::vector<float> transposed(const View& B) {
  std::vector<float> columns(B.size());
  transpose(B.data, columns.data(), B.rows(), B.width());
  return columns;
}

// Multiplies some rows of low [rows, r] by s in place: s [n, r], [1, r] or [1, 1], from row `row` on.
inline void scale(const View& scales, float* low, int64_t row, int64_t rows, int64_t r) {
  const int64_t rowStep = scales.rows() == 1 ? 0 : r, rankStep = scales.width() == 1 ? 0 : 1;
  for (int64_t i = 0; i < rows; i++) {
    const float* s = scales.data + (row + i) * rowStep;
    for (int64_t j = 0; j < r; j++) low[i * r + j] *= s[j * rankStep];
  }
}

}  // namespace lora
