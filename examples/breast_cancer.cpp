// The main job: a 30-16-1 network learns to tell malignant from benign tumours, with gradients from the tape,
// after the tape's gradients have been verified against those that the textbook derives by hand.

#include "plot.hpp"
#include "progress.hpp"
#include <xtape/autodiff.hpp>
#include <xtape/nn.hpp>

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>

using namespace xtape;

namespace {

/// The closed form's arrays of this data set and these parameters, under the names that the tape uses.
Report verify_against_textbook(const nn::Network& net, const nn::Parameters& parameters,
                               const nn::Dataset& data) {
    using namespace nn::closed_form;
    const Pass hand = n_examples({{parameters["W1"], parameters["b1"]}, {parameters["W2"], parameters["b2"]}},
                                 {tanh()}, Output::sigmoid_cross_entropy, data.X, data.Y);
    return verify(net.cost, {{"X", data.X},
                             {"Y", data.Y},
                             {"Z1", hand.Z[1]},
                             {"A1", hand.A[1]},
                             {"Z2", hand.Z[2]},
                             {"A2", hand.A[2]},
                             {"dZ2", hand.dZ[2]}, // n times ∂J/∂Z2: the textbook defers the mean
                             {"dW2", hand.dW[2]},
                             {"db2", hand.db[2]},
                             {"dZ1", hand.dZ[1]},
                             {"dW1", hand.dW[1]},
                             {"db1", hand.db[1]}});
}

void draw_learning_curve(const nn::History& history, const std::filesystem::path& directory) {
    const std::filesystem::path csv = directory / "breast_cancer_history.csv";
    history.write_csv(csv);
    fmt::print("\n{}\n", csv.string());
    draw(directory / "breast_cancer_learning_curve.png", R"(
        set title 'Breast Cancer Wisconsin: a 30-16-1 network learns'
        set xlabel 'epoch'
        set ylabel 'cost J (mean binary cross-entropy)'
        set yrange [0:*]
        plot 'breast_cancer_history.csv' using 'epoch':'cost' with lines ls 1 title 'training examples', \
             '' using 'epoch':'validation_cost' with lines ls 2 title 'held-out examples'
    )");
}

/// Returns the exit status.
int run(std::size_t epochs, std::uint64_t seed, const std::filesystem::path& directory) {
    nn::Random random(seed);
    const nn::Dataset all = nn::load_dataset(XTAPE_EXAMPLES_DATA "/breast_cancer_wisconsin.csv", "diagnosis");
    auto [training, held_out] = nn::stratified_split(all, 0.2, random);
    const auto standardiser = nn::Standardiser::fit(training.X); // it must not see the held-out examples
    training.X = standardiser.apply(training.X);
    held_out.X = standardiser.apply(held_out.X);
    fmt::print("{} examples for training, {} held out\n\n", training.size(), held_out.size());

    nn::Parameters parameters = nn::initialise({30, 16, 1}, random, nn::xavier);
    Tape tape;
    const nn::Network net = nn::network(tape, parameters, {.hidden = "tanh", .output = "sigmoid"});

    const Report report = verify_against_textbook(net, parameters, training);
    fmt::print("{}\n\n", report);
    if (!report.passed()) return report.exit_status();

    // The rate, and 200 epochs, had the lowest cost on validation parts cut from the training examples.
    const Progress progress(epochs);
    const auto show = [&](const nn::Epoch& epoch) {
        progress.show(epoch);
        return true;
    };
    const nn::History history = nn::train(net, parameters, training,
                                          {.optimiser = nn::GradientDescent(0.1),
                                           .epochs = epochs,
                                           .validation = &held_out, // only looked at, for the picture
                                           .callback = show});

    const nn::Epoch& last = history.epochs.back();
    double seconds = 0;
    for (const nn::Epoch& epoch : history.epochs)
        seconds += epoch.seconds;
    fmt::print("\n{:<10} {:>7} {:>9}\n", "", "cost", "accuracy");
    fmt::print("{:<10} {:>7.4f} {:>9.4f}\n", "training", last.cost, *last.accuracy);
    fmt::print("{:<10} {:>7.4f} {:>9.4f}\n\n", "held out", *last.validation_cost, *last.validation_accuracy);
    fmt::print("held out:\n{}\n",
               to_string(nn::confusion_matrix(nn::predict(net, held_out.X), held_out.Y, all.class_names)));
    fmt::print("{:.2f} ms per epoch\n", 1e3 * seconds / static_cast<double>(history.epochs.size()));
    draw_learning_curve(history, directory);
    return 0;
}

} // namespace

int main(int argc, char** argv) try {
    std::size_t epochs = 200;
    std::uint64_t seed = 1;
    std::filesystem::path directory = XTAPE_EXAMPLES_OUTPUT;
    CLI::App app("Trains a network on the Breast Cancer Wisconsin data.");
    app.add_option("--epochs", epochs, "passes through the training examples")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    app.add_option("--seed", seed, "of the split and the first weights")->capture_default_str();
    app.add_option("--output", directory, "where the picture and the history go")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    std::filesystem::create_directories(directory);
    return run(epochs, seed, directory);
} catch (const std::exception& error) {
    fmt::print(stderr, "breast_cancer: {}\n", error.what());
    return 3;
}
