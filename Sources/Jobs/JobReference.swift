import Datasets
import JobDocuments

/// The reference of a job's keys, made from the declarations that read them. It is plain text and
/// also Markdown. `docs/reference/job-keys.md` is a copy.
public enum JobReference {
  /// The sections, in the same order as in a job.
  static let sections: [ReferenceSection] = [
    whole, data, synthetic, arrays, labels, selection, zca, network, kernel, features, average,
    store, spectrum, density, prediction, iteration, training, initial, alignment, generalization,
  ]

  /// The names of the sections, for example `spectrum`.
  public static var names: [String] { sections.map(\.name).filter { !$0.isEmpty } }

  /// The whole reference.
  public static var text: String {
    sections.map(\.markdown).joined(separator: "\n")
  }

  /// One section with the sections inside it; nil if no section has that name.
  public static func text(of name: String) -> String? {
    let found = sections.filter { $0.name == name || $0.name.hasPrefix(name + ".") }
    return found.isEmpty ? nil : found.map(\.markdown).joined(separator: "\n")
  }

  private static let whole = ReferenceSection(
    "",
    [
      "A job is a YAML file that says what to compute; JSON is YAML too:",
      "",
      "    data: {cifar10: cifar-10-batches-bin, train: 10000, test: 10000}",
      "    network: {preset: fcn, depth: 3, activation: relu, weight_variance: 2.0}",
      "    output: runs/first",
      "",
      "`--set KEY=VALUE` overrides a key, for example `--set data.train=1000` or",
      "`--set network.0.dense.weight_variance=2`; the value is YAML, and `null` removes the key.",
      "A key that does not exist is an error. Relative paths are relative to the working directory,",
      "and `~` at the beginning of a path is the home directory. `ntk-dist help job` prints this page,",
      "and `ntk-dist help job SECTION` one section of it.",
    ],
    Job.keys,
    start: Job(data: .start, origin: .network(NetworkSection(layers: [])), output: ""))

  private static let data = ReferenceSection(
    "data",
    [
      "The images. With `network`, one of `cifar10`, `synthetic` and `arrays` must be given; with `kernel`",
      "or `features`, `labels` alone can be.",
    ],
    DatasetRequest.keys, start: .start)

  private static let synthetic = ReferenceSection(
    "data.synthetic", ["Generated images of 32 x 32 pixels in three colors, with ten classes."],
    GeneratedImages.keys, start: GeneratedImages())

  private static let arrays = ReferenceSection(
    "data.arrays",
    [
      "NumPy files. Images are [N, H, W, C], or [N, D] for vectors, and are used as they are (CIFAR-10's",
      "pixels are divided by 255). Labels are needed by whatever learns; there are at most 1,000 classes.",
    ],
    ArrayPaths.keys, start: ArrayPaths())

  private static let labels = ReferenceSection(
    "data.labels",
    [
      "The labels of the points of `kernel` or `features`, where a stage needs them; there are at most 1,000 classes."
    ],
    LabelPaths.keys, start: LabelPaths())

  private static let selection = ReferenceSection(
    "data.train",
    [
      "A number takes the first images in official order, `all` takes all of them, and a mapping with",
      "these keys draws at random without replacement. `data.test` is the same for test images.",
    ],
    Draw.keys(atLeast: 1), start: Draw())

  private static let zca = ReferenceSection(
    "data.preprocessing",
    [
      "`none` leaves the images as they are. `standardize` subtracts the mean of each channel over the",
      "training images and divides by the standard deviation. `unit_norm` scales each image of D numbers",
      "to the norm sqrt(D). `zca` whitens with the covariance of the training images;",
      "`{zca: {regularization: 0.1}}` sets its parameter:",
    ],
    ZCAParameters.keys, start: ZCAParameters())

  private static let network = ReferenceSection(
    "network",
    [
      "A list of layers, for example `[flatten, {dense: {weight_variance: 2}}, relu, dense]` (see the",
      "page on layers), or a preset, for example `{preset: cnn-gap, depth: 10}`. A preset's parameters",
      "that have a second name take several values, which make one network each.",
      "`ntk-dist network JOB` prints the layers of a preset. The presets:",
      "",
    ] + Preset.all.map { ReferenceSection.wrapped("- `\($0.name)`: \($0.summary)", indent: "  ") }
      + ["", "Their parameters:"],
    entries: presetEntries)

  /// The parameters of all presets. If only some presets have a parameter, they are named.
  /// Parameters with the same name but different meanings are listed separately.
  private static var presetEntries: [String] {
    var known: [(key: Key<PresetNetwork>, presets: [String])] = []
    for preset in Preset.all {
      for key in preset.keys.list {
        let index =
          known.firstIndex { $0.key.name == key.name && $0.key.meaning == key.meaning }
          ?? known.count
        if index == known.count { known.append((key, [])) }
        known[index].presets.append("`\(preset.name)`")
      }
    }
    let start = PresetNetwork(.fcn)
    return known.map { key, presets in
      let remark = presets.count == Preset.all.count ? "" : " For \(enumeration(presets))."
      return ReferenceSection.entry(key, start: start, remark: remark)
    }
  }

  private static let kernel = ReferenceSection(
    "kernel",
    [
      "Files of a kernel that another program has computed, in float32 or float64: `.npy`, Zarr v3 without",
      "compression, or an array of a run's store. They are read tile by tile into the store; every number",
      "must be finite, and the kernel of the training points symmetric up to rounding. The run's kernel is",
      "called `kernel`, where networks have `nngp` and `ntk`.",
    ],
    KernelSection.keys, start: KernelSection(train: ""))

  private static let features = ReferenceSection(
    "features",
    [
      "Files of features J, such as the Jacobians of a finite network, in float16, float32 or float64. The",
      "kernel is the sum over the chunks of weight J J', with products in `precision` and sums in double",
      "precision; it is called `kernel`. `precision: f32` is about twice as fast.",
    ],
    FeaturesSection.keys, start: FeaturesSection(train: ""))

  private static let average = ReferenceSection(
    "average",
    [
      "Means of the kernels over mirrored and shifted copies of the images. With `flip`, for networks",
      "that treat left and right alike, regression equals that on the images and their mirror images",
      "together. See docs/concepts/averages.md for the cost.",
    ],
    AverageSection.keys, start: AverageSection())

  private static let store = ReferenceSection(
    "store",
    [
      "How the tiles of the kernels lie on the disk; see docs/concepts/tiles-and-store.md. A store that",
      "exists keeps the layout it was made with.",
    ],
    StoreSection.keys, start: StoreSection())

  private static let spectrum = ReferenceSection(
    "spectrum",
    ["The eigenvalues of each kernel of the training images, and eigenvectors."],
    SpectrumSection.keys, start: SpectrumSection())

  private static let density = ReferenceSection(
    "density",
    [
      "The spectral density of each kernel of the training images by stochastic Lanczos quadrature, where",
      "the whole spectrum would take too long. `ntk-dist spectrum` computes it.",
    ],
    DensitySection.keys, start: DensitySection())

  private static let prediction = ReferenceSection(
    "prediction",
    ["Kernel regression on the training images, evaluated on the test images."],
    PredictionSection.keys, start: PredictionSection(regularization: []))

  private static let iteration = ReferenceSection(
    "prediction.cg",
    [
      "Conjugate gradients for all classes and regularizations at once; see docs/concepts/solvers.md."
    ],
    IterationSection.keys, start: IterationSection())

  private static let training = ReferenceSection(
    "training",
    [
      "Gradient descent on all training images in function space. With `spectrum: {vectors: all}` it is",
      "computed from the eigenvectors, otherwise from a rational Krylov space.",
    ],
    TrainingSection.keys, start: TrainingSection(times: []))

  private static let initial = ReferenceSection(
    "training.initial", ["Files of the outputs before training."],
    TrainingSection.InitialOutputs.keys,
    start: TrainingSection.InitialOutputs(train: "", test: nil))

  private static let alignment = ReferenceSection(
    "alignment",
    ["How much of the targets lies along each eigenvector; needs `spectrum.vectors`."],
    AlignmentSection.keys, start: AlignmentSection())

  private static let generalization = ReferenceSection(
    "generalization",
    [
      "What the eigenvalues and the targets' weights predict: learning curves, generalized cross-validation,",
      "the evidence, power laws and effective dimensions. It needs `spectrum: {weights: true}`, with which",
      "everything but the measurements is computed even without this section. See",
      "docs/concepts/learning-from-the-spectrum.md.",
    ],
    GeneralizationSection.keys, start: GeneralizationSection())
}
