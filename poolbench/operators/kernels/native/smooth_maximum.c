/* Smooth maxima on the CPU: the arithmetic of eager.py, fused.

   Everything is computed in double, so that both differ by roundings of 1e-16. Whole maps are worked
   on where they lie; for windows the channels of a unit are first copied to a scratch of doubles,
   pixel by pixel, whatever their layout and type.
   C11 with loops that compilers vectorise under -fopenmp-simd; no library but libm. */

#include "maps.h"

static const double LN2 = 0.69314718055994530942, LOG2E = 1.4426950408889634074;
static const double LOWEST = -1000.0; /* smaller exponents have no weight */

/* ---- elementary functions that vectorise ---- */

typedef union { double value; uint64_t bits; } Word;

/* Keeps NaN, and keeps 0 * inf out of the sums. */
SPECIALISED double at_least_lowest(double x) { return LOWEST > x ? LOWEST : x; }

/* inf - inf is NaN; without a finite maximum nothing needs to be shifted. */
SPECIALISED double finite(double peak) { return fabs(peak) < INFINITY ? peak : 0.0; }

/* 2^x to 1 ulp for LOWEST <= x <= 1023, and exactly 0 for LOWEST; NaN for NaN.
   For elements of fewer digits to 2e-10, and to 1 ulp where x is near 0: where a temperature is
   high, what is left of a sum of powers less their number is what counts. */
SPECIALISED double power_of_two(int64_t dtype, double x) {
    Word rounded = {.value = x + 0x1.8p52}, power;
    double f = x - (rounded.value - 0x1.8p52);
    double q = 0x1.62bfd46781ef6p-20;
    if (dtype == FLOAT64) {
        q = 0x1.e9d419696e0e9p-32;
        q = q * f + 0x1.e6065f532c950p-28;
        q = q * f + 0x1.b524fad88ed30p-24;
        q = q * f + 0x1.62bfd46781ef6p-20;
    }
    q = q * f + 0x1.ffcbfc6712438p-17;
    q = q * f + 0x1.4309130975155p-13;
    q = q * f + 0x1.5d87fe78a526dp-10;
    q = q * f + 0x1.3b2ab6fba1dc6p-7;
    q = q * f + 0x1.c6b08d704a0c2p-5;
    q = q * f + 0x1.ebfbdff82c598p-3;
    q = q * f + 0x1.62e42fefa39efp-1;
    power.value = q * f + 1.0;
    power.bits += rounded.bits << 52; /* only the exponent survives the shift */
    return power.value - 0x1p-1000;
}

/* log x to 1e-16 of max(1, |log x|), for normal x > 0; -inf for 0; NaN for NaN. */
SPECIALISED double natural_logarithm(double x) {
    Word word = {.value = x}, exponent;
    int64_t power = (int64_t)(word.bits - 0x3fe6a09e667f3bcd) >> 52; /* mantissa above sqrt(1/2) */
    word.bits -= (uint64_t)power << 52;
    exponent.bits = (uint64_t)power + 0x4338000000000000; /* power + 1.5 * 2^52, as an integer */
    double s = (word.value - 1.0) / (word.value + 1.0), w = s * s;
    double g = 0.07406530960807016;
    g = g * w + 0.07656103662194594;
    g = g * w + 0.09091821836324158;
    g = g * w + 0.11111098418003659;
    g = g * w + 0.14285714381354733;
    g = g * w + 0.19999999999646603;
    g = g * w + 0.3333333333333383;
    g = g * w + 1.0;
    double result = (exponent.value - 0x1.8p52) * LN2 + 2.0 * s * g;
    return x > 0.0 ? result : (x == 0.0 ? -INFINITY : NAN);
}

/* ---- one window ---- */

/* Maximum, then sums, of every lane of a window. Only softpool needs the moment. */
SPECIALISED void sum_window(const Job *job, int64_t dtype, int64_t operation, const double *restrict maps,
                            Range rows, Range columns, const double *restrict scale,
                            double *restrict shift, double *restrict peak,
                            double *restrict total, double *restrict moment) {
    int64_t lanes = job->lanes;
    for (int64_t l = 0; l < lanes; l++) {
        peak[l] = -INFINITY;
        total[l] = moment[l] = 0.0;
    }
    FOR_ELEMENTS(rows, columns) {
        const double *z = maps + (h * job->width + w) * lanes;
#pragma omp simd
        for (int64_t l = 0; l < lanes; l++) peak[l] = z[l] > peak[l] ? z[l] : peak[l];
    }
    for (int64_t l = 0; l < lanes; l++) shift[l] = finite(peak[l]);
    FOR_ELEMENTS(rows, columns) {
        const double *z = maps + (h * job->width + w) * lanes;
#pragma omp simd
        for (int64_t l = 0; l < lanes; l++) {
            double exponent = at_least_lowest((z[l] - shift[l]) * scale[l]);
            double power = power_of_two(dtype, exponent);
            total[l] += power;
            if (operation == SOFTPOOL) moment[l] += power * exponent;
        }
    }
}

/* The same for a row of adjacent pixels, without a copy. */
SPECIALISED void sum_row(int64_t dtype, int64_t operation, const void *row, int64_t first,
                         int64_t pixels, double scale, double *restrict peak,
                         double *restrict total, double *restrict moment) {
    double highest = -INFINITY, sum = 0.0, first_moment = 0.0;
#pragma omp simd reduction(max : highest)
    for (int64_t p = 0; p < pixels; p++) {
        double z = get(row, dtype, first + p);
        highest = z > highest ? z : highest;
    }
    double shift = finite(highest);
#pragma omp simd reduction(+ : sum, first_moment)
    for (int64_t p = 0; p < pixels; p++) {
        double exponent = at_least_lowest((get(row, dtype, first + p) - shift) * scale);
        double power = power_of_two(dtype, exponent);
        sum += power;
        if (operation == SOFTPOOL) first_moment += power * exponent;
    }
    *peak = highest;
    *total = sum;
    *moment = first_moment;
}

/* The same for the channels of every pixel in turn, without a copy. */
SPECIALISED void sum_pixels(int64_t dtype, int64_t operation, const void *maps, Slab from,
                            const double *restrict scale, double *restrict shift,
                            double *restrict peak, double *restrict total,
                            double *restrict moment) {
    for (int64_t l = 0; l < from.lanes; l++) {
        peak[l] = -INFINITY;
        total[l] = moment[l] = 0.0;
    }
    for (int64_t p = 0; p < from.pixels; p++)
#pragma omp simd
        for (int64_t l = 0; l < from.count; l++) {
            double z = get(maps, dtype, from.offset + p * from.between_pixels + l);
            peak[l] = z > peak[l] ? z : peak[l];
        }
    for (int64_t l = 0; l < from.lanes; l++) shift[l] = finite(peak[l]);
    for (int64_t p = 0; p < from.pixels; p++)
#pragma omp simd
        for (int64_t l = 0; l < from.count; l++) {
            double z = get(maps, dtype, from.offset + p * from.between_pixels + l);
            double exponent = at_least_lowest((z - shift[l]) * scale[l]);
            double power = power_of_two(dtype, exponent);
            total[l] += power;
            if (operation == SOFTPOOL) moment[l] += power * exponent;
        }
}

/* From sums to y, and in place to log total and the mean exponent. */
SPECIALISED void finish(int64_t operation, int64_t lanes, double size,
                        const double *restrict temperature, const double *restrict peak,
                        double *restrict pooled, double *restrict total, double *restrict moment) {
#pragma omp simd
    for (int64_t l = 0; l < lanes; l++) {
        int is_empty = total[l] == 0.0; /* nothing but -inf */
        double mean = is_empty ? 0.0 : LN2 * moment[l] / total[l];
        double logarithm = natural_logarithm(operation == LAE ? total[l] / size : total[l]);
        logarithm = peak[l] == INFINITY ? INFINITY : logarithm;
        double rise = operation == SOFTPOOL && peak[l] != INFINITY ? mean : logarithm;
        pooled[l] = is_empty ? -INFINITY : finite(peak[l]) + temperature[l] * rise;
        moment[l] = mean;
        total[l] = logarithm;
    }
}

/* What backward takes of a window, in place: upstream becomes each element's share of it,
   logarithm the level that exponents are counted from, centre the way from there to the mean,
   peak the shift. The slope gets the part that all elements have together. */
SPECIALISED void prepare(int64_t operation, int64_t lanes, double size, double *restrict peak,
                         double *restrict upstream, double *restrict logarithm,
                         double *restrict centre, double *restrict slope) {
#pragma omp simd
    for (int64_t l = 0; l < lanes; l++) {
        int is_empty = peak[l] == -INFINITY;
        double credit = is_empty ? 0.0 : upstream[l];
        double level = is_empty ? 0.0 : logarithm[l];
        slope[l] += operation == SOFTPOOL ? 0.0 : credit;
        upstream[l] = operation == LAE ? credit / size : credit;
        centre[l] = operation == SOFTPOOL ? level - centre[l] : 0.0;
        logarithm[l] = level * LOG2E;
        peak[l] = finite(peak[l]);
    }
}

/* Return the gradient of an element z, and add its part to the slope. */
SPECIALISED double differentiate(int64_t dtype, int64_t operation, double z, double shift, double scale,
                                 double level, double share, double centre, double *slope) {
    double exponent = at_least_lowest((z - shift) * scale - level);
    double weight = power_of_two(dtype, exponent) * share, distance = LN2 * exponent + centre;
    *slope += weight * (operation == SOFTPOOL ? distance * distance : distance - 1.0);
    return operation == SOFTPOOL ? weight * (1.0 + distance) : weight;
}

/* Write the gradient of a row of adjacent pixels, and return their part of the slope. */
SPECIALISED double differentiate_row(int64_t dtype, int64_t operation, const void *restrict maps,
                                     void *restrict gradient, int64_t first, int64_t pixels,
                                     double shift, double scale, double level, double share,
                                     double centre) {
    double slope = 0.0;
#pragma omp simd reduction(+ : slope)
    for (int64_t p = first; p < first + pixels; p++) {
        double part = 0.0;
        put(gradient, dtype, p,
            differentiate(dtype, operation, get(maps, dtype, p), shift, scale, level, share, centre,
                          &part));
        slope += part;
    }
    return slope;
}

/* Write the gradients of the channels of every pixel in turn, and add their parts to the slopes. */
SPECIALISED void differentiate_pixels(int64_t dtype, int64_t operation, const void *restrict maps,
                                      void *restrict gradient, Slab at,
                                      const double *restrict shift, const double *restrict scale,
                                      const double *restrict level, const double *restrict share,
                                      const double *restrict centre, double *restrict slope) {
    for (int64_t p = 0; p < at.pixels; p++)
#pragma omp simd
        for (int64_t l = 0; l < at.count; l++) {
            int64_t here = at.offset + p * at.between_pixels + l;
            put(gradient, dtype, here,
                differentiate(dtype, operation, get(maps, dtype, here), shift[l], scale[l], level[l],
                              share[l], centre[l], slope + l));
        }
}

/* ---- jobs ---- */

typedef struct {
    double *maps, *gradient, *temperature, *scale, *slope, *shift, *peak, *first, *second, *third;
} Scratch;

/* Scratch for a unit, in one allocation that starts at .maps, which is NULL without memory. */
static Scratch allocate(const Job *job) {
    int64_t lanes = (job->lanes + 7) / 8 * 8; /* each part starts on a cache line */
    int64_t map = job->is_global ? 0 : (job->height * job->width * job->lanes + 7) / 8 * 8;
    int64_t outputs = (job->out_height * job->out_width * job->lanes + 7) / 8 * 8;
    int64_t doubles = 2 * map + 4 * lanes + 4 * outputs;
    Scratch scratch = {.maps = aligned_alloc(64, doubles * sizeof(double))};
    scratch.gradient = scratch.maps + map;
    scratch.temperature = scratch.gradient + map;
    scratch.scale = scratch.temperature + lanes;
    scratch.slope = scratch.scale + lanes;
    scratch.shift = scratch.slope + lanes;
    scratch.peak = scratch.shift + lanes;
    scratch.first = scratch.peak + outputs;
    scratch.second = scratch.first + outputs;
    scratch.third = scratch.second + outputs;
    return scratch;
}

static void take_temperature(const Job *job, int64_t unit, Scratch scratch) {
    Slab slab = slab_of(job, unit, 1);
    for (int64_t l = 0; l < job->lanes; l++) {
        scratch.temperature[l] = job->temperature[slab.channel + (l < slab.count ? l : 0)];
        scratch.scale[l] = LOG2E / scratch.temperature[l];
    }
}

SPECIALISED int forward(const Job *job, int64_t first, int64_t last, int64_t dtype,
                        int64_t operation) {
    Scratch s = allocate(job);
    if (!s.maps) return 1;
    int64_t pixels = job->height * job->width, outputs = job->out_height * job->out_width;
    int64_t lanes = job->lanes;
    double *pooled = s.first, *total = s.second, *moment = s.third;
    for (int64_t unit = first; unit < last; unit++) {
        Slab to = slab_of(job, unit, outputs);
        take_temperature(job, unit, s);
        if (job->is_rows) {
            for (int64_t l = 0; l < to.count; l++)
                sum_row(dtype, operation, job->maps, (to.offset + l) * pixels, pixels, s.scale[l],
                        s.peak + l, total + l, moment + l);
            finish(operation, lanes, (double)pixels, s.temperature, s.peak, pooled, total, moment);
        } else if (job->is_global) {
            sum_pixels(dtype, operation, job->maps, slab_of(job, unit, pixels), s.scale, s.shift,
                       s.peak, total, moment);
            finish(operation, lanes, (double)pixels, s.temperature, s.peak, pooled, total, moment);
        } else {
            load(s.maps, job->maps, dtype, slab_of(job, unit, pixels));
            FOR_WINDOWS(job) {
                Range rows = ROWS(job, i), columns = COLUMNS(job, j);
                int64_t at = (i * job->out_width + j) * lanes;
                sum_window(job, dtype, operation, s.maps, rows, columns, s.scale, s.shift, s.peak + at,
                           total + at, moment + at);
                finish(operation, lanes, size_of(rows, columns), s.temperature, s.peak + at,
                       pooled + at, total + at, moment + at);
            }
        }
        store(job->pooled, pooled, dtype, to);
        store(job->peak, s.peak, dtype, to);
        store(job->logarithm, total, wide(dtype), to);
        if (operation == SOFTPOOL) store(job->centre, moment, wide(dtype), to);
    }
    free(s.maps);
    return 0;
}

SPECIALISED int backward(const Job *job, int64_t first, int64_t last, int64_t dtype,
                         int64_t operation) {
    Scratch s = allocate(job);
    if (!s.maps) return 1;
    int64_t pixels = job->height * job->width, outputs = job->out_height * job->out_width;
    int64_t lanes = job->lanes;
    double *upstream = s.first, *logarithm = s.second, *centre = s.third;
    for (int64_t unit = first; unit < last; unit++) {
        Slab from = slab_of(job, unit, pixels), to = slab_of(job, unit, outputs);
        take_temperature(job, unit, s);
        load(s.peak, job->peak, dtype, to);
        load(upstream, job->upstream, dtype, to);
        load(logarithm, job->logarithm, wide(dtype), to);
        if (operation == SOFTPOOL) load(centre, job->centre, wide(dtype), to);
        memset(s.slope, 0, lanes * sizeof(double));
        if (job->is_rows) {
            prepare(operation, lanes, (double)pixels, s.peak, upstream, logarithm, centre, s.slope);
            for (int64_t l = 0; l < to.count; l++)
                s.slope[l] += differentiate_row(
                    dtype, operation, job->maps, job->gradient, (to.offset + l) * pixels, pixels,
                    s.peak[l], s.scale[l], logarithm[l], upstream[l], centre[l]);
        } else if (job->is_global) {
            prepare(operation, lanes, (double)pixels, s.peak, upstream, logarithm, centre, s.slope);
            differentiate_pixels(dtype, operation, job->maps, job->gradient, from, s.peak, s.scale,
                                 logarithm, upstream, centre, s.slope);
        } else {
            load(s.maps, job->maps, dtype, from);
            memset(s.gradient, 0, pixels * lanes * sizeof(double));
            FOR_WINDOWS(job) {
                Range rows = ROWS(job, i), columns = COLUMNS(job, j);
                int64_t at = (i * job->out_width + j) * lanes;
                prepare(operation, lanes, size_of(rows, columns), s.peak + at, upstream + at,
                        logarithm + at, centre + at, s.slope);
                const double *restrict shift = s.peak + at, *restrict level = logarithm + at;
                const double *restrict share = upstream + at, *restrict from_mean = centre + at;
                const double *restrict scale = s.scale;
                double *restrict slope = s.slope;
                FOR_ELEMENTS(rows, columns) {
                    const double *restrict z = s.maps + (h * job->width + w) * lanes;
                    double *restrict gradient = s.gradient + (h * job->width + w) * lanes;
#pragma omp simd
                    for (int64_t l = 0; l < lanes; l++)
                        gradient[l] += differentiate(dtype, operation, z[l], shift[l], scale[l], level[l],
                                                     share[l], from_mean[l], slope + l);
                }
            }
            store(job->gradient, s.gradient, dtype, from);
        }
        double *slope = job->slope + slab_of(job, unit, 1).offset;
        for (int64_t l = 0; l < to.count; l++) slope[l] = -s.temperature[l] * s.slope[l];
    }
    free(s.maps);
    return 0;
}

/* lse and lae differ only outside the long loops, and share their code. */
#define SPECIALISE(work, dtype)                              \
    operation == SOFTPOOL ? work(job, first, last, dtype, SOFTPOOL) \
                          : work(job, first, last, dtype, operation)
#define FOR_TYPES(work)                                      \
    int64_t operation = job->operation;                      \
    switch (job->dtype) {                                    \
        case FLOAT32: return SPECIALISE(work, FLOAT32);      \
        case BFLOAT16: return SPECIALISE(work, BFLOAT16);    \
        default: return SPECIALISE(work, FLOAT64);           \
    }

/* Pool units first .. last - 1. Returns 0, or 1 without memory. */
int pool_forward(const Job *job, int64_t first, int64_t last) {
    FOR_TYPES(forward)
}

/* Differentiate units first .. last - 1. Returns 0, or 1 without memory. */
int pool_backward(const Job *job, int64_t first, int64_t last) {
    FOR_TYPES(backward)
}
