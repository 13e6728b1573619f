/* A libcuda.so.1 without a card: "device" memory is this process's own, so that pointers can be looked at.
 *
 * It has every function that libavutil and libavcodec look up, and does what they need to get to the encoder.
 * FAKE_CUDA_INIT is the status of cuInit, FAKE_CUDA_DEVICES the number of cards, FAKE_CUDA_NAME their name.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t address;
enum { OK = 0, NO_DEVICE = 100, INVALID_CONTEXT = 201, NOT_SUPPORTED = 801, DEPTH = 64 };

static void *contexts[DEPTH];
static int depth;

static int number(const char *name, int otherwise) {
    const char *text = getenv(name);
    return text && *text ? atoi(text) : otherwise;
}

int cuInit(unsigned flags) { return number("FAKE_CUDA_INIT", OK); }
int cuDriverGetVersion(int *version) { *version = 13000; return OK; }
int cuDeviceGetCount(int *count) { *count = number("FAKE_CUDA_DEVICES", 1); return OK; }
int cuDeviceGet(int *device, int ordinal) { *device = ordinal; return OK; }
int cuDeviceGetName(char *name, int size, int device) {
    const char *text = getenv("FAKE_CUDA_NAME");
    snprintf(name, (size_t)size, "%s", text ? text : "NVIDIA Fake 1");
    return OK;
}
int cuDeviceComputeCapability(int *major, int *minor, int device) { *major = 8; *minor = 9; return OK; }
int cuDeviceGetAttribute(int *value, int attribute, int device) { *value = attribute == 14 ? 512 : 0; return OK; }
int cuGetErrorName(int error, const char **name) {
    *name = error == NO_DEVICE ? "CUDA_ERROR_NO_DEVICE" : error == 999 ? "CUDA_ERROR_UNKNOWN" : "CUDA_ERROR";
    return OK;
}
int cuGetErrorString(int error, const char **text) {
    *text = error == NO_DEVICE ? "no CUDA-capable device is detected" : "as the test asked";
    return OK;
}

int cuCtxPushCurrent_v2(void *context) {
    if (depth == DEPTH) return INVALID_CONTEXT;
    contexts[depth++] = context;
    return OK;
}
int cuCtxPopCurrent_v2(void **context) {
    if (!depth) return INVALID_CONTEXT;
    void *top = contexts[--depth];
    if (context) *context = top;
    return OK;
}
int cuCtxCreate_v2(void **context, unsigned flags, int device) {
    *context = malloc(16);
    return cuCtxPushCurrent_v2(*context);
}
int cuCtxDestroy_v2(void *context) { free(context); return OK; }
int cuCtxGetCurrent(void **context) { *context = depth ? contexts[depth - 1] : NULL; return OK; }
int cuCtxGetDevice(int *device) { *device = 0; return OK; }
int cuDevicePrimaryCtxRetain(void **context, int device) {
    static char primary[16];
    *context = primary;
    return number("FAKE_CUDA_INIT", OK);
}
int cuDevicePrimaryCtxRelease(int device) { return OK; }
/* As the CUDA runtime leaves it: active, with flags that libavutil does not want of a primary context. */
int cuDevicePrimaryCtxGetState(int device, unsigned *flags, int *active) { *flags = 0; *active = 1; return OK; }

int cuMemAlloc_v2(address *memory, size_t size) { *memory = (address)(uintptr_t)malloc(size); return OK; }
int cuMemAllocPitch_v2(address *memory, size_t *pitch, size_t width, size_t height, unsigned element) {
    *pitch = (width + 511) / 512 * 512;
    return cuMemAlloc_v2(memory, *pitch * height);
}
int cuMemFree_v2(address memory) { free((void *)(uintptr_t)memory); return OK; }
int cuMemsetD8Async(address memory, unsigned char value, size_t size, void *stream) {
    memset((void *)(uintptr_t)memory, value, size);
    return OK;
}
int cuStreamSynchronize(void *stream) { return OK; }

#define ABSENT(name) int name(void) { return NOT_SUPPORTED; }
ABSENT(cuArray3DCreate_v2) ABSENT(cuArrayCreate_v2) ABSENT(cuArrayDestroy) ABSENT(cuCtxSetLimit)
ABSENT(cuDevicePrimaryCtxReset) ABSENT(cuDevicePrimaryCtxSetFlags) ABSENT(cuEventCreate) ABSENT(cuEventDestroy_v2)
ABSENT(cuEventQuery) ABSENT(cuEventRecord) ABSENT(cuEventSynchronize) ABSENT(cuGLGetDevices_v2)
ABSENT(cuGraphicsGLRegisterImage) ABSENT(cuGraphicsMapResources) ABSENT(cuGraphicsResourceGetMappedPointer_v2)
ABSENT(cuGraphicsSubResourceGetMappedArray) ABSENT(cuGraphicsUnmapResources) ABSENT(cuGraphicsUnregisterResource)
ABSENT(cuLaunchKernel) ABSENT(cuLinkAddData) ABSENT(cuLinkComplete) ABSENT(cuLinkCreate) ABSENT(cuLinkDestroy)
ABSENT(cuMemAllocManaged) ABSENT(cuMemcpy) ABSENT(cuMemcpy2DAsync_v2) ABSENT(cuMemcpy2D_v2) ABSENT(cuMemcpyAsync)
ABSENT(cuMemcpyDtoDAsync_v2) ABSENT(cuMemcpyDtoD_v2) ABSENT(cuMemcpyDtoHAsync_v2) ABSENT(cuMemcpyDtoH_v2)
ABSENT(cuMemcpyHtoDAsync_v2) ABSENT(cuMemcpyHtoD_v2) ABSENT(cuModuleGetFunction) ABSENT(cuModuleGetGlobal)
ABSENT(cuModuleLoadData) ABSENT(cuModuleUnload) ABSENT(cuStreamAddCallback) ABSENT(cuStreamCreate)
ABSENT(cuStreamDestroy_v2) ABSENT(cuStreamQuery) ABSENT(cuStreamWaitEvent) ABSENT(cuTexObjectCreate)
ABSENT(cuTexObjectDestroy)
