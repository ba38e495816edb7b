// The base of all kernels in C++: an op of this project in TensorFlow, its tensors, all cores, and exp.
// Numbers are float32 unless a name says otherwise. One source is compiled for several kinds of
// processors: loops and vector.h are as wide as theirs.
#pragma once

#include <tensorflow/c/kernels.h>
#include <tensorflow/c/ops.h>

#include "vector.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <vector>

namespace lora {

// An input or output tensor of an op; TensorFlow owns the memory.
struct View {
  float* data;
  std::vector<int64_t> shape;

  int64_t size() const {
    int64_t product = 1;
    for (int64_t dim : shape) product *= dim;
    return product;
  }
  int64_t width() const { return shape.back(); }  // size of the last axis
  int64_t rows() const { return width() == 0 ? 0 : size() / width(); }
  const int32_t* integers() const { return reinterpret_cast<const int32_t*>(data); }
};

// One run of an op.
class Run {
 public:
  Run(TF_OpKernelContext* context, const float* attributes);
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  View input(int index);
  View output(int index, const std::vector<int64_t>& shape);
  // Writes the output over an input; the caller must not use that input again.
  View overwrite(int output, int input);
  float attribute(int index) const { return attributes_[index]; }

 private:
  TF_OpKernelContext* context_;
  const float* attributes_;
  TF_Status* status_;
  std::vector<TF_Tensor*> held_;
};

struct Op {
  const char* name;
  std::vector<const char*> inputs;  // "x: float"
  std::vector<const char*> outputs;
  std::vector<const char*> attributes;  // names of floats
  void (*compute)(Run&);
};

// All ops of this library. A static Entry in an op's file enters it here.
std::vector<TF_KernelBuilder* (*)()>& entries();

namespace detail {
void define(const Op& op);
float* readAttributes(const Op& op, TF_OpKernelConstruction* construction);

template <const Op& op>
TF_KernelBuilder* build() {
  define(op);
  return TF_NewKernelBuilder(
      op.name, "CPU",
      [](TF_OpKernelConstruction* given) -> void* { return readAttributes(op, given); },
      [](void* attributes, TF_OpKernelContext* context) {
        Run run(context, static_cast<float*>(attributes));
        op.compute(run);
      },
      [](void* attributes) { delete[] static_cast<float*>(attributes); });
}
}  // namespace detail

template <const Op& op>
struct Entry {
  Entry() { entries().push_back(detail::build<op>); }
};

// Calls f(begin, end) for parts of 0 .. count, on all cores if there is enough work.
// `cost` is the cost of one item, in numbers read.
void parallel(int64_t count, int64_t cost, const std::function<void(int64_t, int64_t)>& f);

// e^x within 2 units in the last place; 0 below the smallest normal number, NaN of NaN. Without
// branches, so that a loop over it becomes vector instructions. (Cephes' expf: Cody and Waite's
// reduction, a polynomial of degree 6.)
inline float exponential(float x) {
  const float clamped = x > 88.37f ? 88.37f : x;
  constexpr float ROUND = 0x1.8p23f;  // what is added to it loses its fraction
  const float n = (clamped * 1.44269504f + ROUND) - ROUND;
  const float r = fma(n, 2.12194440e-4f, clamped - n * 0.693359375f);
  float p = 1.9875691500e-4f;
  p = fma(p, r, 1.3981999507e-3f);
  p = fma(p, r, 8.3334519073e-3f);
  p = fma(p, r, 4.1665795894e-2f);
  p = fma(p, r, 1.6666665459e-1f);
  p = fma(p, r, 5.0000001201e-1f);
  p = fma(p * r, r, r) + 1.0f;
  const float bounded = n < -126.0f ? -126.0f : n;
  const uint32_t bits = static_cast<uint32_t>(static_cast<int32_t>(bounded) + 127) << 23;
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return x < -87.33f ? 0.0f : p * power;
}

}  // namespace lora
