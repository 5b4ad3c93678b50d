import Datasets

/// What a user asks for: one job file, read and checked, with every default filled in.
public struct Job: Sendable, Equatable {
  /// The images, or the labels of what has none.
  public var data: DatasetRequest
  /// The network, or networks, or what there is in their place.
  public var origin: KernelOrigin
  /// The kernels, in the order of `KernelKind.allCases`.
  public var kernels: [KernelKind]
  /// What the kernels are averaged over; nil for the images as they are.
  public var average: AverageSection?
  /// The arithmetic that tiles are computed in.
  public var precision: FloatingWidth
  /// The numbers that tiles are stored in.
  public var storage: FloatingWidth
  /// How tiles lie on the disk; nil for the defaults.
  public var store: StoreSection?
  /// The edge of a tile in images; nil leaves it to the program.
  public var tile: Int?
  /// The spectra, if they are asked for.
  public var spectrum: SpectrumSection?
  /// The spectral densities, if they are asked for.
  public var density: DensitySection?
  /// The prediction, if it is asked for.
  public var prediction: PredictionSection?
  /// Training in function space, if it is asked for.
  public var training: TrainingSection?
  /// The alignment of the targets with the eigenvectors, if it is asked for.
  public var alignment: AlignmentSection?
  /// What the spectrum predicts of learning, if more is asked than the weights alone bring.
  public var generalization: GeneralizationSection?
  /// The run folder, relative to the working directory.
  public var output: String

  /// A job with its parts; unlike a file's, they are not checked against each other.
  public init(
    data: DatasetRequest, origin: KernelOrigin, kernels: [KernelKind] = KernelKind.ofNetworks,
    average: AverageSection? = nil, precision: FloatingWidth = .f64, storage: FloatingWidth = .f64,
    store: StoreSection? = nil, tile: Int? = nil,
    spectrum: SpectrumSection? = nil, prediction: PredictionSection? = nil,
    training: TrainingSection? = nil, alignment: AlignmentSection? = nil,
    generalization: GeneralizationSection? = nil, output: String
  ) {
    self.data = data
    self.origin = origin
    self.kernels = kernels
    self.average = average
    self.precision = precision
    self.storage = storage
    self.store = store
    self.tile = tile
    self.spectrum = spectrum
    self.prediction = prediction
    self.training = training
    self.alignment = alignment
    self.generalization = generalization
    self.output = output
  }
}

/// One of the two kernels of a network of infinite width, or the kernel of something else.
public enum KernelKind: String, Sendable, CaseIterable {
  /// The covariance of pre-activations.
  case nngp
  /// The neural tangent kernel.
  case ntk
  /// A kernel that is of no network of infinite width.
  case given = "kernel"

  /// Those that a network of infinite width has.
  public static let ofNetworks: [KernelKind] = [.nngp, .ntk]
}

/// A width of floating-point numbers.
public enum FloatingWidth: String, Sendable, CaseIterable {
  /// 64 bits.
  case f64
  /// 32 bits.
  case f32
}
