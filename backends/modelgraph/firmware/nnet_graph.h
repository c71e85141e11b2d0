#ifndef NNET_GRAPH_H_
#define NNET_GRAPH_H_

// Graph layers of dse: node features by edge, sums of edge features by node.
// An index of n_nodes or more means "no node": it gathers zeros and scatters nowhere.

#include "nnet_common.h"

namespace nnet {

struct graph_config {
    static const unsigned n_nodes = 1;
    static const unsigned n_edges = 1;
    static const unsigned n_features = 1;
    static const unsigned reuse_factor = 1;
};

template <class data_T, class index_T, class res_T, typename CONFIG_T>
void edge_gather(data_T nodes[CONFIG_T::n_nodes * CONFIG_T::n_features], index_T index[CONFIG_T::n_edges],
                 res_T res[CONFIG_T::n_edges * CONFIG_T::n_features]) {
    #pragma HLS PIPELINE II=CONFIG_T::reuse_factor

Edges:
    for (unsigned e = 0; e < CONFIG_T::n_edges; e++) {
        #pragma HLS UNROLL
    Features:
        for (unsigned f = 0; f < CONFIG_T::n_features; f++) {
            #pragma HLS UNROLL
            res_T picked = 0;
        Nodes:
            for (unsigned n = 0; n < CONFIG_T::n_nodes; n++) {
                #pragma HLS UNROLL
                if (index[e] == n)
                    picked = nodes[n * CONFIG_T::n_features + f];
            }
            res[e * CONFIG_T::n_features + f] = picked;
        }
    }
}

template <class data_T, class index_T, class res_T, typename CONFIG_T>
void scatter_sum(data_T edges[CONFIG_T::n_edges * CONFIG_T::n_features], index_T index[CONFIG_T::n_edges],
                 res_T res[CONFIG_T::n_nodes * CONFIG_T::n_features]) {
    #pragma HLS PIPELINE II=CONFIG_T::reuse_factor

Nodes:
    for (unsigned n = 0; n < CONFIG_T::n_nodes; n++) {
        #pragma HLS UNROLL
    Features:
        for (unsigned f = 0; f < CONFIG_T::n_features; f++) {
            #pragma HLS UNROLL
            typename CONFIG_T::accum_t sum = 0;
        Edges:
            for (unsigned e = 0; e < CONFIG_T::n_edges; e++) {
                #pragma HLS UNROLL
                if (index[e] == n)
                    sum += (typename CONFIG_T::accum_t)edges[e * CONFIG_T::n_features + f];
            }
            res[n * CONFIG_T::n_features + f] = sum;
        }
    }
}

} // namespace nnet

#endif
