#pragma once

/// Shallow neural networks: everything in nn/, and the tape that they stand on.

#include <xtape/autodiff/autodiff.hpp>
#include <xtape/nn/activations.hpp>
#include <xtape/nn/closed_form.hpp>
#include <xtape/nn/csv.hpp>
#include <xtape/nn/dataset.hpp>
#include <xtape/nn/initialisers.hpp>
#include <xtape/nn/losses.hpp>
#include <xtape/nn/metrics.hpp>
#include <xtape/nn/network.hpp>
#include <xtape/nn/network_rules.hpp>
#include <xtape/nn/npz.hpp>
#include <xtape/nn/optimisers.hpp>
#include <xtape/nn/parameters.hpp>
#include <xtape/nn/random.hpp>
#include <xtape/nn/training.hpp>
