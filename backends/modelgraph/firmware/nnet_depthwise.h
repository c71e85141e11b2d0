// Depthwise convolutions of one and of two dimensions in one project.
//
// hls4ml's two headers have one include guard, so that whichever comes second would be empty.
// hls4ml includes headers in alphabetical order, this one before those that include either.
#ifndef DSE_NNET_DEPTHWISE_H_
#define DSE_NNET_DEPTHWISE_H_

#include "nnet_common.h"
#include "nnet_sepconv1d_latency.h"
#undef NNET_SEPARABLE_CONV2D_LATENCY_H_
#include "nnet_sepconv2d_latency.h"

#endif
