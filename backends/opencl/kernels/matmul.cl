/* Dense layers: out = activation(in . weights * factors + bias), row by row.
 *
 * A work-group makes a tile of TILE_M rows by TILE_N columns, a work-item WORK_M by WORK_N of
 * it in registers, as vectors of VECTOR. With STAGED, tiles of both operands go through local
 * memory, TILE_K deep; without, work-items read global memory, which is what caches are for.
 * Rows, columns and depth are padded by the host: rows to TILE_M, columns to TILE_N, the depth
 * to the width of the layer before.
 */
#define GROUPS_M (TILE_M / WORK_M)
#define GROUPS_N (TILE_N / WORK_N)
#define VECTORS (WORK_N / VECTOR)

#if VECTOR == 1
#define WIDE computed
#define FROM_LOCAL(p) (*(p))
#if BITS == 16
#define FROM_GLOBAL(p, i) ((computed)vload_half(i, p))
#else
#define FROM_GLOBAL(p, i) ((computed)(p)[i])
#endif
#else
#define FROM_LOCAL(p) JOIN(vload, VECTOR)(0, p)
#if BITS == 32
#define WIDE JOIN(float, VECTOR)
#define FROM_GLOBAL(p, i) JOIN(vload, VECTOR)(0, (p) + (i))
#elif BITS == 16
#ifdef HALF_ARITHMETIC
#define WIDE JOIN(half, VECTOR)
#define FROM_GLOBAL(p, i) JOIN(vload, VECTOR)(0, (p) + (i))
#else
#define WIDE JOIN(float, VECTOR)
#define FROM_GLOBAL(p, i) JOIN(vload_half, VECTOR)(0, (p) + (i))
#endif
#else
#define WIDE JOIN(int, VECTOR)
#define FROM_GLOBAL(p, i) JOIN(convert_int, VECTOR)(JOIN(vload, VECTOR)(0, (p) + (i)))
#endif
#endif

__kernel __attribute__((reqd_work_group_size(GROUPS_N, GROUPS_M, 1)))
void dense(const int depth, const int in_width, const int out_width,
           __global const stored *restrict in, __global const stored *restrict weights,
           __global const float *restrict factors, __global const float *restrict bias,
           __global stored *restrict out, const float out_scale, const int activation)
{
    const int ln = get_local_id(0), lm = get_local_id(1);
    const int row = get_group_id(1) * TILE_M, column = get_group_id(0) * TILE_N;
    WIDE sums[WORK_M][VECTORS];
    #pragma unroll
    for (int m = 0; m < WORK_M; m++)
        #pragma unroll
        for (int n = 0; n < VECTORS; n++)
            sums[m][n] = (WIDE)(0);
#ifdef STAGED
    __local computed rows[TILE_M * TILE_K];
    __local computed columns[TILE_K * TILE_N];
    const int item = lm * GROUPS_N + ln, items = GROUPS_M * GROUPS_N;
    for (int start = 0; start < depth; start += TILE_K) {
        for (int t = item; t < TILE_M * TILE_K; t += items) {
            const int k = start + t % TILE_K;
            rows[t] = k < depth ? (computed)READ(in, (row + t / TILE_K) * in_width + k) : 0;
        }
        for (int t = item; t < TILE_K * TILE_N; t += items) {
            const int k = start + t / TILE_N;
            columns[t] = k < depth ? (computed)READ(weights, k * out_width + column + t % TILE_N) : 0;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = 0; k < TILE_K; k++) {
            WIDE w[VECTORS];
            #pragma unroll
            for (int n = 0; n < VECTORS; n++)
                w[n] = FROM_LOCAL(columns + k * TILE_N + ln * WORK_N + n * VECTOR);
            #pragma unroll
            for (int m = 0; m < WORK_M; m++) {
                const WIDE x = (WIDE)(rows[(lm * WORK_M + m) * TILE_K + k]);
                #pragma unroll
                for (int n = 0; n < VECTORS; n++)
                    sums[m][n] += x * w[n];
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
#else
    const int first = (row + lm * WORK_M) * in_width, at = column + ln * WORK_N;
    for (int k = 0; k < depth; k++) {
        WIDE w[VECTORS];
        #pragma unroll
        for (int n = 0; n < VECTORS; n++)
            w[n] = FROM_GLOBAL(weights, k * out_width + at + n * VECTOR);
        #pragma unroll
        for (int m = 0; m < WORK_M; m++) {
            const WIDE x = (WIDE)((computed)READ(in, first + m * in_width + k));
            #pragma unroll
            for (int n = 0; n < VECTORS; n++)
                sums[m][n] += x * w[n];
        }
    }
#endif
    computed made[WORK_N];
    #pragma unroll
    for (int m = 0; m < WORK_M; m++) {
        #pragma unroll
        for (int n = 0; n < VECTORS; n++)
#if VECTOR == 1
            made[n] = sums[m][n];
#else
            JOIN(vstore, VECTOR)(sums[m][n], n, made);
#endif
        for (int n = 0; n < WORK_N; n++) {
            const int c = column + ln * WORK_N + n;
            const float y = activated((float)made[n] * factors[c] + bias[c], activation);
            STORE(y, out, (row + lm * WORK_M + m) * out_width + c, out_scale);
        }
    }
}

/* The same without tiles: what the others are measured against. */
__kernel void dense_naive(const int depth, const int in_width, const int out_width,
                          __global const stored *in, __global const stored *weights,
                          __global const float *factors, __global const float *bias,
                          __global stored *out, const float out_scale, const int activation)
{
    const int column = get_global_id(0), row = get_global_id(1);
    computed sum = 0;
    for (int k = 0; k < depth; k++)
        sum += (computed)READ(in, row * in_width + k) * (computed)READ(weights, k * out_width + column);
    const float y = activated((float)sum * factors[column] + bias[column], activation);
    STORE(y, out, row * out_width + column, out_scale);
}
