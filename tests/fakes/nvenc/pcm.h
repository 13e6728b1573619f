/* H.264 of uncompressed macroblocks (I_PCM): what comes out of a decoder is, byte for byte, what the encoder read.
 *
 * ITU-T H.264 clauses 7.3.2 and 7.3.5; CAVLC, one slice a picture, I, P and B pictures that predict from nothing,
 * so that the order of the pictures is as an encoder's and their content tells which memory was read, and when.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    uint8_t *data;
    size_t size, room;
    unsigned held, bits;
} bits_t;

static void byte_(bits_t *out, unsigned value) {
    if (out->size == out->room) out->data = realloc(out->data, out->room = out->room * 2 + 4096);
    out->data[out->size++] = (uint8_t)value;
}
static void put(bits_t *out, unsigned value, unsigned count) {
    while (count--) {
        out->held = out->held << 1 | (value >> count & 1);
        if (++out->bits == 8) { byte_(out, out->held); out->held = out->bits = 0; }
    }
}
static void ue(bits_t *out, unsigned value) {
    unsigned length = 0;
    while ((value + 1) >> (length + 1)) length++;
    put(out, 0, length);
    put(out, value + 1, length + 1);
}
static void align(bits_t *out) { while (out->bits) put(out, 0, 1); }
static void stop(bits_t *out) { put(out, 1, 1); align(out); }

/* Append a NAL unit with its start code and its emulation prevention bytes. */
static void nal(bits_t *out, unsigned header, bits_t *payload) {
    static const uint8_t start[] = {0, 0, 0, 1};
    for (int i = 0; i < 4; i++) byte_(out, start[i]);
    byte_(out, header);
    int zeros = 0;
    for (size_t i = 0; i < payload->size; i++) {
        if (zeros == 2 && payload->data[i] <= 3) { byte_(out, 3); zeros = 0; }
        zeros = payload->data[i] ? 0 : zeros + 1;
        byte_(out, payload->data[i]);
    }
    free(payload->data);
    memset(payload, 0, sizeof *payload);
}

typedef struct {
    unsigned width, height, fps_num, fps_den, reorder;
    unsigned described, primaries, transfer, matrix, full_range;
} shape_t;

static void parameter_sets(bits_t *out, const shape_t *shape) {
    unsigned columns = (shape->width + 15) / 16, rows = (shape->height + 15) / 16;
    bits_t sps = {0}, pps = {0};
    put(&sps, 100, 8), put(&sps, 0, 8), put(&sps, 51, 8);          /* High, level 5.1 */
    ue(&sps, 0), ue(&sps, 1), ue(&sps, 0), ue(&sps, 0), put(&sps, 0, 2);
    ue(&sps, 12), ue(&sps, 0), ue(&sps, 12);                       /* 16 bits of frame number and of order */
    ue(&sps, 2), put(&sps, 0, 1), ue(&sps, columns - 1), ue(&sps, rows - 1), put(&sps, 1, 1), put(&sps, 1, 1);
    put(&sps, 1, 1), ue(&sps, 0), ue(&sps, (columns * 16 - shape->width) / 2);
    ue(&sps, 0), ue(&sps, (rows * 16 - shape->height) / 2);
    put(&sps, 1, 1), put(&sps, 0, 2), put(&sps, 1, 1), put(&sps, 5, 3), put(&sps, shape->full_range, 1);
    put(&sps, shape->described, 1);
    if (shape->described) put(&sps, shape->primaries, 8), put(&sps, shape->transfer, 8), put(&sps, shape->matrix, 8);
    put(&sps, 0, 1), put(&sps, 1, 1);                              /* no chroma location; timing */
    put(&sps, shape->fps_den >> 16, 16), put(&sps, shape->fps_den & 0xffff, 16);
    put(&sps, shape->fps_num * 2 >> 16, 16), put(&sps, shape->fps_num * 2 & 0xffff, 16), put(&sps, 1, 1);
    put(&sps, 0, 3), put(&sps, 1, 1), put(&sps, 1, 1), ue(&sps, 0), ue(&sps, 0), ue(&sps, 16), ue(&sps, 16);
    ue(&sps, shape->reorder), ue(&sps, 2);
    stop(&sps);
    nal(out, 0x67, &sps);
    ue(&pps, 0), ue(&pps, 0), put(&pps, 0, 2), ue(&pps, 0), ue(&pps, 0), ue(&pps, 0), put(&pps, 0, 3);
    ue(&pps, 0), ue(&pps, 0), ue(&pps, 0), put(&pps, 1, 1), put(&pps, 0, 2);
    stop(&pps);
    nal(out, 0x68, &pps);
}

enum { B_PICTURE = 1, P_PICTURE = 0, IDR_PICTURE = 3 };

typedef struct {
    const uint8_t *luma, *cb, *cr;
    size_t luma_pitch, chroma_pitch, chroma_step;
} planes_t;

static unsigned edge(unsigned value, unsigned size) { return value < size ? value : size - 1; }

static void picture(bits_t *out, const shape_t *shape, const planes_t *from, int type, unsigned frame, unsigned idr,
                    unsigned order) {
    unsigned columns = (shape->width + 15) / 16, rows = (shape->height + 15) / 16;
    bits_t slice = {0};
    ue(&slice, 0), ue(&slice, type == IDR_PICTURE ? 7 : type == P_PICTURE ? 5 : 6), ue(&slice, 0);
    put(&slice, frame & 0xffff, 16);
    if (type == IDR_PICTURE) ue(&slice, idr & 1);
    put(&slice, order & 0xffff, 16);
    if (type == B_PICTURE) put(&slice, 1, 1);
    if (type != IDR_PICTURE) put(&slice, 0, 1), put(&slice, 0, type == B_PICTURE ? 2 : 1);
    if (type != B_PICTURE) put(&slice, 0, type == IDR_PICTURE ? 2 : 1);
    ue(&slice, 0), ue(&slice, 1);                                  /* no change of quantiser, no deblocking */
    for (unsigned block = 0; block < columns * rows; block++) {
        unsigned left = block % columns * 16, top = block / columns * 16;
        if (type != IDR_PICTURE) ue(&slice, 0);
        ue(&slice, type == IDR_PICTURE ? 25 : type == P_PICTURE ? 30 : 48);
        align(&slice);
        for (unsigned y = 0; y < 16; y++)
            for (unsigned x = 0; x < 16; x++)
                byte_(&slice, from->luma[edge(top + y, shape->height) * from->luma_pitch + edge(left + x, shape->width)]);
        for (int plane = 0; plane < 2; plane++)
            for (unsigned y = 0; y < 8; y++)
                for (unsigned x = 0; x < 8; x++) {
                    size_t at = edge(top / 2 + y, shape->height / 2) * from->chroma_pitch;
                    at += edge(left / 2 + x, shape->width / 2) * from->chroma_step;
                    byte_(&slice, (plane ? from->cr : from->cb)[at]);
                }
    }
    stop(&slice);
    nal(out, type == IDR_PICTURE ? 0x65 : type == P_PICTURE ? 0x41 : 0x01, &slice);
}
