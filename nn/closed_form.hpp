#pragma once

/// The textbook's gradients of a shallow network, derived by hand and written in plain xtensor. They know
/// nothing of a tape: what a tape says is compared with them.

#include <xtape/nn/closed_form/activation.hpp>
#include <xtape/nn/closed_form/n_examples.hpp>
#include <xtape/nn/closed_form/one_example.hpp>
