#pragma once

/// Shallow neural networks: everything in nn/.

#include <xtape/nn/closed_form.hpp>
#include <xtape/nn/csv.hpp>
#include <xtape/nn/dataset.hpp>
#include <xtape/nn/initialisers.hpp>
#include <xtape/nn/metrics.hpp>
#include <xtape/nn/random.hpp>
