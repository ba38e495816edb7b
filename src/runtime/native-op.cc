#include "native-op.h"

#include <node_api.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace lora {

namespace {

std::vector<int64_t> shapeOf(const TF_Tensor* tensor) {
  std::vector<int64_t> shape(TF_NumDims(tensor));
  for (size_t i = 0; i < shape.size(); i++) shape[i] = TF_Dim(tensor, static_cast<int>(i));
  return shape;
}

float* dataOf(const TF_Tensor* tensor) { return static_cast<float*>(TF_TensorData(tensor)); }

}  // namespace

Run::Run(TF_OpKernelContext* context, const float* attributes)
    : context_(context), attributes_(attributes), status_(TF_NewStatus()) {}

Run::~Run() {
  for (TF_Tensor* tensor : held_) TF_DeleteTensor(tensor);
  if (TF_GetCode(status_) != TF_OK) TF_OpKernelContext_Failure(context_, status_);
  TF_DeleteStatus(status_);
}

View Run::input(int index) {
  TF_Tensor* tensor = nullptr;
  TF_GetInput(context_, index, &tensor, status_);
  held_.push_back(tensor);
  return {dataOf(tensor), shapeOf(tensor)};
}

View Run::output(int index, const std::vector<int64_t>& shape) {
  View view{nullptr, shape};
  const size_t bytes = view.size() * sizeof(float);
  TF_Tensor* tensor = TF_AllocateOutput(context_, index, TF_FLOAT, shape.data(),
                                        static_cast<int>(shape.size()), bytes, status_);
  held_.push_back(tensor);
  view.data = dataOf(tensor);
  return view;
}

View Run::overwrite(int output, int input) {
  View view = this->input(input);
  TF_SetOutput(context_, output, held_.back(), status_);
  return view;
}

std::vector<TF_KernelBuilder* (*)()>& entries() {
  static std::vector<TF_KernelBuilder* (*)()> all;
  return all;
}

namespace detail {

void define(const Op& op) {
  TF_OpDefinitionBuilder* builder = TF_NewOpDefinitionBuilder(op.name);
  for (const char* input : op.inputs) TF_OpDefinitionBuilderAddInput(builder, input);
  for (const char* output : op.outputs) TF_OpDefinitionBuilderAddOutput(builder, output);
  for (const char* attribute : op.attributes) {
    TF_OpDefinitionBuilderAddAttr(builder, (std::string(attribute) + ": float").c_str());
  }
  // Of use in graphs alone; without one TensorFlow refuses the op.
  TF_OpDefinitionBuilderSetShapeInferenceFunction(
      builder, [](TF_ShapeInferenceContext* context, TF_Status* status) {
        TF_ShapeInferenceContextSetUnknownShape(context, status);
      });
  TF_Status* status = TF_NewStatus();
  TF_RegisterOpDefinition(builder, status);
  TF_DeleteStatus(status);
}

float* readAttributes(const Op& op, TF_OpKernelConstruction* construction) {
  float* values = new float[op.attributes.size()];
  TF_Status* status = TF_NewStatus();
  for (size_t i = 0; i < op.attributes.size(); i++) {
    TF_OpKernelConstruction_GetAttrFloat(construction, op.attributes[i], &values[i], status);
  }
  TF_DeleteStatus(status);
  return values;
}

}  // namespace detail

namespace {

using Part = std::function<void(int)>;

// How long a thread looks for more work before it sleeps: waking one takes as long. It gives way to
// whoever else wants the core, such as TensorFlow's own threads.
constexpr std::chrono::microseconds PATIENCE{100};

// Threads that wait for work. One caller at a time: tfjs runs one op after the other.
class Pool {
 public:
  explicit Pool(int threads) : threads_(threads) {
    for (int i = 1; i < threads; i++) std::thread(&Pool::work, this, i).detach();
  }

  int threads() const { return threads_; }

  // Calls part(i) for each thread i, the caller's being 0.
  void run(const Part& part) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      part_ = &part;
      pending_ = threads_ - 1;
      round_++;
    }
    wake_.notify_all();
    part(0);
    while (pending_.load(std::memory_order_acquire) > 0) std::this_thread::yield();
  }

 private:
  void work(int index) {
    for (uint64_t seen = 0;;) {
      waitAwake(seen);
      const Part* part;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        wake_.wait(lock, [&] { return round_ != seen; });
        seen = round_;
        part = part_;
      }
      (*part)(index);
      pending_.fetch_sub(1, std::memory_order_release);
    }
  }

  void waitAwake(uint64_t seen) const {
    const auto end = std::chrono::steady_clock::now() + PATIENCE;
    while (round_.load(std::memory_order_acquire) == seen) {
      if (std::chrono::steady_clock::now() > end) return;
      std::this_thread::yield();
    }
  }

  const int threads_;
  std::mutex mutex_;
  std::condition_variable wake_;
  const Part* part_ = nullptr;
  std::atomic<uint64_t> round_{0};
  std::atomic<int> pending_{0};
};

// As many threads as TensorFlow itself takes.
int threadCount() {
  const char* given = std::getenv("TF_NUM_INTRAOP_THREADS");
  const int wanted = given ? std::atoi(given) : 0;
  return wanted > 0 ? wanted : std::max(1u, std::thread::hardware_concurrency());
}

// Numbers that one thread reads in about the time that waking another takes.
constexpr int64_t WORTH_A_THREAD = 1 << 15;

}  // namespace

void parallel(int64_t count, int64_t cost, const std::function<void(int64_t, int64_t)>& f) {
  static Pool* pool = new Pool(threadCount());  // never freed: its threads wait to the end
  const int64_t worth = count * cost / WORTH_A_THREAD;
  const int64_t parts = std::min<int64_t>({pool->threads(), worth, count});
  if (parts <= 1) return f(0, count);
  pool->run([&](int i) {
    if (i < parts) f(count * i / parts, count * (i + 1) / parts);
  });
}

namespace {

bool isSupported() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return true;
#endif
}

bool enterAll() {
  bool good = true;
  TF_Status* status = TF_NewStatus();
  for (auto build : entries()) {
    TF_RegisterKernelBuilder("lora", build(), status);
    good = good && TF_GetCode(status) == TF_OK;
  }
  TF_DeleteStatus(status);
  return good;
}

napi_value start(napi_env env, napi_value exports) {
  static const bool good = isSupported() && enterAll();
  napi_value value;
  napi_get_boolean(env, good, &value);
  napi_set_named_property(env, exports, "isSupported", value);
  return exports;
}

}  // namespace

}  // namespace lora

NAPI_MODULE(lora_kernels, lora::start)
