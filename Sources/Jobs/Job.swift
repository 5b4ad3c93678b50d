import Datasets

/// The request of a user: one job file, read and checked, with every default filled in.
public struct Job: Sendable, Equatable {
  /// The images, or the labels of points without images.
  public var data: DatasetRequest
  /// The network or networks, or the given kernels or features.
  public var origin: KernelOrigin
  /// The kernels, in the order of `KernelKind.allCases`.
  public var kernels: [KernelKind]
  /// The transformations of the images that the kernels are averaged over; nil for the images as they are.
  public var average: AverageSection?
  /// The precision in which tiles are computed.
  public var precision: FloatingWidth
  /// The precision in which tiles are stored.
  public var storage: FloatingWidth
  /// How tiles are laid out on disk; nil for the defaults.
  public var store: StoreSection?
  /// The edge of a tile in images; nil lets the program choose.
  public var tile: Int?
  /// The spectra, if requested.
  public var spectrum: SpectrumSection?
  /// The spectral densities, if requested.
  public var density: DensitySection?
  /// The prediction, if requested.
  public var prediction: PredictionSection?
  /// Training in function space, if requested.
  public var training: TrainingSection?
  /// The alignment of the targets with the eigenvectors, if requested.
  public var alignment: AlignmentSection?
  /// The predictions about learning, if the job asks for more than the weights of the spectrum give by default.
  public var generalization: GeneralizationSection?
  /// The run folder, relative to the working directory.
  public var output: String

  /// A job with these parts. Unlike the parts of a job file, they are not checked against each other.
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
  /// A kernel that does not come from a network of infinite width.
  case given = "kernel"

  /// The kernels of a network of infinite width.
  public static let ofNetworks: [KernelKind] = [.nngp, .ntk]
}

/// A width of floating-point numbers.
public enum FloatingWidth: String, Sendable, CaseIterable {
  /// 64 bits.
  case f64
  /// 32 bits.
  case f32
}
