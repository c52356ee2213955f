#pragma once

/// The tape, its gradients, their evaluation, every operation, and how to define one's own.

#include <xtape/autodiff/check/check_gradients.hpp>
#include <xtape/autodiff/check/check_op.hpp>
#include <xtape/autodiff/check/html.hpp>
#include <xtape/autodiff/check/mutate.hpp>
#include <xtape/autodiff/check/verify.hpp>
#include <xtape/autodiff/compile/function.hpp>
#include <xtape/autodiff/compile/program.hpp>
#include <xtape/autodiff/decide.hpp>
#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/error.hpp>
#include <xtape/autodiff/evaluate.hpp>
#include <xtape/autodiff/format.hpp>
#include <xtape/autodiff/gradient.hpp>
#include <xtape/autodiff/misuse.hpp>
#include <xtape/autodiff/ops.hpp>
#include <xtape/autodiff/print/dot.hpp>
#include <xtape/autodiff/print/equation.hpp>
#include <xtape/autodiff/simplify/simplify.hpp>
#include <xtape/autodiff/tape.hpp>
#include <xtape/autodiff/transform/call.hpp>
#include <xtape/autodiff/transform/functions.hpp>
#include <xtape/autodiff/transform/map.hpp>
#include <xtape/autodiff/transform/scan.hpp>
