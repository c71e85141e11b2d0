/* How numbers are stored and computed with, by BITS: 32, 16 or 8.
 *
 * 32: float. 16: half in memory; computed in half where HALF_ARITHMETIC is defined, else in
 * float. 8: signed char times a scale of the whole tensor; products are summed in int.
 */
#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)

#if BITS == 32
typedef float stored;
typedef float computed;
#define READ(p, i) ((p)[i])
#define REAL(p, i, scale) ((p)[i])
#define STORE(x, p, i, scale) ((p)[i] = (x))
#elif BITS == 16
typedef half stored;
#define READ(p, i) vload_half(i, p)
#define REAL(p, i, scale) vload_half(i, p)
#define STORE(x, p, i, scale) vstore_half(x, i, p)
#ifdef HALF_ARITHMETIC
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
typedef half computed;
#else
typedef float computed;
#endif
#else
typedef char stored;
typedef int computed;
#define READ(p, i) ((int)(p)[i])
#define REAL(p, i, scale) ((float)(p)[i] * (scale))
#define STORE(x, p, i, scale) ((p)[i] = (char)clamp(rint((x) / (scale)), -127.0f, 127.0f))
#endif

float activated(float x, int kind)
{
    if (kind == 1)
        return fmax(x, 0.0f);
    if (kind == 2)
        return 1.0f / (1.0f + exp(-x));
    if (kind == 3)
        return tanh(x);
    return x;
}
