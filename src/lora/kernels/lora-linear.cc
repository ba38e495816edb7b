#include "native-op.h"

#include <algorithm>

namespace lora {
namespace {

// Rows that are taken together, so that what is read of A and B serves all of them.
constexpr int64_t ROWS = 4;

// low [rows, r] = x Aᵀ for some rows: x [rows, k], A [r, k].
void multiplyDown(const float* x, const float* A, float* low, int64_t rows, int64_t k, int64_t r) {
  for (int64_t j = 0; j < r; j++) {
    const float* a = A + j * k;
    if (rows == ROWS) {
      const float *x0 = x, *x1 = x0 + k, *x2 = x1 + k, *x3 = x2 + k;
      float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
#pragma omp simd reduction(+ : s0, s1, s2, s3)
      for (int64_t i = 0; i < k; i++) {
        s0 += x0[i] * a[i];
        s1 += x1[i] * a[i];
        s2 += x2[i] * a[i];
        s3 += x3[i] * a[i];
      }
      low[j] = s0, low[r + j] = s1, low[2 * r + j] = s2, low[3 * r + j] = s3;
      continue;
    }
    for (int64_t row = 0; row < rows; row++) {
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t i = 0; i < k; i++) sum += x[row * k + i] * a[i];
      low[row * r + j] = sum;
    }
  }
}

// y [rows, d] += low [rows, r] F for some rows, F [r, d].
void addUp(const float* low, const float* F, float* y, int64_t rows, int64_t r, int64_t d) {
  int64_t j = 0;
  for (; j + 2 <= r && rows == ROWS; j += 2) {
    const float *f = F + j * d, *g = f + d;
    const float *l0 = low + j, *l1 = l0 + r, *l2 = l1 + r, *l3 = l2 + r;
    float *y0 = y, *y1 = y0 + d, *y2 = y1 + d, *y3 = y2 + d;
#pragma omp simd
    for (int64_t i = 0; i < d; i++) {
      y0[i] = std::fma(l0[0], f[i], std::fma(l0[1], g[i], y0[i]));
      y1[i] = std::fma(l1[0], f[i], std::fma(l1[1], g[i], y1[i]));
      y2[i] = std::fma(l2[0], f[i], std::fma(l2[1], g[i], y2[i]));
      y3[i] = std::fma(l3[0], f[i], std::fma(l3[1], g[i], y3[i]));
    }
  }
  for (; j < r; j++) {
    for (int64_t row = 0; row < rows; row++) {
      const float factor = low[row * r + j];
      const float* f = F + j * d;
      float* out = y + row * d;
#pragma omp simd
      for (int64_t i = 0; i < d; i++) out[i] = std::fma(factor, f[i], out[i]);
    }
  }
}

// B [d, r] with its columns one after the other: [r, d].
std::vector<float> transposed(const View& B) {
  const int64_t d = B.shape[0], r = B.shape[1];
  std::vector<float> columns(d * r);
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < r; j++) columns[j * d + i] = B.data[i * r + j];
  }
  return columns;
}

// W0 x + b + B (s ∘ A x) in the place of W0 x [n, d], in one pass over x and over it. b is [d] or
// empty; s [n, r], [1, r] or [1, 1].
void forward(Run& run) {
  const View h = run.overwrite(0, 0), x = run.input(1), A = run.input(2), B = run.input(3),
             bias = run.input(4), scales = run.input(5);
  const int64_t d = h.width(), k = x.width(), r = A.shape[0];
  const int64_t rowStep = scales.rows() == 1 ? 0 : r, rankStep = scales.width() == 1 ? 0 : 1;
  const std::vector<float> columns = transposed(B);
  parallel(h.rows(), d + k + (d + k) * r / 4, [&](int64_t begin, int64_t end) {
    std::vector<float> low(ROWS * r);
    for (int64_t row = begin; row < end; row += ROWS) {
      const int64_t rows = std::min(ROWS, end - row);
      multiplyDown(x.data + row * k, A.data, low.data(), rows, k, r);
      for (int64_t i = 0; i < rows; i++) {
        const float* s = scales.data + (row + i) * rowStep;
        for (int64_t j = 0; j < r; j++) low[i * r + j] *= s[j * rankStep];
        float* out = h.data + (row + i) * d;
#pragma omp simd
        for (int64_t j = 0; j < bias.size(); j++) out[j] += bias.data[j];
      }
      addUp(low.data(), columns.data(), h.data + row * d, rows, r, d);
    }
  });
}

// dy W0 + dS A in the place of dy W0 [n, k]: dS [n, r], A [r, k].
void inputGradient(Run& run) {
  const View dx = run.overwrite(0, 0), dS = run.input(1), A = run.input(2);
  const int64_t k = dx.width(), r = dS.width();
  parallel(dx.rows(), k + k * r / 4, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row += ROWS) {
      addUp(dS.data + row * r, A.data, dx.data + row * k, std::min(ROWS, end - row), r, k);
    }
  });
}

const Op forwardOp{
    "LoraLinear",
    {"product: float", "x: float", "a: float", "b: float", "bias: float", "scales: float"},
    {"h: float"},
    {},
    forward};
const Op inputGradientOp{"LoraLinearInputGradient",
                         {"product: float", "ds: float", "a: float"},
                         {"dx: float"},
                         {},
                         inputGradient};
const Entry<forwardOp> forwardEntry;
const Entry<inputGradientOp> inputGradientEntry;

}  // namespace
}  // namespace lora
