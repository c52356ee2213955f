#pragma once

/// Real data for tests of training: the Breast Cancer Wisconsin examples, split and standardised by the
/// training part as a person would: 455 examples and 114.

#include <xtape/nn/dataset.hpp>

inline const xtape::nn::Split& breast_cancer() {
    static const xtape::nn::Split split = [] {
        xtape::nn::Random random(7);
        xtape::nn::Split parts = xtape::nn::stratified_split(
            xtape::nn::load_dataset(XTAPE_EXAMPLES_DATA "/breast_cancer_wisconsin.csv", "diagnosis"), 0.2,
            random);
        const auto standardiser = xtape::nn::Standardiser::fit(parts.train.X);
        parts.train.X = standardiser.apply(parts.train.X);
        parts.held_out.X = standardiser.apply(parts.held_out.X);
        return parts;
    }();
    return split;
}
