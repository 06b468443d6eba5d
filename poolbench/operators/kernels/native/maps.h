/* Maps of any layout and type, and the split of a job into independent units.

   A unit is some channels of one image, its lanes. REAL is the type of the arithmetic, double unless
   the includer defines it as float. job.py mirrors the structure. */

#pragma once

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef REAL
#define REAL double
#endif

enum { FLOAT32, BFLOAT16, FLOAT64, UINT8, INT32 };
enum { LSE, LAE, SOFTPOOL };

typedef struct {
    int64_t dtype, operation, images, channels, height, width;
    int64_t out_height, out_width, kernel_height, kernel_width;
    int64_t stride_height, stride_width, pad_height, pad_width;
    int64_t is_pixelwise; /* channels of a pixel adjacent, in every tensor of the job */
    int64_t is_global;    /* the window is the map */
    int64_t is_rows;      /* that, and its pixels are adjacent */
    int64_t lanes;        /* channels in a unit */
    const void *maps;
    void *peak;
    const void *upstream; /* the gradient of the pooled values */
    void *gradient;       /* of the maps */
    /* of smooth maxima */
    const double *temperature; /* one for each channel */
    void *pooled, *logarithm, *centre;
    double *slope; /* images x channels: this unit's part of d/dlog t */
    /* of maxima, means and products; NULL if no mean, no product is needed */
    void *argmax; /* index of the maximum in its window, row by row from 0 */
    int64_t argmax_dtype;
    void *mean, *to_mean;
    void *product, *to_product;
    const void *weight;      /* of products: (1 or channels, elements), or transposed if !is_rows */
    double *weight_gradient; /* the same for every channel */
    int64_t is_weight_by_channel;
} Job;

/* Inlined with constant types and choices: one copy of the code for each. */
#define SPECIALISED static inline __attribute__((always_inline))

/* ---- between tensors and REAL ---- */

SPECIALISED REAL get(const void *tensor, int64_t dtype, int64_t at) {
    if (dtype == FLOAT32) return ((const float *)tensor)[at];
    if (dtype == FLOAT64) return ((const double *)tensor)[at];
    if (dtype == UINT8) return ((const uint8_t *)tensor)[at];
    if (dtype == INT32) return ((const int32_t *)tensor)[at];
    union { uint32_t bits; float value; } word;
    word.bits = (uint32_t)((const uint16_t *)tensor)[at] << 16;
    return word.value;
}

SPECIALISED void put(void *tensor, int64_t dtype, int64_t at, REAL value) {
    if (dtype == FLOAT32) ((float *)tensor)[at] = (float)value;
    else if (dtype == FLOAT64) ((double *)tensor)[at] = value;
    else if (dtype == UINT8) ((uint8_t *)tensor)[at] = (uint8_t)value;
    else if (dtype == INT32) ((int32_t *)tensor)[at] = (int32_t)value;
    else {
        union { float value; uint32_t bits; } word = {.value = (float)value};
        uint32_t rounded = (word.bits + 0x7fff + ((word.bits >> 16) & 1)) >> 16;
        ((uint16_t *)tensor)[at] = value != value ? 0x7fc0 : (uint16_t)rounded;
    }
}

/* The dtype of the values kept for backward. */
SPECIALISED int64_t wide(int64_t dtype) { return dtype == FLOAT64 ? FLOAT64 : FLOAT32; }

/* A unit's part of a tensor (images, channels, pixels): some channels of one image. */
typedef struct {
    int64_t offset, channel, count, between_lanes, between_pixels, pixels, lanes;
} Slab;

static Slab slab_of(const Job *job, int64_t unit, int64_t pixels) {
    Slab slab = {.pixels = pixels, .lanes = job->lanes};
    int64_t blocks = (job->channels + job->lanes - 1) / job->lanes;
    int64_t image = unit / blocks, first = (unit - image * blocks) * job->lanes;
    slab.channel = first;
    slab.count = job->channels - first < job->lanes ? job->channels - first : job->lanes;
    slab.between_lanes = job->is_pixelwise ? 1 : pixels;
    slab.between_pixels = job->is_pixelwise ? job->channels : 1;
    slab.offset = image * job->channels * pixels + first * slab.between_lanes;
    return slab;
}

SPECIALISED void load_as(int64_t dtype, REAL *restrict scratch, const void *tensor, Slab at) {
    if (at.count < at.lanes) memset(scratch, 0, at.pixels * at.lanes * sizeof(REAL));
    if (at.between_lanes == 1)
        for (int64_t p = 0; p < at.pixels; p++)
            for (int64_t l = 0; l < at.count; l++)
                scratch[p * at.lanes + l] = get(tensor, dtype, at.offset + p * at.between_pixels + l);
    else
        for (int64_t l = 0; l < at.count; l++)
            for (int64_t p = 0; p < at.pixels; p++)
                scratch[p * at.lanes + l] = get(tensor, dtype, at.offset + l * at.between_lanes + p);
}

static void load(REAL *restrict scratch, const void *tensor, int64_t dtype, Slab at) {
    switch (dtype) {
        case FLOAT32: load_as(FLOAT32, scratch, tensor, at); break;
        case FLOAT64: load_as(FLOAT64, scratch, tensor, at); break;
        case UINT8: load_as(UINT8, scratch, tensor, at); break;
        case INT32: load_as(INT32, scratch, tensor, at); break;
        default: load_as(BFLOAT16, scratch, tensor, at);
    }
}

SPECIALISED void store_as(int64_t dtype, void *tensor, const REAL *restrict scratch, Slab at) {
    if (at.between_lanes == 1)
        for (int64_t p = 0; p < at.pixels; p++)
            for (int64_t l = 0; l < at.count; l++)
                put(tensor, dtype, at.offset + p * at.between_pixels + l, scratch[p * at.lanes + l]);
    else
        for (int64_t l = 0; l < at.count; l++)
            for (int64_t p = 0; p < at.pixels; p++)
                put(tensor, dtype, at.offset + l * at.between_lanes + p, scratch[p * at.lanes + l]);
}

static void store(void *tensor, const REAL *restrict scratch, int64_t dtype, Slab at) {
    switch (dtype) {
        case FLOAT32: store_as(FLOAT32, tensor, scratch, at); break;
        case FLOAT64: store_as(FLOAT64, tensor, scratch, at); break;
        case UINT8: store_as(UINT8, tensor, scratch, at); break;
        case INT32: store_as(INT32, tensor, scratch, at); break;
        default: store_as(BFLOAT16, tensor, scratch, at);
    }
}

/* ---- windows ---- */

typedef struct { int64_t first, last; } Range;

/* The elements of window `index` along an axis, in pixels. */
static inline Range elements(int64_t index, int64_t kernel, int64_t stride, int64_t pad,
                             int64_t extent) {
    int64_t first = index * stride - pad, last = first + kernel;
    return (Range){first < 0 ? 0 : first, last > extent ? extent : last};
}

#define ROWS(job, i) \
    elements(i, job->kernel_height, job->stride_height, job->pad_height, job->height)
#define COLUMNS(job, j) \
    elements(j, job->kernel_width, job->stride_width, job->pad_width, job->width)
#define FOR_WINDOWS(job)                           \
    for (int64_t i = 0; i < job->out_height; i++)  \
        for (int64_t j = 0; j < job->out_width; j++)
#define FOR_ELEMENTS(rows, columns)                    \
    for (int64_t h = rows.first; h < rows.last; h++)   \
        for (int64_t w = columns.first; w < columns.last; w++)

static inline double size_of(Range rows, Range columns) {
    return (double)((rows.last - rows.first) * (columns.last - columns.first));
}
