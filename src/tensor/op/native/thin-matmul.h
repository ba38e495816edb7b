// Thin matmuls: products with few rows or a short inner axis. Memory bounds their speed, so each
// number is read once and used for several sums, which stay in registers.
#pragma once

#include <cstdint>

namespace lora {

// out [rows, columns] = x Fᵀ: x [rows, k], F [columns, k].
void multiplyTransposed(const float* x, const float* F, float* out, int64_t rows, int64_t columns,
                        int64_t k, int64_t outStride);

// y [rows, d] += low F: low [rows, r], F [r, d].
void multiplyAdd(const float* low, const float* F, float* y, int64_t rows, int64_t r, int64_t d);

}  // namespace lora
