/* What graph networks need besides dense layers. One work-item per number written. `scales` and
 * `inverses` are by column: of the table that is read, and of the one that is written. */

/* Rows of `in` by index, into columns of `out`; an index of `rows` means no node: zeros. */
__kernel void gather(const int rows, const int in_width, const int out_width, const int out_column,
                     __global const in_t *restrict in, __global const float *restrict scales,
                     __global const int *restrict index, __global out_t *restrict out,
                     __global const float *restrict inverses)
{
    const int f = get_global_id(0), i = get_global_id(1), node = index[i], c = out_column + f;
    const float x = node < rows ? REAL_IN(in, node * in_width + f, scales, f) : 0.0f;
    STORE(x, out, i * out_width + c, inverses, c);
}

/* Columns of `in` into columns of `out`. */
__kernel void copy(const int in_width, const int out_width, const int out_column,
                   __global const in_t *restrict in, __global const float *restrict scales,
                   __global out_t *restrict out, __global const float *restrict inverses)
{
    const int f = get_global_id(0), i = get_global_id(1), c = out_column + f;
    const float x = REAL_IN(in, i * in_width + f, scales, f);
    STORE(x, out, i * out_width + c, inverses, c);
}

/* Sum of the edges that end at each node. `order` lists edges by node, `starts` where each
 * node's begin: every sum has one work-item, so there are no races, and one order, so the
 * result is the same every time. */
__kernel void segment_sum(const int in_width, const int out_width, const int out_column,
                          __global const in_t *restrict in, __global const float *restrict scales,
                          __global const int *restrict order, __global const int *restrict starts,
                          __global out_t *restrict out, __global const float *restrict inverses)
{
    const int f = get_global_id(0), node = get_global_id(1), c = out_column + f;
    float sum = 0.0f;
    for (int e = starts[node]; e < starts[node + 1]; e++)
        sum += REAL_IN(in, order[e] * in_width + f, scales, f);
    STORE(sum, out, node * out_width + c, inverses, c);
}

/* Sum of two tensors. */
__kernel void add(const int a_width, const int b_width, const int out_width,
                  __global const in_t *restrict a, __global const float *restrict a_scales,
                  __global const other_t *restrict b, __global const float *restrict b_scales,
                  __global out_t *restrict out, __global const float *restrict inverses)
{
    const int f = get_global_id(0), i = get_global_id(1);
    const float x = REAL_IN(a, i * a_width + f, a_scales, f)
                    + REAL_OTHER(b, i * b_width + f, b_scales, f);
    STORE(x, out, i * out_width + f, inverses, f);
}

/* An activation that no dense layer could take with it. */
__kernel void activate(const int in_width, const int out_width, __global const in_t *restrict in,
                       __global const float *restrict scales, __global out_t *restrict out,
                       __global const float *restrict inverses, const int kind)
{
    const int f = get_global_id(0), i = get_global_id(1);
    const float x = activated(REAL_IN(in, i * in_width + f, scales, f), kind);
    STORE(x, out, i * out_width + f, inverses, f);
}

/* Softmax of every row; the second dimension of the range is rows, the first is one. */
__kernel void softmax(const int features, const int in_width, const int out_width,
                      __global const in_t *restrict in, __global const float *restrict scales,
                      __global out_t *restrict out, __global const float *restrict inverses)
{
    const int row = get_global_id(1);
    float most = -INFINITY, sum = 0.0f;
    for (int f = 0; f < features; f++)
        most = fmax(most, REAL_IN(in, row * in_width + f, scales, f));
    for (int f = 0; f < features; f++)
        sum += exp(REAL_IN(in, row * in_width + f, scales, f) - most);
    for (int f = 0; f < features; f++)
        STORE(exp(REAL_IN(in, row * in_width + f, scales, f) - most) / sum, out,
              row * out_width + f, inverses, f);
}
