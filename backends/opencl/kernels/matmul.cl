/* Dense layers: out = activation(in . weights * factors + bias), row by row.
 *
 * A work-group makes a tile of TILE_M rows by TILE_N columns, a work-item WORK_M by WORK_N of
 * it in registers, as vectors of VECTOR. With STAGED, tiles of both operands go through local
 * memory, TILE_K deep; without, work-items read global memory, which is what caches are for.
 * Rows, columns and depth are padded by the host: rows to TILE_M, columns to TILE_N, the depth
 * to the width of the layer before.
 *
 * Integers are read in groups of GROUP along the depth, an int each, and so are their weights: the
 * GROUP weights of a column that belong to a group are neighbours. With VNNI the processor
 * multiplies and adds the 16 groups of a vector in one instruction.
 */
#define GROUPS_M (TILE_M / WORK_M)
#define GROUPS_N (TILE_N / WORK_N)
#define VECTORS (WORK_N / VECTOR)

#if IN_FORMAT == 32
typedef float packed_t;
typedef float weight_t;
#define SUM float
#define GROUP 1
#elif IN_FORMAT == 16
typedef half packed_t;
typedef half weight_t;
#ifdef HALF_ARITHMETIC
#define SUM half
#else
#define SUM float
#endif
#define GROUP 1
#elif IN_FORMAT == 15
typedef int packed_t;
typedef short weight_t;
#define SUM int
#define GROUP 2
#else
typedef int packed_t;
typedef char weight_t;
#define SUM int
#define GROUP 4
#endif

#if VECTOR == 1
#define WIDE SUM
#define REALS float
#define TO_REALS(x) ((float)(x))
#define LOAD(p) (*(p))
#define LOAD_HALF(i, p) vload_half(i, p)
#define AS_INTS as_int
#else
#define WIDE JOIN(SUM, VECTOR)
#define REALS JOIN(float, VECTOR)
#define TO_REALS(x) JOIN(convert_float, VECTOR)(x)
#define LOAD(p) JOIN(vload, VECTOR)(0, p)
#define LOAD_HALF(i, p) JOIN(vload_half, VECTOR)(i, p)
#define AS_INTS JOIN(as_int, VECTOR)
#endif

#if IN_FORMAT == 16 && !defined(HALF_ARITHMETIC)
#define ONE(p, i) vload_half(i, p)
#define MANY(p, i) LOAD_HALF(0, (p) + (i))
#else
#define ONE(p, i) ((p)[i])
#define MANY(p, i) LOAD((p) + (i))
#endif

/* sums + a * b; of integers, with the products of each group summed. */
#if GROUP == 1
#define DOT(sums, a, b) ((sums) += (a) * (b))
#elif defined(VNNI) && defined(__AVX512F__) && VECTOR == 16
#if GROUP == 2
#define DOT(sums, a, b) __asm__("vpdpwssd %2, %1, %0" : "+v"(sums) : "v"(a), "v"(b))
#else
#define DOT(sums, a, b) __asm__("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(a), "v"(b))
#endif
#elif GROUP == 2
#define DOT(sums, a, b) ((sums) += (((a) << 16) >> 16) * (((b) << 16) >> 16) + ((a) >> 16) * ((b) >> 16))
#else
#define DOT(sums, a, b)                                                                            \
    ((sums) += ((a) & 255) * (((b) << 24) >> 24) + (((a) >> 8) & 255) * (((b) << 16) >> 24)          \
               + (((a) >> 16) & 255) * (((b) << 8) >> 24) + (((a) >> 24) & 255) * ((b) >> 24))
#endif

/* One vector of results: activation, then the format of the table. */
#if OUT_FORMAT == 32
#define KEEP(y, out, i, inverses, c) KEEP_WIDE(y, (out) + (i))
#elif OUT_FORMAT == 16
#define KEEP(y, out, i, inverses, c) KEEP_HALF(y, (out) + (i))
#else
#define KEEP(y, out, i, inverses, c)                                                               \
    KEEP_WIDE(TO_STORED(NEXT_INT(AS_INTS, LIMITED((y) * LOAD((inverses) + (c))))), (out) + (i))
#endif
#if VECTOR == 1
#define KEEP_WIDE(y, p) (*(p) = (y))
#define KEEP_HALF(y, p) vstore_half(y, 0, p)
#define TO_STORED(x) ((out_t)(x))
#define activated_wide activated
#else
#define KEEP_WIDE(y, p) JOIN(vstore, VECTOR)(y, 0, p)
#define KEEP_HALF(y, p) JOIN(vstore_half, VECTOR)(y, 0, p)
#define TO_STORED(x) JOIN(JOIN(convert_, JOIN(STORED_, OUT_FORMAT)), VECTOR)(x)
REALS activated_wide(REALS x, int kind)
{
    if (kind == 1)
        return fmax(x, 0.0f);
    if (kind == 2)
        return 1.0f / (1.0f + exp(-x));
    if (kind == 3)
        return tanh(x);
    return x;
}
#endif

__kernel __attribute__((reqd_work_group_size(GROUPS_N, GROUPS_M, 1)))
void dense(const int depth, const int in_width, const int out_width,
           __global const in_t *restrict in, __global const weight_t *restrict weights,
           __global const float *restrict factors, __global const float *restrict bias,
           __global out_t *restrict out, __global const float *restrict inverses,
           const int activation)
{
    const int ln = get_local_id(0), lm = get_local_id(1);
    const int row = get_group_id(1) * TILE_M, column = get_group_id(0) * TILE_N;
    const int groups = (depth + GROUP - 1) / GROUP, pitch = in_width / GROUP;
    __global const packed_t *const x = (__global const packed_t *)in;
    __global const packed_t *const w = (__global const packed_t *)weights;
    WIDE sums[WORK_M][VECTORS];
    #pragma unroll
    for (int m = 0; m < WORK_M; m++)
        #pragma unroll
        for (int n = 0; n < VECTORS; n++)
            sums[m][n] = (WIDE)(0);
#ifdef STAGED
    __local SUM rows[TILE_M * TILE_K];
    __local SUM columns[TILE_K * TILE_N];
    const int item = lm * GROUPS_N + ln, items = GROUPS_M * GROUPS_N;
    for (int start = 0; start < groups; start += TILE_K) {
        for (int t = item; t < TILE_M * TILE_K; t += items) {
            const int k = start + t % TILE_K;
            rows[t] = k < groups ? ONE(x, (row + t / TILE_K) * pitch + k) : 0;
        }
        for (int t = item; t < TILE_K * TILE_N; t += items) {
            const int k = start + t / TILE_N;
            columns[t] = k < groups ? ONE(w, k * out_width + column + t % TILE_N) : 0;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = 0; k < TILE_K; k++) {
            WIDE b[VECTORS];
            #pragma unroll
            for (int n = 0; n < VECTORS; n++)
                b[n] = LOAD(columns + k * TILE_N + ln * WORK_N + n * VECTOR);
            #pragma unroll
            for (int m = 0; m < WORK_M; m++) {
                const WIDE a = (WIDE)(rows[(lm * WORK_M + m) * TILE_K + k]);
                #pragma unroll
                for (int n = 0; n < VECTORS; n++)
                    DOT(sums[m][n], a, b[n]);
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
#else
    const int first = (row + lm * WORK_M) * pitch, at = column + ln * WORK_N;
    for (int k = 0; k < groups; k++) {
        WIDE b[VECTORS];
        #pragma unroll
        for (int n = 0; n < VECTORS; n++)
            b[n] = MANY(w, k * out_width + at + n * VECTOR);
        #pragma unroll
        for (int m = 0; m < WORK_M; m++) {
            const WIDE a = (WIDE)(ONE(x, first + m * pitch + k));
            #pragma unroll
            for (int n = 0; n < VECTORS; n++)
                DOT(sums[m][n], a, b[n]);
        }
    }
#endif
    #pragma unroll
    for (int n = 0; n < VECTORS; n++) {
        const int c = column + ln * WORK_N + n * VECTOR;
        const REALS factor = LOAD(factors + c), offset = LOAD(bias + c);
        #pragma unroll
        for (int m = 0; m < WORK_M; m++) {
            const REALS y = activated_wide(TO_REALS(sums[m][n]) * factor + offset, activation);
            KEEP(y, out, (row + lm * WORK_M + m) * out_width + c, inverses, c);
        }
    }
}

/* The same without tiles: what the others are measured against. */
__kernel void dense_naive(const int depth, const int in_width, const int out_width,
                          __global const in_t *in, __global const weight_t *weights,
                          __global const float *factors, __global const float *bias,
                          __global out_t *out, __global const float *inverses, const int activation)
{
    const int c = get_global_id(0), row = get_global_id(1);
    SUM sum = 0;
    for (int k = 0; k < depth; k++) {
        const int place = ((k / GROUP) * out_width + c) * GROUP + k % GROUP;
        sum += (SUM)ONE(in, row * in_width + k) * (SUM)ONE(weights, place);
    }
    const float y = activated((float)sum * factors[c] + bias[c], activation);
    STORE(y, out, row * out_width + c, inverses, c);
}
