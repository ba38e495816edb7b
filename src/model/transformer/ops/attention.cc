#include "native-op.h"
#include "thin-matmul.h"
#include "tile-product.h"

#include <algorithm>
#include <limits>

namespace lora {
namespace {

// Queries of a head that are computed together: their scores, [BLOCK, positions], stay in cache.
constexpr int64_t BLOCK = 24;
// Up to so many queries that share keys are multiplied with the keys as they lie.
constexpr int64_t FEW = 8;
// Pieces of work for each sequence's key heads together, so that all cores have some.
constexpr int64_t PIECES = 16;

// q [batch, heads, time, size], k and v [batch, kvHeads, all, size]; first [1 or batch, time].
struct Inputs {
  View q, k, v, first;
  float scale;
  int64_t batch, heads, time, size, kvHeads, all, group, stride;

  explicit Inputs(Run& run)
      : q(run.input(0)), k(run.input(1)), v(run.input(2)), first(run.input(3)) {
    scale = run.attribute(0);
    batch = q.shape[0], heads = q.shape[1], time = q.shape[2], size = q.shape[3];
    kvHeads = k.shape[1], all = k.shape[2], group = heads / kvHeads;
    stride = (all + WIDTH - 1) / WIDTH * WIDTH;
  }

  // A query sees positions from firstOf to endOf.
  int64_t firstOf(int64_t sequence, int64_t query) const {
    return first.integers()[(first.size() > time ? sequence * time : 0) + query];
  }
  int64_t endOf(int64_t query) const { return all - time + query + 1; }
  // Keys and values by pair: a sequence and a key head.
  int64_t pairs() const { return batch * kvHeads; }
  const float* keys(int64_t pair) const { return k.data + pair * all * size; }
  const float* values(int64_t pair) const { return v.data + pair * all * size; }
};

// Some queries of one head, and the positions that any of them sees, from a whole vector on.
struct Block {
  int64_t sequence, head, query, rows, begin, end;

  Block(const Inputs& in, int64_t pair, int64_t g, int64_t query) : query(query) {
    sequence = pair / in.kvHeads;
    head = pair % in.kvHeads * in.group + g;
    rows = std::min(BLOCK, in.time - query);
    begin = in.all, end = in.endOf(query + rows - 1);
    for (int64_t i = query; i < query + rows; i++) {
      begin = std::min(begin, in.firstOf(sequence, i));
    }
    begin = begin / WIDTH * WIDTH;
  }
  int64_t width() const { return end - begin; }
  int64_t columns() const { return (width() + WIDTH - 1) / WIDTH * WIDTH; }
  // Of q and its gradient, [batch, heads, time, size].
  int64_t ofQueries(const Inputs& in) const {
    return ((sequence * in.heads + head) * in.time + query) * in.size;
  }
  // Of y and its gradient, [batch, time, heads, size].
  int64_t ofOutputs(const Inputs& in) const {
    return ((sequence * in.time + query) * in.heads + head) * in.size;
  }
};

// What a thread keeps memory for, from one call to the next: fresh memory costs as much as the sums.
enum Use { SHARES, OTHER, KEYS, VALUES, SUMS, USES };

float* scratch(Use use, int64_t count) {
  thread_local std::vector<float> all[USES];
  if (static_cast<int64_t>(all[use].size()) < count) all[use].resize(count);
  return all[use].data();
}

void scaleRow(float* row, int64_t width, float by) {
#pragma omp simd
  for (int64_t i = 0; i < width; i++) row[i] *= by;
}

// Turns a row of scores into e^(scale score - the largest), 0 for positions that are not seen.
// Returns the sum. Whole vectors are computed: what is not seen is -∞.
float powers(float* row, int64_t columns, int64_t from, int64_t to, float scale) {
  constexpr float HIDDEN = -std::numeric_limits<float>::infinity();
  const int64_t whole = columns / WIDTH * WIDTH;
  scaleRow(row, whole, scale);
  scaleRow(row + whole, columns - whole, scale);
  std::fill(row, row + from, HIDDEN);
  std::fill(row + to, row + columns, HIDDEN);
  float most = HIDDEN;
#pragma omp simd reduction(max : most)
  for (int64_t i = 0; i < whole; i++) most = row[i] > most ? row[i] : most;
  for (int64_t i = whole; i < columns; i++) most = row[i] > most ? row[i] : most;
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < whole; i++) {
    row[i] = exponential(row[i] - most);
    sum += row[i];
  }
  for (int64_t i = whole; i < columns; i++) {
    row[i] = exponential(row[i] - most);
    sum += row[i];
  }
  return sum;
}

// Keys or values of each pair, transposed: [pairs, size, stride].
const float* transposed(const Inputs& in, const View& x, Use use) {
  float* all = scratch(use, in.pairs() * in.size * in.stride);
  parallel(in.pairs(), in.all * in.size, [&](int64_t begin, int64_t end) {
    for (int64_t pair = begin; pair < end; pair++) {
      transposeTo(x.data + pair * in.all * in.size, all + pair * in.size * in.stride, in.all,
                  in.size, in.stride);
    }
  });
  return all;
}

// The shares of a block, [rows, stride] from the block's first position on, each row times its sum;
// the inverse sums go to `inverse`.
float* shares(const Inputs& in, const Block& block, const float* keysT, float* inverse) {
  float* p = scratch(SHARES, BLOCK * in.stride);
  tileProduct({in.q.data + block.ofQueries(in), in.size, 1}, keysT + block.begin, in.stride, p,
              in.stride, block.rows, block.columns(), in.size, false);
  for (int64_t i = 0; i < block.rows; i++) {
    const int64_t query = block.query + i;
    inverse[i] = 1 / powers(p + i * in.stride, block.columns(),
                            in.firstOf(block.sequence, query) - block.begin,
                            in.endOf(query) - block.begin, in.scale);
  }
  return p;
}

// All queries of a pair at once: rows of one product, whose keys and values are read once.
void fewQueries(const Inputs& in, const View& y) {
  const int64_t rows = in.group * in.time;
  parallel(in.pairs(), 2 * rows * in.all * in.size, [&](int64_t begin, int64_t end) {
    for (int64_t pair = begin; pair < end; pair++) {
      const int64_t sequence = pair / in.kvHeads, head = pair % in.kvHeads * in.group;
      float *p = scratch(SHARES, rows * in.all), *seen = scratch(OTHER, rows * in.size);
      multiplyTransposed(in.q.data + pair * rows * in.size, in.keys(pair), p, rows, in.all, in.size,
                         in.all);
      float inverse[FEW];
      for (int64_t i = 0; i < rows; i++) {
        const int64_t query = i % in.time;
        inverse[i] = 1 / powers(p + i * in.all, in.all, in.firstOf(sequence, query),
                                in.endOf(query), in.scale);
      }
      std::fill(seen, seen + rows * in.size, 0.0f);
      multiplyAdd(p, in.values(pair), seen, rows, in.all, in.size);
      for (int64_t i = 0; i < rows; i++) {
        const int64_t place = (sequence * in.time + i % in.time) * in.heads + head + i / in.time;
        for (int64_t j = 0; j < in.size; j++) {
          y.data[place * in.size + j] = inverse[i] * seen[i * in.size + j];
        }
      }
    }
  });
}

// y = softmax(scale q kᵀ) v for the positions that are seen: [batch, time, heads size]
void forward(Run& run) {
  const Inputs in(run);
  const View y = run.output(0, {in.batch, in.time, in.heads * in.size});
  if (in.group * in.time <= FEW) return fewQueries(in, y);
  const float* keysT = transposed(in, in.k, KEYS);
  const int64_t blocks = (in.time + BLOCK - 1) / BLOCK, each = in.group * blocks;
  parallel(in.pairs() * each, 2 * BLOCK * in.all * in.size / 8, [&](int64_t begin, int64_t end) {
    for (int64_t piece = begin; piece < end; piece++) {
      const int64_t pair = piece / each;
      const Block block(in, pair, piece % each / blocks, piece % blocks * BLOCK);
      float inverse[BLOCK];
      const float* p = shares(in, block, keysT + pair * in.size * in.stride, inverse);
      float* out = y.data + block.ofOutputs(in);
      const int64_t step = in.heads * in.size;
      tileProduct({p, in.stride, 1}, in.values(pair) + block.begin * in.size, in.size, out, step,
                  block.rows, in.size, block.width(), false);
      for (int64_t i = 0; i < block.rows; i++) scaleRow(out + i * step, in.size, inverse[i]);
    }
  });
}

// dL/dscores of a block from its shares p and dL/dp, over dL/dp: scale p (dL/dp - Σ p dL/dp)
void scoreGradients(const Inputs& in, const Block& block, const float* p, float* dp) {
  const int64_t width = block.columns() / WIDTH * WIDTH;  // no remainder to compute by itself
  for (int64_t i = 0; i < block.rows; i++) {
    const float* share = p + i * in.stride;
    float* grad = dp + i * in.stride;
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < width; j++) sum += share[j] * grad[j];
#pragma omp simd
    for (int64_t j = 0; j < width; j++) grad[j] = in.scale * share[j] * (grad[j] - sum);
  }
}

// dL/dq, dL/dk and dL/dv from dL/dy. The shares are computed again, block by block.
void gradient(Run& run) {
  const Inputs in(run);
  const View dy = run.input(4);
  const View dq = run.output(0, in.q.shape), dk = run.output(1, in.k.shape),
             dv = run.output(2, in.v.shape);
  const float *keysT = transposed(in, in.k, KEYS), *valuesT = transposed(in, in.v, VALUES);
  // Each part of a pair's blocks has its own sums of dL/dk and dL/dv.
  const int64_t blocks = (in.time + BLOCK - 1) / BLOCK, each = in.group * blocks;
  const int64_t parts = std::clamp<int64_t>(PIECES / in.pairs(), 1, each);
  const int64_t area = in.all * in.size;
  float* sums = scratch(SUMS, 2 * in.pairs() * parts * area);
  parallel(in.pairs() * parts, each / parts * BLOCK * area, [&](int64_t begin, int64_t end) {
    for (int64_t piece = begin; piece < end; piece++) {
      const int64_t pair = piece / parts;
      float *sumK = sums + 2 * piece * area, *sumV = sumK + area;
      std::fill(sumK, sumK + 2 * area, 0.0f);
      for (int64_t i = piece % parts; i < each; i += parts) {
        const Block block(in, pair, i / blocks, i % blocks * BLOCK);
        const int64_t step = in.heads * in.size, from = block.begin * in.size;
        const float* dOut = dy.data + block.ofOutputs(in);
        float inverse[BLOCK];
        float* p = shares(in, block, keysT + pair * in.size * in.stride, inverse);
        for (int64_t j = 0; j < block.rows; j++) {
          scaleRow(p + j * in.stride, block.columns(), inverse[j]);
        }
        tileProduct({p, 1, in.stride}, dOut, step, sumV + from, in.size, block.width(), in.size,
                    block.rows, true);
        float* dp = scratch(OTHER, BLOCK * in.stride);
        tileProduct({dOut, step, 1}, valuesT + pair * in.size * in.stride + block.begin, in.stride,
                    dp, in.stride, block.rows, block.columns(), in.size, false);
        scoreGradients(in, block, p, dp);
        tileProduct({dp, in.stride, 1}, in.keys(pair) + from, in.size,
                    dq.data + block.ofQueries(in), in.size, block.rows, in.size, block.width(),
                    false);
        tileProduct({dp, 1, in.stride}, in.q.data + block.ofQueries(in), in.size, sumK + from,
                    in.size, block.width(), in.size, block.rows, true);
      }
    }
  });
  parallel(in.pairs() * area, 2 * parts, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const float* own = sums + 2 * (i / area) * parts * area + i % area;
      float sumK = 0, sumV = 0;
      for (int64_t part = 0; part < parts; part++) {
        sumK += own[2 * part * area];
        sumV += own[(2 * part + 1) * area];
      }
      dk.data[i] = sumK, dv.data[i] = sumV;
    }
  });
}

const Op forwardOp{"LoraAttention",
                   {"q: float", "k: float", "v: float", "first: int32"},
                   {"y: float"},
                   {"scale"},
                   forward};
const Op gradientOp{"LoraAttentionGradient",
                    {"q: float", "k: float", "v: float", "first: int32", "dy: float"},
                    {"dq: float", "dk: float", "dv: float"},
                    {"scale"},
                    gradient};
const Entry<forwardOp> forwardEntry;
const Entry<gradientOp> gradientEntry;

}  // namespace
}  // namespace lora
