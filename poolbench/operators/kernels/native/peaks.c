/* Maxima, their indices, means and products with weights on the CPU, fused.

   The maximum is the first of the largest elements, in its window's row-major order, or NaN where
   there is one. Means and products are summed in double; to a product, infinite elements add
   nothing. Built with REAL float for float32 and bfloat16, where indices are whole numbers that a
   float holds, and with REAL double for float64.
   Lanes are processed a vector at a time, in the vectors of GCC and Clang, so that the state of a
   window stays in registers. */

#include "maps.h"

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif
enum { WIDTH = VECTOR_BYTES / sizeof(REAL), MOST_VECTORS = 4, MOST_LANES = 512 };
#define REAL_DTYPE (sizeof(REAL) == sizeof(float) ? FLOAT32 : FLOAT64)

/* What is wanted beside the maximum: nothing, the mean, or that and a product with weights, the
   same for all channels or each channel's own. */
enum { PEAK, MIXED, GATED, GATED_BY_CHANNEL };

typedef REAL Vector __attribute__((vector_size(VECTOR_BYTES)));
typedef __typeof__((Vector){0} > (Vector){0}) Mask;
typedef double Doubles __attribute__((vector_size(WIDTH * sizeof(double))));

SPECIALISED Vector choose(Mask mask, Vector a, Vector b) {
    return (Vector)((mask & (Mask)a) | (~mask & (Mask)b));
}

typedef uint16_t Halves __attribute__((vector_size(WIDTH * sizeof(uint16_t))));
typedef uint32_t Words __attribute__((vector_size(WIDTH * sizeof(uint32_t))));

SPECIALISED Vector read(int64_t dtype, const void *tensor, int64_t at, int64_t count) {
    Vector z = {0};
    if (count < WIDTH)
        for (int64_t l = 0; l < count; l++) z[l] = get(tensor, dtype, at + l);
    else if (dtype == BFLOAT16) {
        Halves halves;
        memcpy(&halves, (const uint16_t *)tensor + at, sizeof halves);
        Words words = __builtin_convertvector(halves, Words) << 16;
        memcpy(&z, &words, sizeof words);
    } else
        memcpy(&z, (const REAL *)tensor + at, sizeof z);
    return z;
}

/* A loop of a constant length becomes one conversion and store. */
SPECIALISED void write(int64_t dtype, void *tensor, int64_t at, int64_t count, Vector z) {
    if (count >= WIDTH)
        for (int64_t l = 0; l < WIDTH; l++) put(tensor, dtype, at + l, z[l]);
    else
        for (int64_t l = 0; l < count; l++) put(tensor, dtype, at + l, z[l]);
}

/* ---- the state of the windows of a vector of lanes ---- */

typedef struct { Vector peak, argmax; } Best;
typedef struct { Doubles elements, products; } Sums;

SPECIALISED Best nothing(REAL first) {
    Vector zero = {0};
    return (Best){.peak = zero - (REAL)INFINITY, .argmax = zero + first};
}

/* Which elements are in products: all that are not infinite. */
SPECIALISED Mask is_lit(Vector z) {
    Vector sign = -(Vector){0}, size = (Vector)((Mask)z & ~(Mask)sign);
    return size != (REAL)INFINITY;
}

/* The better of the best so far and an element of every lane, at `index` in its window. */
SPECIALISED Best better(Best best, Vector z, REAL index) {
    Mask is_better = (z > best.peak) | (z != z);
    Vector here = {0};
    here += index;
    return (Best){choose(is_better, z, best.peak), choose(is_better, here, best.argmax)};
}

SPECIALISED Sums add(int64_t mode, Sums sums, Vector z, Vector weight) {
    if (mode != PEAK) sums.elements += __builtin_convertvector(z, Doubles);
    Vector lit = choose(is_lit(z), z, (Vector){0});
    if (mode >= GATED) sums.products += __builtin_convertvector(lit * weight, Doubles);
    return sums;
}

/* The weights of an element for a vector of channels. */
SPECIALISED Vector weight_of(const Job *job, int64_t mode, int64_t element, int64_t channel,
                             int64_t count) {
    Vector weight = {0};
    if (mode == GATED) weight += ((const REAL *)job->weight)[element];
    if (mode == GATED_BY_CHANNEL)
        weight = read(REAL_DTYPE, job->weight, element * job->channels + channel, count);
    return weight;
}

/* ---- whole maps ---- */

typedef struct { REAL *maps, *gradient, *peak, *argmax, *mean, *product; } Scratch;

/* A channel whose pixels are adjacent: lanes are strided pixels, and are reduced at the end. */
SPECIALISED void pool_row(const Job *job, int64_t dtype, int64_t mode, int64_t first,
                          const REAL *weights, REAL *peak, REAL *argmax, REAL *mean,
                          REAL *product) {
    enum { STEP = MOST_VECTORS * WIDTH }; /* no comparison has to wait for the previous one */
    int64_t pixels = job->height * job->width, p = 0;
    Best best[MOST_VECTORS];
    Sums sums[MOST_VECTORS] = {0};
    for (int64_t v = 0; v < MOST_VECTORS; v++) best[v] = nothing(v * WIDTH);
    for (; p + STEP <= pixels; p += STEP)
#pragma GCC unroll 4
        for (int64_t v = 0; v < MOST_VECTORS; v++) {
            int64_t at = p + v * WIDTH;
            Vector weight = {0};
            if (mode >= GATED) weight = read(REAL_DTYPE, weights, at, WIDTH);
            Vector z = read(dtype, job->maps, first + at, WIDTH);
            best[v] = better(best[v], z, at);
            sums[v] = add(mode, sums[v], z, weight);
        }
    for (int64_t v = 1; v < MOST_VECTORS; v++) {
        Vector z = best[v].peak, here = best[v].argmax;
        Mask is_better = (z > best->peak) | ((z == best->peak) & (here < best->argmax));
        is_better |= (z != z) & (best->peak == best->peak);
        best->peak = choose(is_better, z, best->peak);
        best->argmax = choose(is_better, here, best->argmax);
        sums->elements += sums[v].elements;
        sums->products += sums[v].products;
    }
    double sum = 0.0, products = 0.0;
    *peak = -INFINITY;
    *argmax = 0;
    for (int64_t l = 0; l < WIDTH; l++) {
        REAL z = best->peak[l], here = best->argmax[l] + l;
        int is_better = (z > *peak) | ((z == *peak) & (here < *argmax));
        is_better |= (z != z) & (*peak == *peak);
        *peak = is_better ? z : *peak;
        *argmax = is_better ? here : *argmax;
        sum += sums->elements[l];
        products += sums->products[l];
    }
    for (; p < pixels; p++) {
        REAL z = get(job->maps, dtype, first + p);
        int is_better = (z > *peak) | (z != z);
        *peak = is_better ? z : *peak;
        *argmax = is_better ? p : *argmax;
        sum += z;
        if (mode >= GATED) products += fabs(z) == INFINITY ? 0 : z * weights[p];
    }
    *mean = sum / pixels;
    *product = products;
}

/* The channels of every pixel in turn, in memory order. */
SPECIALISED void pool_pixels(const Job *job, int64_t dtype, int64_t mode, Slab from, Scratch s) {
    Sums sums[MOST_LANES / WIDTH] = {0};
    for (int64_t l = 0; l < from.lanes; l++) {
        s.peak[l] = -INFINITY;
        s.argmax[l] = 0;
    }
    for (int64_t p = 0; p < from.pixels; p++) {
        int64_t at = from.offset + p * from.between_pixels;
        for (int64_t c = 0; c < from.count; c += WIDTH) {
            Vector z = read(dtype, job->maps, at + c, from.count - c);
            Best best;
            memcpy(&best.peak, s.peak + c, sizeof(Vector));
            memcpy(&best.argmax, s.argmax + c, sizeof(Vector));
            best = better(best, z, p);
            memcpy(s.peak + c, &best.peak, sizeof(Vector));
            memcpy(s.argmax + c, &best.argmax, sizeof(Vector));
            if (mode == PEAK) continue;
            Vector weight = weight_of(job, mode, p, from.channel + c, from.count - c);
            sums[c / WIDTH] = add(mode, sums[c / WIDTH], z, weight);
        }
    }
    for (int64_t l = 0; l < from.count; l++) {
        s.mean[l] = sums[l / WIDTH].elements[l % WIDTH] / from.pixels;
        s.product[l] = sums[l / WIDTH].products[l % WIDTH];
    }
}

/* Everywhere a share of the gradients of the mean and the product, then that of the maximum at its
   index. */
SPECIALISED void spread_whole(const Job *job, int64_t dtype, int64_t mode, Slab to, Scratch s) {
    REAL share[MOST_LANES];
    for (int64_t l = 0; l < to.count; l++) share[l] = mode != PEAK ? s.mean[l] / to.pixels : 0;
    int64_t by_channel = mode == GATED_BY_CHANNEL;
    const REAL *weight = job->weight;

#define PART(l, p, at)                                                                       \
    (share[l] + (mode < GATED || fabs(get(job->maps, dtype, at)) == INFINITY ? 0            \
                 : s.product[l] * (job->is_rows ? weight[by_channel * (to.channel + l) * to.pixels + p]   \
                                   : weight[by_channel ? p * job->channels + to.channel + l : p])))
    if (job->is_rows)
        for (int64_t l = 0; l < to.count; l++)
            for (int64_t p = 0; p < to.pixels; p++) {
                int64_t at = to.offset + l * to.pixels + p;
                put(job->gradient, dtype, at, PART(l, p, at));
            }
    else
        for (int64_t p = 0; p < to.pixels; p++)
            for (int64_t l = 0; l < to.count; l++) {
                int64_t at = to.offset + p * to.between_pixels + l;
                put(job->gradient, dtype, at, PART(l, p, at));
            }
    for (int64_t l = 0; l < to.count; l++) {
        int64_t p = s.argmax[l], at = to.offset + l * to.between_lanes + p * to.between_pixels;
        put(job->gradient, dtype, at, s.peak[l] + PART(l, p, at));
    }
#undef PART
}

/* ---- windows ---- */

/* A tensor or scratch in which the channels of a pixel are adjacent. */
typedef struct { void *tensor; int64_t offset, between_pixels, channel, count; } Pixels;

/* A window: its rows and columns on the map, and its origin, which may be outside the map. */
typedef struct { Range rows, columns; int64_t top, left; } Window;

static inline Window window_at(const Job *job, int64_t i, int64_t j) {
    return (Window){.rows = ROWS(job, i),
                    .columns = COLUMNS(job, j),
                    .top = i * job->stride_height - job->pad_height,
                    .left = j * job->stride_width - job->pad_width};
}

/* The index of a pixel in a window, row by row. */
static inline REAL index_in(const Job *job, Window window, int64_t h, int64_t w) {
    return (h - window.top) * job->kernel_width + w - window.left;
}

/* A window of `count` vectors of lanes from `lane` on. */
SPECIALISED void pool_window(const Job *job, int64_t dtype, int64_t mode, int64_t count,
                             Window window, Pixels from, int64_t lane, Scratch s, int64_t to) {
    Range rows = window.rows, columns = window.columns;
    Best best[MOST_VECTORS];
    Sums sums[MOST_VECTORS] = {0};
    for (int64_t v = 0; v < count; v++)
        best[v] = nothing(index_in(job, window, rows.first, columns.first));
    for (int64_t h = rows.first; h < rows.last; h++) {
        int64_t at = from.offset + (h * job->width + columns.first) * from.between_pixels + lane;
        int64_t index = index_in(job, window, h, columns.first);
        for (int64_t w = columns.first; w < columns.last; w++, index++) {
#pragma GCC unroll 4
            for (int64_t v = 0; v < count; v++) {
                int64_t left = count > 1 ? WIDTH : from.count - lane;
                int64_t channel = from.channel + lane + v * WIDTH;
                Vector z = read(dtype, from.tensor, at + v * WIDTH, left);
                best[v] = better(best[v], z, index);
                sums[v] = add(mode, sums[v], z, weight_of(job, mode, index, channel, left));
            }
            at += from.between_pixels;
        }
    }
    double size = size_of(rows, columns);
    for (int64_t v = 0; v < count; v++) {
        int64_t here = to + lane + v * WIDTH;
        memcpy(s.peak + here, &best[v].peak, sizeof(Vector));
        memcpy(s.argmax + here, &best[v].argmax, sizeof(Vector));
        if (mode == PEAK) continue;
        Vector mean = __builtin_convertvector(sums[v].elements / size, Vector);
        memcpy(s.mean + here, &mean, sizeof mean);
        if (mode == MIXED) continue;
        Vector product = __builtin_convertvector(sums[v].products, Vector);
        memcpy(s.product + here, &product, sizeof product);
    }
}

/* Prefetch the rows that the next row of windows adds: too short for the hardware prefetcher. */
SPECIALISED void fetch_next(const Job *job, int64_t dtype, Pixels from, int64_t i) {
    if (i + 1 == job->out_height) return;
    int64_t size = dtype == FLOAT64 ? 8 : dtype == FLOAT32 ? 4 : 2;
    int64_t first = ROWS(job, i).last * job->width, last = ROWS(job, i + 1).last * job->width;
    for (int64_t p = first; p < last; p++)
        for (int64_t c = 0; c < from.count; c += 64 / size) /* one cache line */
            __builtin_prefetch((const char *)from.tensor +
                               (from.offset + p * from.between_pixels + c) * size);
}

SPECIALISED void pool_windows(const Job *job, int64_t dtype, int64_t mode, Pixels from,
                              Scratch s) {
    FOR_WINDOWS(job) {
        if (j == 0) fetch_next(job, dtype, from, i);
        Window window = window_at(job, i, j);
        int64_t to = (i * job->out_width + j) * job->lanes, lane = 0;
        for (; lane + MOST_VECTORS * WIDTH <= from.count; lane += MOST_VECTORS * WIDTH)
            pool_window(job, dtype, mode, MOST_VECTORS, window, from, lane, s, to);
        if (lane + 2 * WIDTH <= from.count) {
            pool_window(job, dtype, mode, 2, window, from, lane, s, to);
            lane += 2 * WIDTH;
        }
        for (; lane < from.count; lane += WIDTH)
            pool_window(job, dtype, mode, 1, window, from, lane, s, to);
    }
}

SPECIALISED void spread_window(const Job *job, int64_t dtype, int64_t mode, int64_t count,
                               Window window, Pixels maps, Pixels to, int64_t lane, Scratch s,
                               int64_t from) {
    Range rows = window.rows, columns = window.columns;
    REAL size = size_of(rows, columns);
    Vector to_peak[MOST_VECTORS], argmax[MOST_VECTORS];
    Vector share[MOST_VECTORS], to_product[MOST_VECTORS];
    for (int64_t v = 0; v < count; v++) {
        int64_t here = from + lane + v * WIDTH;
        memcpy(to_peak + v, s.peak + here, sizeof(Vector));
        memcpy(argmax + v, s.argmax + here, sizeof(Vector));
        if (mode != PEAK) memcpy(share + v, s.mean + here, sizeof(Vector));
        if (mode != PEAK) share[v] /= size;
        if (mode >= GATED) memcpy(to_product + v, s.product + here, sizeof(Vector));
    }
    FOR_ELEMENTS(rows, columns) {
        int64_t pixel = h * job->width + w, element = index_in(job, window, h, w);
#pragma GCC unroll 4
        for (int64_t v = 0; v < count; v++) {
            int64_t here = lane + v * WIDTH, left = count > 1 ? WIDTH : to.count - lane;
            int64_t at = to.offset + pixel * to.between_pixels + here;
            Vector part = choose(argmax[v] == (REAL)element, to_peak[v], (Vector){0});
            if (mode != PEAK) part += share[v];
            if (mode >= GATED) {
                int64_t of = maps.offset + pixel * maps.between_pixels + here;
                Vector z = read(dtype, maps.tensor, of, left);
                Vector weight = weight_of(job, mode, element, maps.channel + here, left);
                part += choose(is_lit(z), to_product[v] * weight, (Vector){0});
            }
            write(REAL_DTYPE, to.tensor, at, left, read(REAL_DTYPE, to.tensor, at, left) + part);
        }
    }
}

SPECIALISED void spread_windows(const Job *job, int64_t dtype, int64_t mode, Pixels maps,
                                Pixels to, Scratch s) {
    for (int64_t p = 0; p < job->height * job->width; p++)
        memset((REAL *)to.tensor + to.offset + p * to.between_pixels, 0, to.count * sizeof(REAL));
    FOR_WINDOWS(job) {
        Window window = window_at(job, i, j);
        int64_t from = (i * job->out_width + j) * job->lanes, lane = 0;
        for (; lane + MOST_VECTORS * WIDTH <= to.count; lane += MOST_VECTORS * WIDTH)
            spread_window(job, dtype, mode, MOST_VECTORS, window, maps, to, lane, s, from);
        for (; lane < to.count; lane += WIDTH)
            spread_window(job, dtype, mode, 1, window, maps, to, lane, s, from);
    }
}

/* ---- jobs ---- */

/* Scratch for a unit, in one allocation that starts at .maps, which is NULL without memory. */
static Scratch allocate(const Job *job) {
    int64_t map = job->is_global ? 0 : job->height * job->width * job->lanes;
    int64_t outputs = job->out_height * job->out_width * job->lanes;
    int64_t size = (2 * map + 4 * outputs) * sizeof(REAL);
    Scratch scratch = {.maps = aligned_alloc(64, (size + 63) / 64 * 64)};
    scratch.gradient = scratch.maps + map;
    scratch.peak = scratch.gradient + map;
    scratch.argmax = scratch.peak + outputs;
    scratch.mean = scratch.argmax + outputs;
    scratch.product = scratch.mean + outputs;
    return scratch;
}

/* A unit's pixels in a tensor whose channels are adjacent. */
static Pixels in_tensor(const void *tensor, Slab slab) {
    return (Pixels){(void *)tensor, slab.offset, slab.between_pixels, slab.channel, slab.count};
}

static Pixels in_scratch(REAL *scratch, Slab slab) {
    return (Pixels){scratch, 0, slab.lanes, slab.channel, slab.count};
}

SPECIALISED void pool_unit(const Job *job, int64_t dtype, int64_t mode, Slab from, Scratch s) {
    int64_t weights = mode == GATED_BY_CHANNEL ? from.pixels : 0;
    if (job->is_rows)
        for (int64_t l = 0; l < from.count; l++)
            pool_row(job, dtype, mode, from.offset + l * from.pixels,
                     (const REAL *)job->weight + (from.channel + l) * weights, s.peak + l,
                     s.argmax + l, s.mean + l, s.product + l);
    else if (job->is_global)
        pool_pixels(job, dtype, mode, from, s);
    else if (job->is_pixelwise)
        pool_windows(job, dtype, mode, in_tensor(job->maps, from), s);
    else {
        load(s.maps, job->maps, dtype, from);
        pool_windows(job, REAL_DTYPE, mode, in_scratch(s.maps, from), s);
    }
}

SPECIALISED void spread_unit(const Job *job, int64_t dtype, int64_t mode, Slab to, Scratch s) {
    if (job->is_global) {
        spread_whole(job, dtype, mode, to, s);
        return;
    }
    int64_t is_in_place = job->is_pixelwise && dtype == REAL_DTYPE;
    Pixels gradient = is_in_place ? in_tensor(job->gradient, to) : in_scratch(s.gradient, to);
    if (job->is_pixelwise)
        spread_windows(job, dtype, mode, in_tensor(job->maps, to), gradient, s);
    else {
        if (mode >= GATED) load(s.maps, job->maps, dtype, to);
        spread_windows(job, REAL_DTYPE, mode, in_scratch(s.maps, to), gradient, s);
    }
    if (!is_in_place) store(job->gradient, s.gradient, dtype, to);
}

SPECIALISED int forward(const Job *job, int64_t first, int64_t last, int64_t dtype,
                        int64_t mode) {
    Scratch s = allocate(job);
    if (!s.maps) return 1;
    for (int64_t unit = first; unit < last; unit++) {
        pool_unit(job, dtype, mode, slab_of(job, unit, job->height * job->width), s);
        Slab to = slab_of(job, unit, job->out_height * job->out_width);
        store(job->peak, s.peak, dtype, to);
        store(job->argmax, s.argmax, job->argmax_dtype, to);
        if (mode != PEAK) store(job->mean, s.mean, dtype, to);
        if (mode >= GATED) store(job->product, s.product, REAL_DTYPE, to);
    }
    free(s.maps);
    return 0;
}

SPECIALISED int backward(const Job *job, int64_t first, int64_t last, int64_t dtype,
                         int64_t mode) {
    Scratch s = allocate(job);
    if (!s.maps) return 1;
    for (int64_t unit = first; unit < last; unit++) {
        Slab from = slab_of(job, unit, job->out_height * job->out_width);
        load(s.peak, job->upstream, dtype, from);
        load(s.argmax, job->argmax, job->argmax_dtype, from);
        if (mode != PEAK) load(s.mean, job->to_mean, dtype, from);
        if (mode >= GATED) load(s.product, job->to_product, REAL_DTYPE, from);
        spread_unit(job, dtype, mode, slab_of(job, unit, job->height * job->width), s);
    }
    free(s.maps);
    return 0;
}

/* The gradient of every channel's weights, for blocks first .. last - 1 of channels. */
SPECIALISED int weigh(const Job *job, int64_t first, int64_t last, int64_t dtype) {
    int64_t lanes = job->lanes, blocks = (job->channels + lanes - 1) / lanes;
    int64_t kernel = job->kernel_height * job->kernel_width;
    int64_t pixels = job->height * job->width, outputs = job->out_height * job->out_width;
    int64_t size = kernel * lanes * sizeof(double) + (pixels + outputs) * lanes * sizeof(REAL);
    double *sums = aligned_alloc(64, (size + 63) / 64 * 64);
    if (!sums) return 1;
    REAL *maps = (REAL *)(sums + kernel * lanes), *to_product = maps + pixels * lanes;
    for (int64_t block = first; block < last; block++) {
        memset(sums, 0, kernel * lanes * sizeof(double));
        Slab from = slab_of(job, block, pixels);
        for (int64_t image = 0; image < job->images; image++) {
            from = slab_of(job, image * blocks + block, pixels);
            load(maps, job->maps, dtype, from);
            load(to_product, job->to_product, REAL_DTYPE,
                 slab_of(job, image * blocks + block, outputs));
            FOR_WINDOWS(job) {
                Window window = window_at(job, i, j);
                const REAL *restrict credit = to_product + (i * job->out_width + j) * lanes;
                FOR_ELEMENTS(window.rows, window.columns) {
                    const REAL *restrict z = maps + (h * job->width + w) * lanes;
                    double *restrict sum = sums + (int64_t)index_in(job, window, h, w) * lanes;
#pragma omp simd
                    for (int64_t l = 0; l < lanes; l++)
                        sum[l] += (double)credit[l] * (fabs(z[l]) == INFINITY ? 0 : z[l]);
                }
            }
        }
        for (int64_t e = 0; e < kernel; e++)
            for (int64_t l = 0; l < from.count; l++) {
                int64_t channel = from.channel + l;
                job->weight_gradient[job->is_rows ? channel * kernel + e
                                                  : e * job->channels + channel] =
                    sums[e * lanes + l];
            }
    }
    free(sums);
    return 0;
}

#define FOR_MODES(work, dtype)                                                     \
    (!job->mean && !job->to_mean       ? work(job, first, last, dtype, PEAK)       \
     : !job->weight                    ? work(job, first, last, dtype, MIXED)      \
     : !job->is_weight_by_channel      ? work(job, first, last, dtype, GATED)      \
                                       : work(job, first, last, dtype, GATED_BY_CHANNEL))
#define FOR_TYPES(work)                                       \
    if (REAL_DTYPE == FLOAT64) return FOR_MODES(work, FLOAT64); \
    return job->dtype == FLOAT32 ? FOR_MODES(work, FLOAT32) : FOR_MODES(work, BFLOAT16);

/* Pool units first .. last - 1. Returns 0, or 1 without memory. */
int pool_forward(const Job *job, int64_t first, int64_t last) {
    FOR_TYPES(forward)
}

/* Differentiate units first .. last - 1. Returns 0, or 1 without memory. */
int pool_backward(const Job *job, int64_t first, int64_t last) {
    FOR_TYPES(backward)
}

/* Differentiate by the weights of blocks first .. last - 1. Returns 0, or 1 without memory. */
int pool_weigh(const Job *job, int64_t first, int64_t last) {
    if (REAL_DTYPE == FLOAT64) return weigh(job, first, last, FLOAT64);
    return job->dtype == FLOAT32 ? weigh(job, first, last, FLOAT32)
                                 : weigh(job, first, last, BFLOAT16);
}
