// LSTM over a sequence, for Vivado and Vitis HLS and for C simulation.
//
// hls4ml's own loop over the time steps (lstm_stack in nnet_recurrent.h) also names the cell
// without static state, which compiles only where input, accumulator and result have one type.
// This loop takes the cell with static state alone, whose types may differ.
#ifndef DSE_NNET_LSTM_H_
#define DSE_NNET_LSTM_H_

#include "nnet_recurrent.h"

namespace nnet {

// data: (n_sequence, n_in); res: (n_sequence_out, n_state), the last state or all of them
template <class data_T, class res_T, typename CONFIG_T>
void lstm_sequence(data_T data[CONFIG_T::n_sequence * CONFIG_T::n_in],
                   res_T res[CONFIG_T::n_sequence_out * CONFIG_T::n_state],
                   typename CONFIG_T::weight_t kernel[CONFIG_T::n_state * 4 * CONFIG_T::n_in],
                   typename CONFIG_T::recurrent_weight_t recurrent[CONFIG_T::n_state * 4 * CONFIG_T::n_state],
                   typename CONFIG_T::bias_t bias[CONFIG_T::n_state * 4],
                   typename CONFIG_T::recurrent_bias_t recurrent_bias[CONFIG_T::n_state * 4]) {
    data_T step[CONFIG_T::n_in];
    res_T hidden[CONFIG_T::n_state];
    res_T memory[CONFIG_T::n_state];
    #pragma HLS ARRAY_PARTITION variable=step complete
    #pragma HLS ARRAY_PARTITION variable=hidden complete
    #pragma HLS ARRAY_PARTITION variable=memory complete

TimeSteps:
    for (unsigned t = 0; t < CONFIG_T::n_sequence; t++) {
    Read:
        for (unsigned i = 0; i < CONFIG_T::n_in; i++) {
            #pragma HLS UNROLL
            step[i] = data[t * CONFIG_T::n_in + i];
        }
        nnet::lstm_static<data_T, res_T, CONFIG_T>(t == 0, step, hidden, memory, kernel, recurrent, bias, recurrent_bias);
        bool is_output = CONFIG_T::n_sequence_out > 1 || t + 1 == CONFIG_T::n_sequence;
        unsigned first = CONFIG_T::n_sequence_out > 1 ? t * CONFIG_T::n_state : 0;
    Write:
        for (unsigned i = 0; i < CONFIG_T::n_state; i++) {
            #pragma HLS UNROLL
            if (is_output)
                res[first + i] = hidden[i];
        }
    }
}

// the same over streams: a time step at a time, and a state at a time
template <class data_T, class res_T, typename CONFIG_T>
void lstm_sequence(hls::stream<data_T> &data, hls::stream<res_T> &res,
                   typename CONFIG_T::weight_t kernel[CONFIG_T::n_state * 4 * CONFIG_T::n_in],
                   typename CONFIG_T::recurrent_weight_t recurrent[CONFIG_T::n_state * 4 * CONFIG_T::n_state],
                   typename CONFIG_T::bias_t bias[CONFIG_T::n_state * 4],
                   typename CONFIG_T::recurrent_bias_t recurrent_bias[CONFIG_T::n_state * 4]) {
    typename data_T::value_type step[CONFIG_T::n_in];
    typename res_T::value_type hidden[CONFIG_T::n_state];
    typename res_T::value_type memory[CONFIG_T::n_state];
    #pragma HLS ARRAY_PARTITION variable=step complete
    #pragma HLS ARRAY_PARTITION variable=hidden complete
    #pragma HLS ARRAY_PARTITION variable=memory complete

TimeSteps:
    for (unsigned t = 0; t < CONFIG_T::n_sequence; t++) {
        data_T position = data.read();
    Read:
        for (unsigned i = 0; i < CONFIG_T::n_in; i++) {
            #pragma HLS UNROLL
            step[i] = position[i];
        }
        nnet::lstm_static<typename data_T::value_type, typename res_T::value_type, CONFIG_T>(
            t == 0, step, hidden, memory, kernel, recurrent, bias, recurrent_bias);
        if (CONFIG_T::n_sequence_out > 1 || t + 1 == CONFIG_T::n_sequence) {
            res_T state;
        Write:
            for (unsigned i = 0; i < CONFIG_T::n_state; i++) {
                #pragma HLS UNROLL
                state[i] = hidden[i];
            }
            res.write(state);
        }
    }
}

} // namespace nnet

#endif
