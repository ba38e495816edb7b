#include "native-op.h"

#include <node_api.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <memory>
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
  // Only graphs use the shape function, but without one TensorFlow refuses the op.
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

// Work queue: each thread takes the next piece until none is left.
struct Job {
  Job(int64_t count, const std::function<void(int64_t)>& piece) : count(count), piece(piece) {}

  const int64_t count;
  const std::function<void(int64_t)>& piece;
  std::atomic<int64_t> next{0};
  std::atomic<int64_t> done{0};

  void work() {
    for (int64_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;) {
      piece(i);
      done.fetch_add(1, std::memory_order_release);
    }
  }
};

// Time that a thread looks for more work before it sleeps, about the time that waking takes. It yields
// the core to other threads, such as TensorFlow's own.
constexpr std::chrono::microseconds PATIENCE{100};

// Threads that wait for work. One caller at a time: tfjs runs one op after the other.
class Pool {
 public:
  explicit Pool(int threads) : threads_(threads) {
    for (int i = 1; i < threads; i++) std::thread(&Pool::serve, this).detach();
  }

  int threads() const { return threads_; }

  // Calls piece(i) for each i below count. The caller works too, and does not wait for threads that
  // have not started: a late thread finds nothing left.
  void run(int64_t count, const std::function<void(int64_t)>& piece) {
    const auto job = std::make_shared<Job>(count, piece);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      job_ = job;
      round_++;
    }
    wake_.notify_all();
    job->work();
    while (job->done.load(std::memory_order_acquire) < count) std::this_thread::yield();
  }

 private:
  void serve() {
    for (uint64_t seen = 0;;) {
      waitAwake(seen);
      std::shared_ptr<Job> job;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        wake_.wait(lock, [&] { return round_ != seen; });
        seen = round_;
        job = job_;
      }
      job->work();
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
  std::shared_ptr<Job> job_;
  std::atomic<uint64_t> round_{0};
};

// The number of threads that TensorFlow uses.
int threadCount() {
  const char* given = std::getenv("TF_NUM_INTRAOP_THREADS");
  const int wanted = given ? std::atoi(given) : 0;
  return wanted > 0 ? wanted : std::max(1u, std::thread::hardware_concurrency());
}

// Numbers that one thread reads in about the time that waking another thread takes.
constexpr int64_t WORTH_A_THREAD = 1 << 15;
// Pieces for each thread: more than one, since threads start and finish at different times.
constexpr int64_t PIECES = 4;

}  // namespace

void parallel(int64_t count, int64_t cost, const std::function<void(int64_t, int64_t)>& f) {
  static Pool* pool =
      new Pool(threadCount());  // never freed: its threads run until the process ends
  const int64_t worth = count * cost / WORTH_A_THREAD;
  const int64_t threads = std::min<int64_t>({pool->threads(), worth, count});
  if (threads <= 1) return f(0, count);
  const int64_t pieces = std::min(PIECES * threads, count);
  pool->run(pieces, [&](int64_t i) { f(count * i / pieces, count * (i + 1) / pieces); });
}

namespace {

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
  static const bool good = enterAll();
  napi_value value;
  napi_get_boolean(env, good, &value);
  napi_set_named_property(env, exports, "isEntered", value);
  return exports;
}

}  // namespace

}  // namespace lora

NAPI_MODULE(lora_kernels, lora::start)
