#ifndef NNET_KEEP_ALIVE_H_
#define NNET_KEEP_ALIVE_H_

// The layer KeepAlive of dse: its first input; the second is computed and not read.

#include "nnet_common.h"

namespace nnet {

struct keep_alive_config {
    static const unsigned n_elem = 1;
    static const unsigned n_unread = 1;
};

template <class data_T, class unread_T, class res_T, typename CONFIG_T>
void keep_alive(data_T data[CONFIG_T::n_elem], unread_T unread[CONFIG_T::n_unread], res_T res[CONFIG_T::n_elem]) {
    #pragma HLS INLINE

    (void)unread;
Elements:
    for (unsigned i = 0; i < CONFIG_T::n_elem; i++) {
        #pragma HLS UNROLL
        res[i] = data[i];
    }
}

} // namespace nnet

#endif
