#include "thin-matmul.h"
#include "native-op.h"

#include <algorithm>
#include <map>
#include <mutex>

namespace lora {
namespace {

// Rows that are taken together: as many as stay in the cache between one pass and the next.
constexpr int64_t ROWS = 32;

// to [columns, rows] = Mᵀ: M [rows, columns].
void transpose(const float* M, float* to, int64_t rows, int64_t columns) {
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < columns; j++) to[j * rows + i] = M[i * columns + j];
  }
}

// B [d, r] as [r, d].
std::vector<float> transposed(const View& B) {
  std::vector<float> columns(B.size());
  transpose(B.data, columns.data(), B.rows(), B.width());
  return columns;
}

// s ∘ low for some rows: low [rows, r]; s [n, r], [1, r] or [1, 1], of which `row` is the first.
void scale(const View& scales, float* low, int64_t row, int64_t rows, int64_t r) {
  const int64_t rowStep = scales.rows() == 1 ? 0 : r, rankStep = scales.width() == 1 ? 0 : 1;
  for (int64_t i = 0; i < rows; i++) {
    const float* s = scales.data + (row + i) * rowStep;
    for (int64_t j = 0; j < r; j++) low[i * r + j] *= s[j * rankStep];
  }
}

// W0 x + b + B (s ∘ A x) in the place of W0 x [n, d], in one pass over x and over it. b is [d] or
// empty.
void forward(Run& run) {
  const View h = run.overwrite(0, 0), x = run.input(1), A = run.input(2), B = run.input(3),
             bias = run.input(4), scales = run.input(5);
  const int64_t d = h.width(), k = x.width(), r = A.shape[0];
  const std::vector<float> columns = transposed(B);
  parallel(h.rows(), d + k + (d + k) * r / 4, [&](int64_t begin, int64_t end) {
    std::vector<float> low(ROWS * r);
    for (int64_t row = begin; row < end; row += ROWS) {
      const int64_t rows = std::min(ROWS, end - row);
      multiplyAlong(x.data + row * k, A.data, low.data(), rows, r, k, r);
      scale(scales, low.data(), row, rows, r);
      float* out = h.data + row * d;
      for (int64_t i = 0; i < rows; i++) {
#pragma omp simd
        for (int64_t j = 0; j < bias.size(); j++) out[i * d + j] += bias.data[j];
      }
      addProduct(low.data(), columns.data(), out, rows, r, d);
    }
  });
}

// dy W0 + dS A in the place of dy W0 [n, k]: dS [n, r], A [r, k].
void inputGradient(Run& run) {
  const View dx = run.overwrite(0, 0), dS = run.input(1), A = run.input(2);
  const int64_t k = dx.width(), r = dS.width();
  parallel(dx.rows(), k + k * r / 4, [&](int64_t begin, int64_t end) {
    addProduct(dS.data + begin * r, A.data, dx.data + begin * k, end - begin, r, k);
  });
}

// W0 + B (s ∘ A) [d, k], with the same s for all rows of x.
void merge(Run& run) {
  const View w0 = run.input(0), A = run.input(1), B = run.input(2), scales = run.input(3);
  const View merged = run.output(0, w0.shape);
  const int64_t k = w0.width(), r = A.shape[0];
  parallel(w0.rows(), 2 * k + k * r / 4, [&](int64_t begin, int64_t end) {
    std::vector<float> low(ROWS * r);
    for (int64_t row = begin; row < end; row += ROWS) {
      const int64_t rows = std::min(ROWS, end - row);
      std::copy_n(B.data + row * r, rows * r, low.data());
      scale(scales, low.data(), 0, rows, r);
      std::copy_n(w0.data + row * k, rows * k, merged.data + row * k);
      addProduct(low.data(), A.data, merged.data + row * k, rows, r, k);
    }
  });
}

// dS = s ∘ dy B [n, r], dA = dSᵀ x [r, k] and dB = dyᵀ (s ∘ x Aᵀ) [d, r], in one pass over dy [n, d]
// and x [n, k]. Each thread sums dA and dBᵀ over its own rows; these sums are added in the order of
// the rows, so that the digits do not depend on which thread is done first.
void gradients(Run& run) {
  const View dy = run.input(0), x = run.input(1), A = run.input(2), B = run.input(3),
             scales = run.input(4);
  const int64_t n = dy.rows(), d = dy.width(), k = x.width(), r = A.rows();
  const View dS = run.output(0, {n, r}), dA = run.output(1, A.shape), dB = run.output(2, B.shape);
  const std::vector<float> columns = transposed(B);
  std::map<int64_t, std::vector<float>> parts;
  std::mutex mutex;
  parallel(n, (d + k) * r / 2, [&](int64_t begin, int64_t end) {
    std::vector<float> low(ROWS * r), turned(ROWS * r), part(r * (k + d));
    float *partA = part.data(), *partB = partA + r * k;
    for (int64_t row = begin; row < end; row += ROWS) {
      const int64_t rows = std::min(ROWS, end - row);
      const float *xs = x.data + row * k, *dys = dy.data + row * d;
      float* dLow = dS.data + row * r;
      multiplyAlong(xs, A.data, low.data(), rows, r, k, r);
      scale(scales, low.data(), row, rows, r);
      transpose(low.data(), turned.data(), rows, r);
      addProduct(turned.data(), dys, partB, r, rows, d);
      multiplyAlong(dys, columns.data(), dLow, rows, r, d, r);
      scale(scales, dLow, row, rows, r);
      transpose(dLow, turned.data(), rows, r);
      addProduct(turned.data(), xs, partA, r, rows, k);
    }
    std::lock_guard<std::mutex> lock(mutex);
    parts.emplace(begin, std::move(part));
  });
  std::vector<float> sum(r * (k + d));
  for (const auto& [begin, part] : parts) {
    for (size_t i = 0; i < sum.size(); i++) sum[i] += part[i];
  }
  std::copy_n(sum.data(), r * k, dA.data);
  transpose(sum.data() + r * k, dB.data, r, d);
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
const Op mergeOp{"LoraMerge",
                 {"w0: float", "a: float", "b: float", "scales: float"},
                 {"merged: float"},
                 {},
                 merge};
const Op gradientsOp{"LoraLowRankGradients",
                     {"dy: float", "x: float", "a: float", "b: float", "scales: float"},
                     {"ds: float", "da: float", "db: float"},
                     {},
                     gradients};
const Entry<forwardOp> forwardEntry;
const Entry<inputGradientOp> inputGradientEntry;
const Entry<mergeOp> mergeEntry;
const Entry<gradientsOp> gradientsEntry;

}  // namespace
}  // namespace lora
