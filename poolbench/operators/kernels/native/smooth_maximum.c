/* Smooth maxima on the CPU: the arithmetic of eager.py, fused.

   Everything is computed in double, so that both differ by roundings of 1e-16. Whole maps are worked
   on where they lie; for windows the channels of a unit are first copied to a scratch of doubles,
   pixel by pixel, whatever their layout and type.
   C11 with loops that compilers vectorise under -fopenmp-simd; no library but libm. */

#include "maps.h"

static const double LN2 = 0.69314718055994530942, LOG2E = 1.4426950408889634074;
static const double LOWEST = -1023.0; /* smaller exponents have no weight: 2^LOWEST is 0 here */

/* ---- elementary functions that vectorise ---- */

typedef union { double value; uint64_t bits; } Word;

/* inf - inf is NaN: where elements are compared, infinity is the largest number. */
SPECIALISED double finite(double peak) {
    peak = peak > DBL_MAX ? DBL_MAX : peak;
    return peak < -DBL_MAX ? -DBL_MAX : peak;
}

/* The exponent of an element's power, at least LOWEST, which is that of -inf and keeps 0 * inf out
   of the sums. With care +inf has the exponent of the maximum. Keeps NaN. */
SPECIALISED double exponent_of(int64_t care, double z, double shift, double scale, double level) {
    double x = (z - shift) * scale - level;
    if (care) x = x > -level ? -level : x;
    return LOWEST > x ? LOWEST : x;
}

/* A power of two in parts: 2^x = 2^k (1 + rest), k whole and in the bits of a double's exponent. */
typedef struct { uint64_t exponent; double rest; } Power;

/* 2^x to 1 ulp for LOWEST < x <= 1023, and exactly 0 for LOWEST; NaN for NaN.
   For elements of fewer digits to 2e-10, and the rest to 1 ulp where x is near 0: where a
   temperature is high, what is left of a sum of powers less their number is what counts. */
SPECIALISED Power power_of_two(int64_t dtype, double x) {
    Word rounded = {.value = x + 0x1.8p52};
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
    return (Power){rounded.bits << 52, q * f}; /* only the exponent survives the shift */
}

SPECIALISED double scaled(double value, Power power) {
    Word word = {.value = value};
    word.bits += power.exponent;
    return word.value;
}

SPECIALISED double whole_of(Power power) { return scaled(1.0, power); }
SPECIALISED double value_of(Power power) { return scaled(1.0 + power.rest, power); }

/* log x, given x and x - 1, to 1e-16 of itself where x is near 1 and of 1 elsewhere, for normal
   x > 0; -inf for 0; NaN for NaN. */
SPECIALISED double natural_logarithm(double x, double less_one) {
    Word word = {.value = x}, exponent;
    int64_t power = (int64_t)(word.bits - 0x3fe6a09e667f3bcd) >> 52; /* mantissa above sqrt(1/2) */
    word.bits -= (uint64_t)power << 52;
    exponent.bits = (uint64_t)power + 0x4338000000000000; /* power + 1.5 * 2^52, as an integer */
    double s = (power == 0 ? less_one : word.value - 1.0) / (word.value + 1.0), w = s * s;
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

/* Add an element to a window's two sums: its power, and for softpool that times its exponent; with
   care the whole part of its power, and the rest. */
SPECIALISED void add(int64_t care, int64_t dtype, int64_t operation, double z, double shift,
                     double scale, double *first, double *second) {
    double exponent = exponent_of(care, z, shift, scale, 0.0);
    Power power = power_of_two(dtype, exponent);
    if (operation == SOFTPOOL) {
        *first += value_of(power);
        *second += value_of(power) * exponent;
    } else if (care) {
        *first += whole_of(power);
        *second += whole_of(power) * power.rest;
    } else
        *first += value_of(power);
}

/* Maximum, then sums, of every lane of a window. */
SPECIALISED void sum_window(const Job *job, int64_t care, int64_t dtype, int64_t operation,
                            const double *restrict maps, Range rows, Range columns,
                            const double *restrict scale, double *restrict shift,
                            double *restrict peak, double *restrict first,
                            double *restrict second) {
    int64_t lanes = job->lanes;
    for (int64_t l = 0; l < lanes; l++) {
        peak[l] = -INFINITY;
        first[l] = second[l] = 0.0;
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
        for (int64_t l = 0; l < lanes; l++)
            add(care, dtype, operation, z[l], shift[l], scale[l], first + l, second + l);
    }
}

/* The same for a row of adjacent pixels, without a copy. */
SPECIALISED void sum_row(int64_t care, int64_t dtype, int64_t operation, const void *row,
                         int64_t at, int64_t pixels, double scale, double *restrict peak,
                         double *restrict first, double *restrict second) {
    double highest = -INFINITY, sum = 0.0, other = 0.0;
#pragma omp simd reduction(max : highest)
    for (int64_t p = 0; p < pixels; p++) {
        double z = get(row, dtype, at + p);
        highest = z > highest ? z : highest;
    }
    double shift = finite(highest);
#pragma omp simd reduction(+ : sum, other)
    for (int64_t p = 0; p < pixels; p++)
        add(care, dtype, operation, get(row, dtype, at + p), shift, scale, &sum, &other);
    *peak = highest;
    *first = sum;
    *second = other;
}

/* The same for the channels of every pixel in turn, without a copy. */
SPECIALISED void sum_pixels(int64_t care, int64_t dtype, int64_t operation, const void *maps,
                            Slab from, const double *restrict scale, double *restrict shift,
                            double *restrict peak, double *restrict first,
                            double *restrict second) {
    for (int64_t l = 0; l < from.lanes; l++) {
        peak[l] = -INFINITY;
        first[l] = second[l] = 0.0;
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
            add(care, dtype, operation, z, shift[l], scale[l], first + l, second + l);
        }
}

/* From sums to y, and in place to log total and the mean exponent. */
SPECIALISED void finish(int64_t operation, int64_t lanes, double size,
                        const double *restrict temperature, const double *restrict peak,
                        double *restrict pooled, double *restrict first,
                        double *restrict second) {
    double divisor = operation == LAE ? size : 1.0;
#pragma omp simd
    for (int64_t l = 0; l < lanes; l++) {
        double rest = operation == SOFTPOOL ? 0.0 : second[l];
        double total = first[l] + rest, excess = (first[l] - divisor) + rest;
        double mean = total == 0.0 ? 0.0 : LN2 * second[l] / total; /* 0: nothing but -inf */
        double logarithm = natural_logarithm(total / divisor, excess / divisor);
        double rise = operation == SOFTPOOL ? mean : logarithm;
        pooled[l] = peak[l] + temperature[l] * rise;
        first[l] = logarithm;
        second[l] = mean;
    }
}

/* What backward takes of a window, in place: upstream becomes each element's share of it,
   logarithm the level that exponents are counted from, centre the way from there to the mean,
   peak the shift. The slope gets the part that all elements have together. */
SPECIALISED void prepare(int64_t care, int64_t operation, int64_t lanes, double size,
                         double *restrict peak, double *restrict upstream,
                         double *restrict logarithm, double *restrict centre,
                         double *restrict slope) {
#pragma omp simd
    for (int64_t l = 0; l < lanes; l++) {
        int is_empty = logarithm[l] == -INFINITY;
        double credit = is_empty ? 0.0 : upstream[l];
        double level = is_empty ? 0.0 : logarithm[l];
        double share = operation == LAE ? credit / size : credit;
        if (operation != SOFTPOOL) slope[l] += care ? credit - size * share : credit;
        upstream[l] = share;
        centre[l] = operation == SOFTPOOL ? level - centre[l] : 0.0;
        logarithm[l] = level * LOG2E;
        peak[l] = finite(peak[l]);
    }
}

/* Return the gradient of an element z, and add its part to the slope: with care p log p - (p - 1),
   whose terms cancel nothing of each other where all p are near 1. */
SPECIALISED double differentiate(int64_t care, int64_t dtype, int64_t operation, double z,
                                 double shift, double scale, double level, double share,
                                 double centre, double *slope) {
    double exponent = exponent_of(care, z, shift, scale, level);
    Power power = power_of_two(dtype, exponent);
    double weight = value_of(power) * share, distance = LN2 * exponent + centre;
    if (operation == SOFTPOOL) {
        *slope += weight * (distance * distance);
        return weight * (1.0 + distance);
    }
    double excess = (whole_of(power) - 1.0) + whole_of(power) * power.rest;
    *slope += care ? weight * distance - share * excess : weight * (distance - 1.0);
    return weight;
}

/* Write the gradient of a row of adjacent pixels, and add their part to the slope. */
SPECIALISED void differentiate_row(int64_t care, int64_t dtype, int64_t operation,
                                   const void *restrict maps, void *restrict gradient,
                                   int64_t first, int64_t pixels, double shift, double scale,
                                   double level, double share, double centre, double *slope) {
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (int64_t p = first; p < first + pixels; p++)
        put(gradient, dtype, p,
            differentiate(care, dtype, operation, get(maps, dtype, p), shift, scale, level, share,
                          centre, &sum));
    *slope += sum;
}

/* Write the gradients of the channels of every pixel in turn, and add their parts to the slopes. */
SPECIALISED void differentiate_pixels(int64_t care, int64_t dtype, int64_t operation,
                                      const void *restrict maps, void *restrict gradient, Slab at,
                                      const double *restrict shift, const double *restrict scale,
                                      const double *restrict level, const double *restrict share,
                                      const double *restrict centre, double *restrict slope) {
    for (int64_t p = 0; p < at.pixels; p++)
#pragma omp simd
        for (int64_t l = 0; l < at.count; l++) {
            int64_t here = at.offset + p * at.between_pixels + l;
            put(gradient, dtype, here,
                differentiate(care, dtype, operation, get(maps, dtype, here), shift[l], scale[l],
                              level[l], share[l], centre[l], slope + l));
        }
}

/* Add the gradients of a window's elements to those of the map, and their parts to the slopes. */
SPECIALISED void differentiate_window(const Job *job, int64_t care, int64_t dtype,
                                      int64_t operation, const double *restrict maps,
                                      double *restrict gradients, Range rows, Range columns,
                                      const double *restrict shift, const double *restrict scale,
                                      const double *restrict level, const double *restrict share,
                                      const double *restrict centre, double *restrict slope) {
    int64_t lanes = job->lanes;
    FOR_ELEMENTS(rows, columns) {
        const double *restrict z = maps + (h * job->width + w) * lanes;
        double *restrict gradient = gradients + (h * job->width + w) * lanes;
#pragma omp simd
        for (int64_t l = 0; l < lanes; l++)
            gradient[l] += differentiate(care, dtype, operation, z[l], shift[l], scale[l],
                                         level[l], share[l], centre[l], slope + l);
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

/* Pool a unit into the scratch. */
SPECIALISED void pool(const Job *job, int64_t unit, Scratch s, int64_t care, int64_t dtype,
                      int64_t operation) {
    Slab from = slab_of(job, unit, job->height * job->width);
    double *pooled = s.first, *sum = s.second, *other = s.third, size = (double)from.pixels;
    if (job->is_rows) {
        for (int64_t l = 0; l < from.count; l++)
            sum_row(care, dtype, operation, job->maps, from.offset + l * from.pixels, from.pixels,
                    s.scale[l], s.peak + l, sum + l, other + l);
        finish(operation, job->lanes, size, s.temperature, s.peak, pooled, sum, other);
    } else if (job->is_global) {
        sum_pixels(care, dtype, operation, job->maps, from, s.scale, s.shift, s.peak, sum, other);
        finish(operation, job->lanes, size, s.temperature, s.peak, pooled, sum, other);
    } else {
        load(s.maps, job->maps, dtype, from);
        FOR_WINDOWS(job) {
            Range rows = ROWS(job, i), columns = COLUMNS(job, j);
            int64_t at = (i * job->out_width + j) * job->lanes;
            sum_window(job, care, dtype, operation, s.maps, rows, columns, s.scale, s.shift,
                       s.peak + at, sum + at, other + at);
            finish(operation, job->lanes, size_of(rows, columns), s.temperature, s.peak + at,
                   pooled + at, sum + at, other + at);
        }
    }
}

/* Differentiate a unit, given what forward has kept of it in the scratch. */
SPECIALISED void spread(const Job *job, int64_t unit, Scratch s, int64_t care, int64_t dtype,
                        int64_t operation) {
    Slab to = slab_of(job, unit, job->height * job->width);
    double *upstream = s.first, *logarithm = s.second, *centre = s.third;
    memset(s.slope, 0, job->lanes * sizeof(double));
    if (job->is_global)
        prepare(care, operation, job->lanes, (double)to.pixels, s.peak, upstream, logarithm,
                centre, s.slope);
    if (job->is_rows)
        for (int64_t l = 0; l < to.count; l++)
            differentiate_row(care, dtype, operation, job->maps, job->gradient,
                              to.offset + l * to.pixels, to.pixels, s.peak[l], s.scale[l],
                              logarithm[l], upstream[l], centre[l], s.slope + l);
    else if (job->is_global)
        differentiate_pixels(care, dtype, operation, job->maps, job->gradient, to, s.peak, s.scale,
                             logarithm, upstream, centre, s.slope);
    else {
        load(s.maps, job->maps, dtype, to);
        memset(s.gradient, 0, to.pixels * job->lanes * sizeof(double));
        FOR_WINDOWS(job) {
            Range rows = ROWS(job, i), columns = COLUMNS(job, j);
            int64_t at = (i * job->out_width + j) * job->lanes;
            prepare(care, operation, job->lanes, size_of(rows, columns), s.peak + at,
                    upstream + at, logarithm + at, centre + at, s.slope);
            differentiate_window(job, care, dtype, operation, s.maps, s.gradient, rows, columns,
                                 s.peak + at, s.scale, logarithm + at, upstream + at, centre + at,
                                 s.slope);
        }
        store(job->gradient, s.gradient, dtype, to);
    }
}

/* Care costs time, and is taken of units with an element of +inf and of those whose temperature is
   so high that a sum of powers less their number loses digits that count: above 1024 and the
   rounding of its logarithm. */
static int64_t needs_care(const Job *job, Slab outputs, Scratch s) {
    double high = job->dtype == FLOAT64 ? 1025.0 : 0x1p20;
    int64_t found = 0;
    for (int64_t l = 0; l < outputs.count; l++) found |= s.temperature[l] > high;
    for (int64_t o = 0; o < outputs.pixels; o++)
        for (int64_t l = 0; l < outputs.count; l++)
            found |= s.peak[o * outputs.lanes + l] == INFINITY;
    return found;
}

/* One copy of the code, for all types and operations. */
static void pool_with_care(const Job *job, int64_t unit, Scratch s) {
    pool(job, unit, s, 1, job->dtype, job->operation);
}

static void spread_with_care(const Job *job, int64_t unit, Scratch s) {
    spread(job, unit, s, 1, job->dtype, job->operation);
}

SPECIALISED int forward(const Job *job, int64_t first, int64_t last, int64_t dtype,
                        int64_t operation) {
    Scratch s = allocate(job);
    if (!s.maps) return 1;
    for (int64_t unit = first; unit < last; unit++) {
        Slab to = slab_of(job, unit, job->out_height * job->out_width);
        take_temperature(job, unit, s);
        pool(job, unit, s, 0, dtype, operation);
        if (needs_care(job, to, s)) pool_with_care(job, unit, s);
        store(job->pooled, s.first, dtype, to);
        store(job->peak, s.peak, dtype, to);
        store(job->logarithm, s.second, wide(dtype), to);
        if (operation == SOFTPOOL) store(job->centre, s.third, wide(dtype), to);
    }
    free(s.maps);
    return 0;
}

SPECIALISED int backward(const Job *job, int64_t first, int64_t last, int64_t dtype,
                         int64_t operation) {
    Scratch s = allocate(job);
    if (!s.maps) return 1;
    for (int64_t unit = first; unit < last; unit++) {
        Slab from = slab_of(job, unit, job->out_height * job->out_width);
        take_temperature(job, unit, s);
        load(s.peak, job->peak, dtype, from);
        load(s.first, job->upstream, dtype, from);
        load(s.second, job->logarithm, wide(dtype), from);
        if (operation == SOFTPOOL) load(s.third, job->centre, wide(dtype), from);
        if (needs_care(job, from, s)) spread_with_care(job, unit, s);
        else spread(job, unit, s, 0, dtype, operation);
        double *slope = job->slope + slab_of(job, unit, 1).offset;
        for (int64_t l = 0; l < from.count; l++) slope[l] = -s.temperature[l] * s.slope[l];
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
