/* How numbers are stored and computed with. Every table has a format: 32 is float, 16 half, 15 short
 * and 8 unsigned char, the last two with a scale for every column. IN_FORMAT is that of the table a
 * kernel reads, OTHER_FORMAT that of a second one, OUT_FORMAT that of the one it writes; where they
 * are not given, BITS is all three.
 *
 * Half is computed in half where HALF_ARITHMETIC is defined, else in float. Products of integers are
 * summed in int.
 */
#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)

#ifndef IN_FORMAT
#define IN_FORMAT BITS
#define OTHER_FORMAT BITS
#define OUT_FORMAT BITS
#endif

#ifdef HALF_ARITHMETIC
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
#endif

#define STORED_32 float
#define STORED_16 half
#define STORED_15 short
#define STORED_8 uchar
typedef JOIN(STORED_, IN_FORMAT) in_t;
typedef JOIN(STORED_, OTHER_FORMAT) other_t;
typedef JOIN(STORED_, OUT_FORMAT) out_t;

/* The value of number i of a table, in column c. */
#define REAL_32(p, i, scales, c) ((p)[i])
#define REAL_16(p, i, scales, c) vload_half(i, p)
#define REAL_15(p, i, scales, c) ((float)(p)[i] * (scales)[c])
#define REAL_8(p, i, scales, c) ((float)(p)[i] * (scales)[c])
#define REAL_IN JOIN(REAL_, IN_FORMAT)
#define REAL_OTHER JOIN(REAL_, OTHER_FORMAT)

/* Largest and smallest stored integers. */
#define MOST_15 32767.0f
#define LEAST_15 -32767.0f
#define MOST_8 255.0f
#define LEAST_8 0.0f

/* The next integer, ties to even, of a number whose magnitude is below 2^22: adding 1.5 * 2^23 leaves
 * it in the low bits. Works for vectors too. */
#define NEXT_INT(as, x) (as((x) + 12582912.0f) - 0x4B400000)
#define LIMITED(x) fmin(fmax(x, JOIN(LEAST_, OUT_FORMAT)), JOIN(MOST_, OUT_FORMAT))

/* Store the value x as number i of a table, in column c. */
#define STORE_32(x, p, i, inverses, c) ((p)[i] = (x))
#define STORE_16(x, p, i, inverses, c) vstore_half(x, i, p)
#define STORE_15(x, p, i, inverses, c) ((p)[i] = (short)NEXT_INT(as_int, LIMITED((x) * (inverses)[c])))
#define STORE_8(x, p, i, inverses, c) ((p)[i] = (uchar)NEXT_INT(as_int, LIMITED((x) * (inverses)[c])))
#define STORE JOIN(STORE_, OUT_FORMAT)

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
