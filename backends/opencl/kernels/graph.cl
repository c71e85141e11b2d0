/* What graph networks need besides dense layers. One work-item per number written. */

/* Rows of `in` by index, into columns of `out`; an index of `rows` means no node: zeros. */
__kernel void gather(const int rows, const int features, const int in_width, const int out_width,
                     const int out_column, __global const stored *restrict in, const float in_scale,
                     __global const int *restrict index, __global stored *restrict out,
                     const float out_scale)
{
    const int f = get_global_id(0), i = get_global_id(1), node = index[i];
    const float x = node < rows ? REAL(in, node * in_width + f, in_scale) : 0.0f;
    STORE(x, out, i * out_width + out_column + f, out_scale);
}

/* Columns of `in` into columns of `out`. */
__kernel void copy(const int features, const int in_width, const int out_width,
                   const int out_column, __global const stored *restrict in, const float in_scale,
                   __global stored *restrict out, const float out_scale)
{
    const int f = get_global_id(0), i = get_global_id(1);
    const float x = REAL(in, i * in_width + f, in_scale);
    STORE(x, out, i * out_width + out_column + f, out_scale);
}

/* Sum of the edges that end at each node. `order` lists edges by node, `starts` where each
 * node's begin: every sum has one work-item, so there are no races, and one order, so the
 * result is the same every time. */
__kernel void segment_sum(const int features, const int in_width, const int out_width,
                          const int out_column, __global const stored *restrict in,
                          const float in_scale, __global const int *restrict order,
                          __global const int *restrict starts, __global stored *restrict out,
                          const float out_scale)
{
    const int f = get_global_id(0), node = get_global_id(1);
    float sum = 0.0f;
    for (int e = starts[node]; e < starts[node + 1]; e++)
        sum += REAL(in, order[e] * in_width + f, in_scale);
    STORE(sum, out, node * out_width + out_column + f, out_scale);
}

/* Sum of two tensors. */
__kernel void add(const int a_width, const int b_width, const int out_width,
                  __global const stored *restrict a, const float a_scale,
                  __global const stored *restrict b, const float b_scale,
                  __global stored *restrict out, const float out_scale)
{
    const int f = get_global_id(0), i = get_global_id(1);
    const float x = REAL(a, i * a_width + f, a_scale) + REAL(b, i * b_width + f, b_scale);
    STORE(x, out, i * out_width + f, out_scale);
}

/* An activation that no dense layer could take with it. */
__kernel void activate(const int in_width, const int out_width, __global const stored *restrict in,
                       const float in_scale, __global stored *restrict out, const float out_scale,
                       const int kind)
{
    const int f = get_global_id(0), i = get_global_id(1);
    const float x = activated(REAL(in, i * in_width + f, in_scale), kind);
    STORE(x, out, i * out_width + f, out_scale);
}

/* Softmax of every row; the second dimension of the range is rows, the first is one. */
__kernel void softmax(const int features, const int in_width, const int out_width,
                      __global const stored *restrict in, const float in_scale,
                      __global stored *restrict out, const float out_scale)
{
    const int row = get_global_id(1);
    float most = -INFINITY, sum = 0.0f;
    for (int f = 0; f < features; f++)
        most = fmax(most, REAL(in, row * in_width + f, in_scale));
    for (int f = 0; f < features; f++)
        sum += exp(REAL(in, row * in_width + f, in_scale) - most);
    for (int f = 0; f < features; f++)
        STORE(exp(REAL(in, row * in_width + f, in_scale) - most) / sum, out,
              row * out_width + f, out_scale);
}
