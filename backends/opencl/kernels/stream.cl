/* Dense layers as aoc wants them: single work-item kernels joined by channels.
 *
 * `feed` reads rows, `multiply` keeps the weights in on-chip memory and makes LANES sums side
 * by side, `drain` adds the bias, applies the activation and writes. For Intel's FPGA
 * compiler and its emulation device; other devices have no channels.
 */
#ifdef CHANNELS
#pragma OPENCL EXTENSION cl_intel_channels : enable

channel float rows_channel __attribute__((depth(256)));
channel float sums_channel __attribute__((depth(256)));

__attribute__((max_global_work_dim(0)))
__kernel void feed(const int rows, const int depth, const int in_width,
                   __global const float *restrict in)
{
    for (int r = 0; r < rows; r++)
        for (int k = 0; k < depth; k++)
            write_channel_intel(rows_channel, in[r * in_width + k]);
}

__attribute__((max_global_work_dim(0)))
__kernel void multiply(const int rows, const int depth, const int out_width,
                       __global const float *restrict weights)
{
    float kept[MAX_DEPTH * MAX_WIDTH];
    for (int i = 0; i < depth * out_width; i++)
        kept[i] = weights[i];
    for (int r = 0; r < rows; r++) {
        float row[MAX_DEPTH];
        for (int k = 0; k < depth; k++)
            row[k] = read_channel_intel(rows_channel);
        for (int n = 0; n < out_width; n += LANES) {
            float sums[LANES];
            #pragma unroll
            for (int l = 0; l < LANES; l++)
                sums[l] = 0.0f;
            for (int k = 0; k < depth; k++) {
                #pragma unroll
                for (int l = 0; l < LANES; l++)
                    sums[l] += row[k] * kept[k * out_width + n + l];
            }
            for (int l = 0; l < LANES; l++)
                write_channel_intel(sums_channel, sums[l]);
        }
    }
}

__attribute__((max_global_work_dim(0)))
__kernel void drain(const int rows, const int out_width, __global const float *restrict bias,
                    __global float *restrict out, const int activation)
{
    for (int r = 0; r < rows; r++)
        for (int n = 0; n < out_width; n++)
            out[r * out_width + n] = activated(read_channel_intel(sums_channel) + bias[n], activation);
}
#endif
