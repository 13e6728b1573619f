/* A libnvidia-encode.so.1 without a card: API 13.0 as libavcodec's *_nvenc encoders call it.
 *
 * What is asked of it goes, a JSON object a line, into the file FAKE_NVENC_CALLS. H.264 comes out as pictures of
 * uncompressed macroblocks (pcm.h), read from the surface as late as the interface allows: when the bitstream is
 * locked. HEVC and AV1 are replayed from FAKE_NVENC_REPLAY: for each packet its place on the screen and its size
 * (32 bits each) and its bytes; the first one holds the parameter sets.
 * FAKE_NVENC_VERSION is the driver's version (13.0 is 208), FAKE_NVENC_OPEN the status of opening a session,
 * FAKE_NVENC_INIT that of setting it up, FAKE_NVENC_FAIL_AT the picture that fails, FAKE_NVENC_CODECS what the card
 * encodes, FAKE_NVENC_B_FRAMES how many B-frames it can.
 * Members of structures are found by their offsets in the published header.
 */
#include <stdio.h>
#include "pcm.h"

#define U32(p, at) (*(uint32_t *)((uint8_t *)(p) + (at)))
#define U16(p, at) (*(uint16_t *)((uint8_t *)(p) + (at)))
#define U8(p, at) (*((uint8_t *)(p) + (at)))
#define U64(p, at) (*(uint64_t *)((uint8_t *)(p) + (at)))
#define PTR(p, at) (*(void **)((uint8_t *)(p) + (at)))

enum { SUCCESS = 0, INVALID_PARAM = 8, NEED_MORE_INPUT = 17, UNIMPLEMENTED = 22 };
enum { NV12 = 1, YV12 = 0x10, IYUV = 0x100 };
enum { CAP_B_FRAMES = 0, CAP_WIDTH = 16, CAP_HEIGHT = 17, END_OF_STREAM = 8, QUEUE = 4096 };

typedef struct {
    uint8_t *memory;
    uint32_t pitch, width, height, format;
    int mapped, owned;
} surface_t;

typedef struct {
    surface_t *surface;
    uint64_t time;
    int type;
    unsigned frame, idr, order;
} shot_t;

typedef struct {
    char codec[8];
    shape_t shape;
    uint32_t gop, interval;
    bits_t headers, packet;
    shot_t waiting[QUEUE];
    uint64_t times[QUEUE];
    unsigned held, frames, in_gop, frame_number, idrs;
    shot_t done[QUEUE];
    unsigned coded;
    void *outputs[QUEUE];
    unsigned submitted;
    FILE *replay;
    uint8_t *replayed;
} session_t;

static int number(const char *name, int otherwise) {
    const char *text = getenv(name);
    return text && *text ? atoi(text) : otherwise;
}

static FILE *calls(void) {
    static FILE *file;
    const char *path = getenv("FAKE_NVENC_CALLS");
    if (!file && path) file = fopen(path, "a");
    if (!file) file = fopen("/dev/null", "a");
    setvbuf(file, NULL, _IOLBF, 0);
    return file;
}

static const uint32_t H264[] = {0x6bc82762, 0x4ca44e63, 0x501e85aa, 0xbff621f3};
static const uint32_t HEVC[] = {0x790cdc88, 0x4d7b4522, 0xa9bd2594, 0x03765f97};
static const uint32_t AV1[] = {0x0a352289, 0x47590aa7, 0x155d2d86, 0x54d216cd};

static int has(const char *codec) {
    const char *list = getenv("FAKE_NVENC_CODECS");
    return strstr(list && *list ? list : "h264,hevc,av1", codec) != NULL;
}

static int open_session(void *params, void **encoder) {
    int status = number("FAKE_NVENC_OPEN", SUCCESS);
    fprintf(calls(), "{\"call\": \"open\", \"api\": %u, \"device_type\": %u, \"status\": %d}\n", U32(params, 24),
            U32(params, 4), status);
    *encoder = status ? NULL : calloc(1, sizeof(session_t));
    return status;
}

static int guid_count(void *encoder, uint32_t *count) { *count = has("h264") + has("hevc") + has("av1"); return SUCCESS; }
static int guids(void *encoder, uint8_t *out, uint32_t size, uint32_t *count) {
    *count = 0;
    if (has("h264")) memcpy(out + 16 * (*count)++, H264, 16);
    if (has("hevc")) memcpy(out + 16 * (*count)++, HEVC, 16);
    if (has("av1")) memcpy(out + 16 * (*count)++, AV1, 16);
    return SUCCESS;
}

typedef struct { uint32_t words[4]; } guid_t;

static int caps(void *encoder, guid_t codec, void *param, int *value) {
    uint32_t asked = U32(param, 4);
    *value = asked == CAP_WIDTH || asked == CAP_HEIGHT ? 4096 : 1;
    if (asked == CAP_B_FRAMES) *value = number("FAKE_NVENC_B_FRAMES", 4);
    if (asked == 43) *value = 3; /* both ways of B-frames as references */
    return SUCCESS;
}

static int preset_config(void *encoder, guid_t codec, guid_t preset, uint32_t tuning, void *out) {
    uint8_t *config = (uint8_t *)out + 8;
    U32(config, 20) = 0xffffffff; /* a GOP without an end, as some presets have */
    U32(config, 24) = 1;
    U32(config, 40 + 20) = 5000000;
    U32(config, 40 + 24) = 7500000;
    return SUCCESS;
}

static void print_guid(FILE *file, const char *name, const void *at) {
    fprintf(file, "\"%s\": \"%08x\", ", name, U32(at, 0));
}

static int initialize(session_t *self, void *params) {
    int status = number("FAKE_NVENC_INIT", SUCCESS);
    uint8_t *config = PTR(params, 88), *rc = config + 40, *own = config + 168;
    const void *codec = (uint8_t *)params + 4;
    int h264 = !memcmp(codec, H264, 16), hevc = !memcmp(codec, HEVC, 16);
    strcpy(self->codec, h264 ? "h264" : hevc ? "hevc" : "av1");
    self->shape.width = U32(params, 36), self->shape.height = U32(params, 40);
    self->shape.fps_num = U32(params, 52), self->shape.fps_den = U32(params, 56);
    self->gop = U32(config, 20), self->interval = U32(config, 24);
    self->shape.reorder = self->interval > 1;
    uint32_t colour[4] = {0};
    if (h264 || hevc) {
        uint8_t *vui = own + (h264 ? 72 : 64);
        self->shape.described = U32(vui, 20), self->shape.full_range = U32(vui, 16);
        self->shape.primaries = U32(vui, 24), self->shape.transfer = U32(vui, 28), self->shape.matrix = U32(vui, 32);
        colour[0] = U32(vui, 24), colour[1] = U32(vui, 28), colour[2] = U32(vui, 32), colour[3] = U32(vui, 16);
    } else {
        for (int i = 0; i < 4; i++) colour[i] = U32(own, 68 + 4 * i);
    }
    FILE *file = calls();
    fprintf(file, "{\"call\": \"initialize\", \"codec\": \"%s\", ", self->codec);
    print_guid(file, "preset", (uint8_t *)params + 20);
    print_guid(file, "profile", config + 4);
    fprintf(file, "\"width\": %u, \"height\": %u, \"fps\": [%u, %u], \"tuning\": %u, ", self->shape.width,
            self->shape.height, self->shape.fps_num, self->shape.fps_den, U32(params, 136));
    fprintf(file, "\"gop\": %u, \"interval\": %u, \"idr_period\": %u, \"rc\": %u, \"average\": %u, \"max\": %u, ",
            self->gop, self->interval, U32(own, h264 ? 8 : 20), U32(rc, 4), U32(rc, 20), U32(rc, 24));
    fprintf(file, "\"vbv\": %u, \"quality\": %g, \"lookahead\": %d, \"scene_cuts\": %d, \"aq\": %d, \"temporal_aq\": %d, ",
            U32(rc, 28), U8(rc, 88) + U8(rc, 89) / 256.0, U8(rc, 36) & 0x20 ? U16(rc, 90) : 0, !(U8(rc, 36) & 0x40),
            !!(U8(rc, 36) & 8), U8(rc, 37) & 1);
    fprintf(file, "\"b_references\": %u, \"multipass\": %u, ", U32(own, h264 ? 200 : hevc ? 180 : 88), U32(rc, 100));
    fprintf(file, "\"colour\": [%u, %u, %u, %u]}\n", colour[0], colour[1], colour[2], colour[3]);
    if (h264) parameter_sets(&self->headers, &self->shape);
    const char *replay = getenv("FAKE_NVENC_REPLAY");
    if (!h264 && replay) self->replay = fopen(replay, "rb");
    return status;
}

static uint32_t next_replayed(session_t *self, uint32_t *place) {
    uint32_t head[2] = {0, 0};
    if (self->replay && fread(head, 4, 2, self->replay) == 2) {
        self->replayed = realloc(self->replayed, head[1] + 1);
        if (fread(self->replayed, 1, head[1], self->replay) != head[1]) head[1] = 0;
    }
    *place = head[0];
    return head[1];
}

static int sequence_params(session_t *self, void *payload) {
    uint32_t place, size = (uint32_t)self->headers.size;
    const uint8_t *from = self->headers.data;
    if (strcmp(self->codec, "h264")) size = next_replayed(self, &place), from = self->replayed;
    if (size > U32(payload, 4)) return INVALID_PARAM;
    memcpy(PTR(payload, 16), from, size);
    *(uint32_t *)PTR(payload, 24) = size;
    return SUCCESS;
}

static int create_input(session_t *self, void *params) {
    surface_t *surface = calloc(1, sizeof *surface);
    surface->width = U32(params, 4), surface->height = U32(params, 8), surface->format = U32(params, 16);
    surface->pitch = (surface->width + 63) / 64 * 64, surface->owned = 1;
    surface->memory = calloc(surface->pitch, surface->height * 2);
    PTR(params, 24) = surface;
    return SUCCESS;
}
static int destroy_input(session_t *self, surface_t *surface) { free(surface->memory); free(surface); return SUCCESS; }
static int lock_input(session_t *self, void *params) {
    surface_t *surface = PTR(params, 8);
    PTR(params, 16) = surface->memory, U32(params, 24) = surface->pitch;
    return SUCCESS;
}

static int register_resource(session_t *self, void *params) {
    surface_t *surface = calloc(1, sizeof *surface);
    surface->memory = PTR(params, 24), surface->pitch = U32(params, 16);
    surface->width = U32(params, 8), surface->height = U32(params, 12), surface->format = U32(params, 40);
    PTR(params, 32) = surface;
    fprintf(calls(), "{\"call\": \"register\", \"pointer\": %llu, \"pitch\": %u, \"width\": %u, \"height\": %u, \"format\": %u}\n",
            (unsigned long long)(uintptr_t)surface->memory, surface->pitch, surface->width, surface->height, surface->format);
    return surface->pitch % 4 ? INVALID_PARAM : SUCCESS;
}
static int unregister_resource(session_t *self, surface_t *surface) {
    fprintf(calls(), "{\"call\": \"unregister\", \"mapped\": %d}\n", surface->mapped);
    free(surface);
    return SUCCESS;
}
static int map_resource(session_t *self, void *params) {
    surface_t *surface = PTR(params, 16);
    surface->mapped++;
    PTR(params, 24) = surface, U32(params, 32) = surface->format;
    return SUCCESS;
}
static int unmap_resource(session_t *self, surface_t *surface) { surface->mapped--; return SUCCESS; }

static int create_bitstream(session_t *self, void *params) { PTR(params, 16) = malloc(1); return SUCCESS; }
static int destroy_bitstream(session_t *self, void *buffer) { free(buffer); return SUCCESS; }

/* The pictures that wait, in decoding order: the last one first, then the B-frames before it. */
static void decide(session_t *self) {
    if (!self->held) return;
    shot_t *last = &self->waiting[self->held - 1];
    last->type = last->order ? P_PICTURE : IDR_PICTURE;
    if (last->type == IDR_PICTURE) self->frame_number = 0, self->idrs++;
    last->frame = self->frame_number++, last->idr = self->idrs;
    self->done[self->coded++ % QUEUE] = *last;
    for (unsigned i = 0; i + 1 < self->held; i++) {
        self->waiting[i].type = B_PICTURE, self->waiting[i].frame = self->frame_number;
        self->done[self->coded++ % QUEUE] = self->waiting[i];
    }
    self->held = 0;
}

static int encode_picture(session_t *self, void *params) {
    if (U32(params, 16) & END_OF_STREAM) { decide(self); return SUCCESS; }
    if ((int)self->frames == number("FAKE_NVENC_FAIL_AT", -1)) return INVALID_PARAM;
    shot_t shot = {PTR(params, 40), U64(params, 24), 0, 0, 0, 2 * self->in_gop};
    self->times[self->frames % QUEUE] = shot.time;
    self->outputs[self->submitted++ % QUEUE] = PTR(params, 48);
    self->waiting[self->held++] = shot;
    self->frames++;
    int anchor = self->in_gop == 0 || self->in_gop + 1 == self->gop || self->held == self->interval;
    self->in_gop = (self->in_gop + 1) % self->gop;
    if (!anchor) return NEED_MORE_INPUT;
    decide(self);
    return SUCCESS;
}

static planes_t planes(const surface_t *surface) {
    const uint8_t *chroma = surface->memory + (size_t)surface->pitch * surface->height;
    size_t half = surface->pitch / 2, size = half * (surface->height / 2);
    planes_t found = {surface->memory, chroma, chroma + 1, surface->pitch, surface->pitch, 2};
    if (surface->format == YV12) found.cr = chroma, found.cb = chroma + size;
    if (surface->format == IYUV) found.cb = chroma, found.cr = chroma + size;
    if (surface->format != NV12) found.chroma_pitch = half, found.chroma_step = 1;
    return found;
}

static int lock_bitstream(session_t *self, void *params) {
    unsigned at = 0;
    while (at < self->submitted && self->outputs[at % QUEUE] != PTR(params, 8)) at++;
    if (at >= self->coded) return INVALID_PARAM;
    self->outputs[at % QUEUE] = NULL;
    shot_t *shot = &self->done[at % QUEUE];
    uint32_t place = 0, size;
    if (strcmp(self->codec, "h264")) {
        size = next_replayed(self, &place);
        PTR(params, 56) = self->replayed, U64(params, 40) = self->times[place % QUEUE];
    } else {
        planes_t from = planes(shot->surface);
        self->packet.size = 0;
        picture(&self->packet, &self->shape, &from, shot->type, shot->frame, shot->idr, shot->order);
        size = (uint32_t)self->packet.size;
        PTR(params, 56) = self->packet.data, U64(params, 40) = shot->time;
    }
    U32(params, 36) = size, U32(params, 64) = (uint32_t)shot->type, U32(params, 72) = 20;
    return SUCCESS;
}
static int unlock(session_t *self, void *buffer) { return SUCCESS; }

static int destroy(session_t *self) {
    fprintf(calls(), "{\"call\": \"destroy\", \"frames\": %u}\n", self->frames);
    if (self->replay) fclose(self->replay);
    free(self->replayed), free(self->headers.data), free(self->packet.data), free(self);
    return SUCCESS;
}
static const char *last_error(void *encoder) { return "the fake says no"; }
static int streams(void *encoder, void **in, void **out) {
    fprintf(calls(), "{\"call\": \"streams\", \"stream\": %llu}\n", (unsigned long long)(uintptr_t)*(void **)in);
    return SUCCESS;
}
static int absent(void) { return UNIMPLEMENTED; }

int NvEncodeAPIGetMaxSupportedVersion(uint32_t *version) {
    *version = (uint32_t)number("FAKE_NVENC_VERSION", 13 << 4);
    return SUCCESS;
}

int NvEncodeAPICreateInstance(void *list) {
    static const struct { int at; void *function; } known[] = {
        {16, guid_count}, {40, guids}, {64, caps}, {96, initialize}, {104, create_input}, {112, destroy_input},
        {120, create_bitstream}, {128, destroy_bitstream}, {136, encode_picture}, {144, lock_bitstream},
        {152, unlock}, {160, lock_input}, {168, unlock}, {184, sequence_params}, {208, map_resource},
        {216, unmap_resource}, {224, destroy}, {240, open_session}, {248, register_resource},
        {256, unregister_resource}, {304, last_error}, {312, streams}, {320, preset_config},
    };
    for (int at = 8; at < 8 + 8 * 43; at += 8) PTR(list, at) = absent;
    for (unsigned i = 0; i < sizeof known / sizeof *known; i++) PTR(list, known[i].at) = known[i].function;
    return SUCCESS;
}
