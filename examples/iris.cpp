// Three kinds of iris from four measurements: softmax over three outputs, categorical cross-entropy.

#include <xtape/autodiff.hpp>
#include <xtape/nn.hpp>

#include <fmt/format.h>

using namespace xtape;

int main() try {
    nn::Random random(1);
    const nn::Dataset all = nn::load_dataset(XTAPE_EXAMPLES_DATA "/iris.csv", "species");
    auto [training, held_out] = nn::stratified_split(all, 0.2, random);
    const auto standardiser = nn::Standardiser::fit(training.X);
    training.X = standardiser.apply(training.X);
    held_out.X = standardiser.apply(held_out.X);

    nn::Parameters parameters = nn::initialise({4, 8, 3}, random);
    Tape tape;
    // From logits: the loss reads Z2, so that no logarithm meets a softmax that is rounded to 0.
    const nn::Network net = nn::network(
        tape, parameters, {.output = "softmax", .loss = "categorical_cross_entropy", .from_logits = true});
    const nn::History history =
        nn::train(net, parameters, training, {.optimiser = nn::Adam(0.01), .epochs = 200});

    const nn::ConfusionMatrix confusion =
        nn::confusion_matrix(nn::predict(net, held_out.X), held_out.Y, all.class_names);
    fmt::print("accuracy {:.4f} on {} training examples, {:.4f} on {} held out\n\n",
               *history.epochs.back().accuracy, training.size(), confusion.accuracy(), held_out.size());
    fmt::print("held out:\n{}", to_string(confusion));
    return confusion.accuracy() > 0.9 ? 0 : 1;
} catch (const std::exception& error) {
    fmt::print(stderr, "iris: {}\n", error.what());
    return 3;
}
