// Vectors of floats as wide as those of the processor that the library is compiled for: 16 with
// AVX-512, 8 with AVX2, 4 elsewhere. The compiler's own vector types, so that one source does for all.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

namespace lora {

#if defined(__AVX512F__)
constexpr int64_t WIDTH = 16;
#elif defined(__AVX2__)
constexpr int64_t WIDTH = 8;
#else
constexpr int64_t WIDTH = 4;
#endif

typedef float Vector __attribute__((vector_size(WIDTH * sizeof(float))));

inline Vector load(const float* from) {
  Vector v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

inline void store(float* to, Vector v) { std::memcpy(to, &v, sizeof v); }

inline Vector repeat(float value) {
  Vector v;
  for (int64_t i = 0; i < WIDTH; i++) v[i] = value;
  return v;
}

// a b + c, rounded once where the processor can do that.
inline float fma(float a, float b, float c) {
#ifdef __FP_FAST_FMAF
  return std::fma(a, b, c);
#else
  return a * b + c;  // std::fma would compute it digit by digit
#endif
}

inline Vector fma(Vector a, Vector b, Vector c) {
  Vector sum;
  for (int64_t i = 0; i < WIDTH; i++) sum[i] = fma(a[i], b[i], c[i]);
  return sum;
}

inline float sumOf(Vector v) {
  float parts[WIDTH];
  store(parts, v);
  for (int64_t half = WIDTH / 2; half > 0; half /= 2) {
    for (int64_t i = 0; i < half; i++) parts[i] += parts[i + half];
  }
  return parts[0];
}

}  // namespace lora
